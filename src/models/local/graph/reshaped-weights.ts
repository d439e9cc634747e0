import { fields } from './onnx-file.ts';
import { readNode } from './onnx-node.ts';
import { bytesOf, type Field, mapEach, mapFields, readerOf, textField } from './protobuf.ts';

/** Bytes of an int64. */
const word = 8;

/**
 * A Reshape of a weight in a file becomes a weight of that shape at the same position. Otherwise onnxruntime reshapes it when
 * loading, into new memory: 28 MB for the embedded model, whose head is also its embedding.
 * @param model as returned by `readOnnxFile`
 */
export function withReshapedWeights(model: Buffer): Buffer {
  return mapEach(model, fields.model.graph, (graph) => {
    const weights = new Map<string, Buffer>();
    const shapes = new Map<string, number[]>();
    for (const { number, value } of fieldsOf(graph)) {
      if (!value) continue;
      const bytes = graph.subarray(value.start, value.end);
      if (number === fields.graph.initializer) {
        const name = textField(bytes, fields.tensor.name);
        if (fieldsOf(bytes).some((field) => field.number === fields.tensor.externalData)) weights.set(name, bytes);
        else shapes.set(name, wordsOf(bytes));
      } else if (number === fields.graph.node) {
        const { operator, outputs } = readNode(bytes);
        const constant = operator === 'Constant' ? tensorOf(bytes) : undefined;
        if (constant) shapes.set(outputs[0] ?? '', wordsOf(constant));
      }
    }
    const reshaped: Buffer[] = [];
    const change = ({ number, value }: Field) => {
      if (number !== fields.graph.node || !value) return undefined;
      const { operator, inputs, outputs } = readNode(graph.subarray(value.start, value.end));
      if (operator !== 'Reshape') return undefined;
      const weight = weights.get(inputs[0] ?? '');
      const shape = shapes.get(inputs[1] ?? '') ?? [];
      if (!weight || shape.length === 0 || !shape.every((size) => size > 0)) return undefined;
      reshaped.push(withShape(weight, { name: outputs[0] ?? '', shape }));
      return null;
    };
    return mapFields(bytesOf(graph), { start: 0, end: graph.length }, change, (writer) => {
      for (const weight of reshaped) writer.uint32((fields.graph.initializer << 3) | 2).bytes(weight);
    });
  });
}

const fieldsOf = (message: Buffer): Field[] => readerOf(bytesOf(message), { start: 0, end: message.length });

/** The tensor of a Constant node. */
function tensorOf(node: Buffer): Buffer | undefined {
  for (const { number, value } of fieldsOf(node)) {
    if (number !== fields.node.attribute || !value) continue;
    const attribute = node.subarray(value.start, value.end);
    const tensor = fieldsOf(attribute).find((field) => field.number === fields.attribute.tensor)?.value;
    if (tensor) return attribute.subarray(tensor.start, tensor.end);
  }
  return undefined;
}

/** A tensor's bytes as int64: those of a shape; of others, whatever comes out is nobody's shape. */
function wordsOf(tensor: Buffer): number[] {
  const data = fieldsOf(tensor).find(({ number }) => number === fields.tensor.rawData)?.value;
  if (!data) return [];
  const bytes = tensor.subarray(data.start, data.end);
  return Array.from({ length: Math.floor(bytes.length / word) }, (_, index) =>
    Number(bytes.readBigInt64LE(index * word)),
  );
}

function withShape(weight: Buffer, { name, shape }: { name: string; shape: readonly number[] }): Buffer {
  const { dimension, name: nameField } = fields.tensor;
  return mapFields(
    bytesOf(weight),
    { start: 0, end: weight.length },
    ({ number }) => (number === dimension || number === nameField ? null : undefined),
    (writer) => {
      for (const size of shape) writer.uint32(dimension << 3).uint32(size);
      writer.uint32((nameField << 3) | 2).string(name);
    },
  );
}
