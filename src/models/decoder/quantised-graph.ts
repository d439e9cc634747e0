import type protobuf from 'protobufjs/minimal.js';
import { fields } from './onnx-file.ts';
import { bytesOf, type Field, mapFields, readerOf } from './protobuf.ts';

const int8 = 3;
const float = 1;
/** Inputs of GroupQueryAttention (docs/ContribOperators.md): past key and value, and their scales after ten others. */
const places = { pastKey: 3, pastValue: 4, keyScale: 12 };
/** AttributeProto.AttributeType. */
const attributeTypes = { integer: 2, text: 3 };

/**
 * The model with 8-bit caches: each GroupQueryAttention is told one scale for its keys and one for its values, and its
 * caches' inputs and outputs become bytes. `scales` by the name of the past's input.
 * @throws Error where the model has no such node, or one that has no scale or a quantised cache already
 */
export function withQuantisedCaches(model: Buffer, scales: ReadonlyMap<string, number>): Buffer {
  const read = bytesOf(model);
  const caches = new Set<string>();
  return mapFields(read, { start: 0, end: model.length }, ({ number, value }) => {
    if (number !== fields.model.graph || !value) return undefined;
    const graph = model.subarray(value.start, value.end);
    const quantised = mapEach(graph, fields.graph.node, (node) => {
      const { operator, inputs, outputs } = nodeOf(node);
      if (operator !== 'GroupQueryAttention') return undefined;
      for (const name of [inputs[places.pastKey], inputs[places.pastValue], outputs[1], outputs[2]]) {
        if (name) caches.add(name);
      }
      return quantisedNode(node, inputs, scales);
    });
    if (caches.size === 0) throw new Error('it has no GroupQueryAttention');
    const { input, output, valueInfo } = fields.graph;
    return mapEach(
      quantised,
      [input, output, valueInfo],
      (info) => asBytes(info, caches),
      (writer) => {
        for (const [past, scale] of scales) {
          writer.uint32((fields.graph.initializer << 3) | 2).fork();
          writer.uint32(fields.tensor.dimension << 3).uint32(1);
          writer.uint32(fields.tensor.elementType << 3).uint32(float);
          writer.uint32((fields.tensor.name << 3) | 2).string(scaleName(past));
          writer
            .uint32((fields.tensor.rawData << 3) | 2)
            .bytes(Buffer.from(Float32Array.of(scale).buffer))
            .ldelim();
        }
      },
    );
  });
}

function quantisedNode(node: Buffer, inputs: readonly string[], scales: ReadonlyMap<string, number>): Buffer {
  const pasts = [inputs[places.pastKey] ?? '', inputs[places.pastValue] ?? ''];
  if (!pasts.every((name) => scales.has(name))) throw new Error('a cache of it is no input');
  if (inputs.length > places.keyScale) throw new Error('a cache of it is quantised already');
  const known = new Set(['kv_cache_bit_width', 'k_quant_type', 'v_quant_type']);
  return mapEach(
    node,
    fields.node.attribute,
    (attribute) => (known.has(textField(attribute, fields.attribute.name)) ? null : undefined),
    (writer) => {
      const names = [...new Array<string>(places.keyScale - inputs.length).fill(''), ...pasts.map(scaleName)];
      for (const name of names) writer.uint32((fields.node.input << 3) | 2).string(name);
      const attribute = (name: string, type: number, write: () => void) => {
        writer.uint32((fields.node.attribute << 3) | 2).fork();
        writer.uint32((fields.attribute.name << 3) | 2).string(name);
        write();
        writer
          .uint32(fields.attribute.type << 3)
          .uint32(type)
          .ldelim();
      };
      attribute('kv_cache_bit_width', attributeTypes.integer, () =>
        writer.uint32(fields.attribute.integer << 3).uint32(8),
      );
      for (const name of ['k_quant_type', 'v_quant_type']) {
        attribute(name, attributeTypes.text, () =>
          writer.uint32((fields.attribute.text << 3) | 2).string('PER_TENSOR'),
        );
      }
    },
  );
}

const scaleName = (past: string): string => `${past}.scale`;

/** The description of a value, of bytes now if it is one of the caches. */
function asBytes(info: Buffer, caches: ReadonlySet<string>): Buffer | undefined {
  if (!caches.has(textField(info, fields.value.name))) return undefined;
  return mapEach(info, fields.value.type, (type) =>
    mapEach(type, fields.type.tensor, (tensor) =>
      mapFields(
        bytesOf(tensor),
        { start: 0, end: tensor.length },
        ({ number }) => (number === fields.tensorType.elementType ? null : undefined),
        (writer) => writer.uint32(fields.tensorType.elementType << 3).uint32(int8),
      ),
    ),
  );
}

/** A message in memory with its fields of these numbers changed. */
function mapEach(
  message: Buffer,
  numbers: number | readonly number[],
  change: (value: Buffer) => Buffer | null | undefined,
  append?: (writer: protobuf.Writer) => void,
): Buffer {
  const wanted = new Set([numbers].flat());
  return mapFields(
    bytesOf(message),
    { start: 0, end: message.length },
    ({ number, value }) => (wanted.has(number) && value ? change(message.subarray(value.start, value.end)) : undefined),
    append,
  );
}

function nodeOf(node: Buffer): { operator: string; inputs: string[]; outputs: string[] } {
  const all = readerOf(bytesOf(node), { start: 0, end: node.length });
  const texts = (wanted: number) => all.filter(({ number }) => number === wanted).map((field) => textOf(node, field));
  return {
    operator: texts(fields.node.operator)[0] ?? '',
    inputs: texts(fields.node.input),
    outputs: texts(fields.node.output),
  };
}

function textField(message: Buffer, wanted: number): string {
  const field = readerOf(bytesOf(message), { start: 0, end: message.length }).find(({ number }) => number === wanted);
  return field ? textOf(message, field) : '';
}

function textOf(message: Buffer, { value }: Field): string {
  return value ? message.toString('utf8', value.start, value.end) : '';
}
