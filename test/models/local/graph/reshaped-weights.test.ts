import protobuf from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import { fields, readOnnxFile } from '../../../../src/models/local/graph/onnx-file.ts';
import { elementTypes, onnxNode, readNode, writeConstant } from '../../../../src/models/local/graph/onnx-node.ts';
import { bytesOf, readerOf, textField } from '../../../../src/models/local/graph/protobuf.ts';
import { withReshapedWeights } from '../../../../src/models/local/graph/reshaped-weights.ts';

function valuesOf(message: Buffer, wanted: number): Buffer[] {
  return readerOf(bytesOf(message), { start: 0, end: message.length }).flatMap(({ number, value }) =>
    number === wanted && value ? [message.subarray(value.start, value.end)] : [],
  );
}

/** What a graph has: its nodes, and its weights by name with their shape and the places of their bytes. */
function contentOf(model: Buffer) {
  const [graph = Buffer.alloc(0)] = valuesOf(model, fields.model.graph);
  const weights = valuesOf(graph, fields.graph.initializer).map((tensor) => {
    const places = valuesOf(tensor, fields.tensor.externalData).map((entry) => textField(entry, fields.entry.value));
    const shape = readerOf(bytesOf(tensor), { start: 0, end: tensor.length })
      .filter(({ number }) => number === fields.tensor.dimension)
      .map(({ start, end }) => protobuf.Reader.create(tensor.subarray(start + 1, end)).uint32());
    return [textField(tensor, fields.tensor.name), { shape, places }] as const;
  });
  return { nodes: valuesOf(graph, fields.graph.node).map(readNode), weights: new Map(weights) };
}

/** A weight in a file, a shape, and a Reshape of the one to the other. */
function modelOf(shape: readonly bigint[], weightIsOutside = true): Buffer {
  const writer = protobuf.Writer.create();
  writer.uint32((fields.model.graph << 3) | 2).fork();
  const node = onnxNode({ operator: 'Reshape', inputs: ['weight', 'shape'], outputs: ['reshaped'] });
  writer.uint32((fields.graph.node << 3) | 2).bytes(node);
  writer.uint32((fields.graph.initializer << 3) | 2).fork();
  for (const size of [6, 4]) writer.uint32(fields.tensor.dimension << 3).uint32(size);
  writer.uint32((fields.tensor.name << 3) | 2).string('weight');
  if (weightIsOutside) {
    writer.uint32((fields.tensor.externalData << 3) | 2).fork();
    writer.uint32((fields.entry.key << 3) | 2).string('location');
    writer.uint32((fields.entry.value << 3) | 2).string('weights.bin');
    writer.ldelim();
  }
  writer.ldelim();
  writeConstant(writer, {
    name: 'shape',
    elementType: elementTypes.int64,
    data: BigInt64Array.from(shape),
    shape: [2],
  });
  return Buffer.from(writer.ldelim().finish());
}

describe('weights that are reshaped', () => {
  it('are weights of that shape at the same place: the embedded model keeps its embedding in its file', () => {
    const { model } = readOnnxFile('models/thinkfirst-135m/onnx/model_q4.onnx');
    const before = contentOf(model);
    const after = contentOf(withReshapedWeights(model));
    const head = before.weights.get('lm_head.MatMul.weight_Q8G32');
    expect(head?.shape).toEqual([49_152, 18, 32]);
    const embedding = '/model/embed_tokens/Reshape/output_0';
    expect(before.weights.has(embedding)).toBe(false);
    expect(after.weights.get(embedding)).toEqual({ shape: [49_152, 576], places: head?.places });
    expect(after.weights.get('lm_head.MatMul.weight_Q8G32')).toEqual(head);
    expect(after.nodes).toHaveLength(before.nodes.length - 1);
    expect(after.nodes.some(({ outputs }) => outputs.includes(embedding))).toBe(false);
  });

  it('take their shape from a weight of the graph as well', () => {
    const { nodes, weights } = contentOf(withReshapedWeights(modelOf([3n, 8n])));
    expect(nodes).toEqual([]);
    expect(weights.get('reshaped')).toEqual({ shape: [3, 8], places: ['weights.bin'] });
  });

  it('stay as they are where the shape is to be worked out, or the weight is in the graph', () => {
    for (const model of [modelOf([-1n, 8n]), modelOf([0n, 8n]), modelOf([3n, 8n], false)]) {
      expect(withReshapedWeights(model)).toEqual(model);
    }
  });
});
