import protobuf from 'protobufjs/minimal.js';
import { fields } from './onnx-file.ts';
import {
  elementTypes,
  type OnnxNode,
  onnxBranch,
  onnxNode,
  readNode,
  writeAttributes,
  writeConstant,
  writeWires,
} from './onnx-node.ts';
import { bytesOf, mapEach, mapFields, textField } from './protobuf.ts';

/** Inputs of GroupQueryAttention (docs/ContribOperators.md); the scales follow all others that its CPU kernel knows. */
const places = { pastKey: 3, pastValue: 4, lengths: 5, total: 6, keyScale: 12 };
/** With more new tokens than this, attention over 32 bits is faster. */
export const fewTokens = 8;
const quantisation = { kv_cache_bit_width: 8, k_quant_type: 'PER_TENSOR', v_quant_type: 'PER_TENSOR' };
const names = {
  shape: 'kv8/shape',
  length: 'kv8/length',
  isLong: 'kv8/is_long',
  few: 'kv8/few',
  scalarOne: 'kv8/scalar_one',
  one: 'kv8/one',
  start: 'kv8/start',
  end: 'kv8/end',
  axis: 'kv8/axis',
  zero: 'kv8/zero',
};

/**
 * The model with 8-bit caches, each of which has one scale. A GroupQueryAttention becomes an If: few new tokens go through
 * onnxruntime's kernel for such caches, which reads a quarter of the memory; it processes new tokens one by one, so a
 * longer piece goes through the 32-bit kernel with the cache's values, and its keys and values are rounded afterwards.
 * @param scales by the name of the past's input
 * @throws Error if the model has no such node, or one that cannot be converted
 */
export function withQuantisedCaches(model: Buffer, scales: ReadonlyMap<string, number>): Buffer {
  return mapEach(model, fields.model.graph, (graph) => {
    const caches = new Set<string>();
    let layer = 0;
    const rewired = mapEach(graph, fields.graph.node, (bytes) => {
      const node = readNode(bytes);
      if (node.operator !== 'GroupQueryAttention') return undefined;
      for (const name of cachesOf(node, scales)) caches.add(name);
      layer += 1;
      return quantisedNode(node, `kv8/${layer}`);
    });
    if (caches.size === 0) throw new Error('it has no GroupQueryAttention');
    const { input, output, valueInfo } = fields.graph;
    const retyped = mapEach(rewired, [input, output, valueInfo], (info) => asBytes(info, caches));
    return Buffer.concat([additions(scales), retyped]);
  });
}

/** The names of its four caches. */
function cachesOf({ inputs, outputs }: OnnxNode, scales: ReadonlyMap<string, number>): string[] {
  const pasts = [inputs[places.pastKey] ?? '', inputs[places.pastValue] ?? ''];
  if (!pasts.every((name) => scales.has(name))) throw new Error('one of its caches is not an input');
  if (inputs.length > places.keyScale) throw new Error('one of its caches is already quantised');
  if (outputs.length !== 3) throw new Error('its attention has more outputs than the caches');
  return [...pasts, ...outputs.slice(1)];
}

/** Values that all layers use: the scales, some constants, and whether a run is a long one. */
function additions(scales: ReadonlyMap<string, number>): Buffer {
  const writer = protobuf.Writer.create();
  for (const [past, scale] of scales) {
    writeConstant(writer, { name: scaleName(past), elementType: elementTypes.float, data: Float32Array.of(scale) });
  }
  const int64 = (name: string, value: bigint, shape: number[]) =>
    writeConstant(writer, { name, elementType: elementTypes.int64, data: BigInt64Array.of(value), shape });
  int64(names.few, BigInt(fewTokens), []);
  int64(names.scalarOne, 1n, []);
  int64(names.one, 1n, [1]);
  int64(names.start, 0n, [1]);
  int64(names.end, 2n ** 31n, [1]);
  int64(names.axis, 2n, [1]);
  writeConstant(writer, { name: names.zero, elementType: elementTypes.int8, data: Int8Array.of(0) });
  for (const node of [
    onnxNode({ operator: 'Shape', inputs: ['input_ids'], outputs: [names.shape] }),
    onnxNode({ operator: 'Gather', inputs: [names.shape, names.scalarOne], outputs: [names.length] }),
    onnxNode({ operator: 'Greater', inputs: [names.length, names.few], outputs: [names.isLong] }),
  ]) {
    writer.uint32((fields.graph.node << 3) | 2).bytes(node);
  }
  return Buffer.from(writer.finish());
}

