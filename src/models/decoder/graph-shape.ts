import type { ValueInfo } from './native-runtime.ts';

/** What the loop has to know of a graph that carries its cache as inputs and outputs (the layout of transformers.js exports). */
export type GraphShape = {
  layers: number;
  kvHeads: number;
  headDim: number;
  vocabularySize: number;
  takesPositions: boolean;
  /** It has the input `num_logits_to_keep`; without it every position's logits come back. */
  keepsLogits: boolean;
  /** What keys and values are kept in. */
  cacheType: CacheType;
};

export type CacheType = 'float32' | 'int8';

const float = 1;
const cacheTypes: ReadonlyMap<number | undefined, CacheType> = new Map([
  [float, 'float32'],
  [3, 'int8'],
]);

/** Names of the cache tensors, key before value, layer after layer: the order of a `KvArena`'s buffers. */
export function cacheNames(layers: number, prefix: 'past_key_values' | 'present'): string[] {
  return Array.from({ length: layers }, (_, layer) => [`${prefix}.${layer}.key`, `${prefix}.${layer}.value`]).flat();
}

/** The shape, or in one line why the loop can't drive this graph. */
export function graphShape(graph: {
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
}): GraphShape | { unsupported: string } {
  const inputs = new Map(graph.inputs.map((input) => [input.name, input]));
  const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
  const logits = outputs.get('logits');
  if (!inputs.has('input_ids') || !inputs.has('attention_mask') || !logits) {
    return { unsupported: 'it has not the inputs input_ids and attention_mask and the output logits' };
  }
  const first = inputs.get('past_key_values.0.key');
  if (!first) return { unsupported: 'it has no key/value cache' };
  const cacheType = cacheTypes.get(first.elementType);
  if (!cacheType) return { unsupported: 'its cache is neither of 32-bit floats nor of bytes' };
  let layers = 0;
  while (inputs.has(`past_key_values.${layers}.key`)) layers += 1;
  for (const name of cacheNames(layers, 'past_key_values')) {
    const cache = inputs.get(name);
    if (cache?.elementType !== first.elementType) return { unsupported: 'its layers have caches of different types' };
    if (cache.shape[1] !== first.shape[1] || cache.shape[3] !== first.shape[3]) {
      return { unsupported: 'its layers have caches of different shapes' };
    }
  }
  const missing = cacheNames(layers, 'present').find((name) => !outputs.has(name));
  if (missing) return { unsupported: `it has no output ${missing}` };
  const known = new Set([
    'input_ids',
    'attention_mask',
    'position_ids',
    'num_logits_to_keep',
    ...cacheNames(layers, 'past_key_values'),
  ]);
  const unknown = graph.inputs.find(({ name }) => !known.has(name));
  if (unknown) return { unsupported: `it has the input ${unknown.name}` };
  const [, kvHeads = -1, , headDim = -1] = first.shape;
  const vocabularySize = logits.shape[2] ?? -1;
  if (kvHeads < 1 || headDim < 1 || vocabularySize < 1)
    return { unsupported: 'its shapes are not written in the graph' };
  if (logits.elementType !== float) return { unsupported: 'its logits are not 32-bit floats' };
  return {
    layers,
    kvHeads,
    headDim,
    vocabularySize,
    takesPositions: inputs.has('position_ids'),
    keepsLogits: inputs.has('num_logits_to_keep'),
    cacheType,
  };
}

/** Bytes of one token's keys and values in all layers. */
export function bytesPerToken(shape: Pick<GraphShape, 'layers' | 'kvHeads' | 'headDim' | 'cacheType'>): number {
  return shape.layers * 2 * shape.kvHeads * shape.headDim * (shape.cacheType === 'int8' ? 1 : 4);
}