function quantisedNode(node: OnnxNode, prefix: string): Buffer {
  const outputs = (branch: string) =>
    ['hidden', 'key', 'value'].map((name, index) => ({
      name: `${prefix}/${branch}/${name}`,
      elementType: index === 0 ? elementTypes.float : elementTypes.int8,
    }));
  const [few, many] = [outputs('few'), outputs('many')];
  const attributes = {
    then_branch: onnxBranch(`${prefix}/many`, longPiece(node, `${prefix}/many`), many),
    else_branch: onnxBranch(
      `${prefix}/few`,
      [
        fewTokensOf(
          node,
          few.map(({ name }) => name),
        ),
      ],
      few,
    ),
  };
  return onnxNode({ operator: 'If', inputs: [names.isLong], outputs: node.outputs, attributes });
}

/** The node over 8-bit caches. */
function fewTokensOf(node: OnnxNode, outputs: readonly string[]): Buffer {
  const { inputs } = node;
  const unused = new Array<string>(places.keyScale - inputs.length).fill('');
  const scales = [inputs[places.pastKey] ?? '', inputs[places.pastValue] ?? ''].map(scaleName);
  return withWires(node, { inputs: [...inputs, ...unused, ...scales], outputs }, quantisation);
}

/** Converts one sequence's cache up to its new tokens to 32 bits, runs the node on that, and rounds the cache to 8 bits again. */
function longPiece(node: OnnxNode, prefix: string): Buffer[] {
  const { inputs } = node;
  const at = (name: string) => `${prefix}/${name}`;
  const one = (operator: string, from: string[], to: string, attributes = {}) =>
    onnxNode({ operator, inputs: from, outputs: [to], attributes });
  const before: Buffer[] = [];
  const after: Buffer[] = [];
  for (const [kind, place] of [
    ['key', places.pastKey],
    ['value', places.pastValue],
  ] as const) {
    const past = inputs[place] ?? '';
    const [held, whole, widened, rounded, rest] = ['held', 'whole', 'widened', 'rounded', 'rest'].map((name) =>
      at(`${kind}/${name}`),
    ) as [string, string, string, string, string];
    before.push(
      one('Slice', [past, names.start, at('end'), names.axis], held),
      one('DequantizeLinear', [held, scaleName(past)], widened),
    );
    after.push(
      one('QuantizeLinear', [whole, scaleName(past), names.zero], rounded),
      // The cache after the sequence's tokens stays unchanged.
      one('Slice', [past, at('end'), names.end, names.axis], rest),
      one('Concat', [rounded, rest], at(kind), { axis: 2 }),
    );
  }
  const wide = inputs.map((name, place) => {
    if (place === places.pastKey) return at('key/widened');
    if (place === places.pastValue) return at('value/widened');
    return place === places.total ? at('total') : name;
  });
  return [
    // The tensor of lengths holds each sequence's total minus one.
    one('Cast', [inputs[places.lengths] ?? ''], at('last'), { to: elementTypes.int64 }),
    one('Add', [at('last'), names.one], at('end')),
    one('Squeeze', [at('end')], at('end/scalar')),
    one('Cast', [at('end/scalar')], at('total'), { to: elementTypes.int32 }),
    ...before,
    withWires(node, { inputs: wide, outputs: [at('hidden'), at('key/whole'), at('value/whole')] }, {}),
    ...after,
  ];
}

/** The node with other inputs and outputs, and these attributes in addition to its own. */
function withWires(
  node: OnnxNode,
  wires: { inputs: readonly string[]; outputs: readonly string[] },
  attributes: Readonly<Record<string, number | string>>,
): Buffer {
  const { input, output, attribute: attributeField } = fields.node;
  return mapFields(
    bytesOf(node.bytes),
    { start: 0, end: node.bytes.length },
    ({ number, value }) => {
      if (number === input || number === output) return null;
      if (number !== attributeField || !value) return undefined;
      const attribute = node.bytes.subarray(value.start, value.end);
      return textField(attribute, fields.attribute.name) in quantisation ? null : undefined;
    },
    (writer) => {
      writeWires(writer, wires);
      writeAttributes(writer, attributes);
    },
  );
}

const scaleName = (past: string): string => `${past}/scale`;

/** The description of a value, of bytes now if it is one of the caches. */
function asBytes(info: Buffer, caches: ReadonlySet<string>): Buffer | undefined {
  if (!caches.has(textField(info, fields.value.name))) return undefined;
  return mapEach(info, fields.value.type, (type) =>
    mapEach(type, fields.type.tensor, (tensor) =>
      mapFields(
        bytesOf(tensor),
        { start: 0, end: tensor.length },
        ({ number }) => (number === fields.tensorType.elementType ? null : undefined),
        (writer) => writer.uint32(fields.tensorType.elementType << 3).uint32(elementTypes.int8),
      ),
    ),
  );
}
