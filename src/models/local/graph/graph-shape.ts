import { z } from 'zod';
import type { ValueInfo } from './native-runtime.ts';

/** What the loop needs to know about a graph with its cache as inputs and outputs (the layout of transformers.js exports). */
export type GraphShape = {
  layers: number;
  kvHeads: number;
  headDim: number;
  vocabularySize: number;
  takesPositions: boolean;
  /** It has the input `num_logits_to_keep`; without it, every position's logits are returned. */
  keepsLogits: boolean;
  /** The type of keys and values. */
  cacheType: CacheType;
};

type CacheType = 'float32' | 'int8';

/** Dimensions from config.json, for graphs that have names in their place (`kv_cache_dim`). */
export type DeclaredShape = {
  kvHeads?: number | undefined;
  headDim?: number | undefined;
  vocabularySize?: number | undefined;
};

const Sizes = z.object({
  hidden_size: z.int().positive().optional(),
  num_attention_heads: z.int().positive().optional(),
  num_key_value_heads: z.int().positive().nullish(),
  head_dim: z.int().positive().nullish(),
});

/** `config`: config.json, with the fields of a nested `text_config` among the others. */
export function declaredShape(config: Readonly<Record<string, unknown>>, vocabularySize: number): DeclaredShape {
  const { hidden_size: hidden, num_attention_heads: heads, ...own } = Sizes.safeParse(config).data ?? {};
  const shared = hidden !== undefined && heads !== undefined && hidden % heads === 0 ? hidden / heads : undefined;
  return { kvHeads: own.num_key_value_heads ?? heads, headDim: own.head_dim ?? shared, vocabularySize };
}

const float = 1;
const half = 10;
const cacheTypes: ReadonlyMap<number | undefined, CacheType> = new Map([
  [float, 'float32'],
  [3, 'int8'],
]);

/** Names of the cache tensors, key before value, layer after layer: the order of a `KvArena`'s buffers. */
export function cacheNames(layers: number, prefix: 'past_key_values' | 'present'): string[] {
  return Array.from({ length: layers }, (_, layer) => [`${prefix}.${layer}.key`, `${prefix}.${layer}.value`]).flat();
}

type Graph = { inputs: readonly ValueInfo[]; outputs: readonly ValueInfo[] };
type Unsupported = { unsupported: string };

/** The shape, or in one line why the loop cannot drive this graph. Dimensions that are names come from `declared`. */
export function graphShape(graph: Graph, declared: DeclaredShape = {}): GraphShape | Unsupported {
  const inputs = new Map(graph.inputs.map((input) => [input.name, input]));
  const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
  const logits = outputs.get('logits');
  if (!inputs.has('input_ids') || !inputs.has('attention_mask') || !logits) {
    return { unsupported: 'it lacks the inputs input_ids and attention_mask or the output logits' };
  }
  const cache = cacheOf(inputs);
  if ('unsupported' in cache) return cache;
  const fault = faultOfNames(graph, cache.layers);
  if (fault !== undefined) return { unsupported: fault };
  const sizes = {
    kvHeads: writtenOr(cache.first.shape[1], declared.kvHeads),
    headDim: writtenOr(cache.first.shape[3], declared.headDim),
    vocabularySize: writtenOr(logits.shape[2], declared.vocabularySize),
  };
  const { kvHeads, headDim, vocabularySize } = sizes;
  if (kvHeads === undefined || headDim === undefined || vocabularySize === undefined) {
    const field = missingField(sizes);
    return { unsupported: `the graph does not contain its shapes, and config.json lacks ${field}` };
  }
  if (logits.elementType !== float) return { unsupported: 'its logits are not 32-bit floats' };
  return {
    layers: cache.layers,
    kvHeads,
    headDim,
    vocabularySize,
    takesPositions: inputs.has('position_ids'),
    keepsLogits: inputs.has('num_logits_to_keep'),
    cacheType: cache.cacheType,
  };
}

type Cache = { first: ValueInfo; layers: number; cacheType: CacheType };

/** All layers' caches must have one type and shape. */
function cacheOf(inputs: ReadonlyMap<string, ValueInfo>): Cache | Unsupported {
  const first = inputs.get('past_key_values.0.key');
  if (!first) return { unsupported: 'it has no key/value cache' };
  const cacheType = cacheTypes.get(first.elementType);
  if (first.elementType === half) {
    return {
      unsupported:
        'its cache is in 16-bit floats (float16); add model_q4.onnx, model_q8.onnx or model.onnx, whose caches have 32 bits',
    };
  }
  if (!cacheType) return { unsupported: 'its cache is neither in 32-bit floats nor in bytes' };
  let layers = 0;
  while (inputs.has(`past_key_values.${layers}.key`)) layers += 1;
  for (const name of cacheNames(layers, 'past_key_values')) {
    const cache = inputs.get(name);
    if (cache?.elementType !== first.elementType) return { unsupported: 'its layers have caches of different types' };
    if (cache.shape[1] !== first.shape[1] || cache.shape[3] !== first.shape[3]) {
      return { unsupported: 'its layers have caches of different shapes' };
    }
  }
  return { first, layers, cacheType };
}

/** An output that is missing, or an input that the loop would not know how to fill. */
function faultOfNames({ inputs, outputs }: Graph, layers: number): string | undefined {
  const present = new Set(outputs.map(({ name }) => name));
  const missing = cacheNames(layers, 'present').find((name) => !present.has(name));
  if (missing) return `it has no output ${missing}`;
  const others = ['input_ids', 'attention_mask', 'position_ids', 'num_logits_to_keep'];
  const known = new Set([...others, ...cacheNames(layers, 'past_key_values')]);
  const unknown = inputs.find(({ name }) => !known.has(name));
  return unknown && `it has the input ${unknown.name}`;
}

/** The first field of config.json that would have given a missing size. */
function missingField({ kvHeads, headDim }: DeclaredShape): string {
  if (kvHeads === undefined) return 'num_key_value_heads';
  return headDim === undefined ? 'head_dim, or hidden_size and num_attention_heads' : 'vocab_size';
}

/** A free dimension is -1. */
function writtenOr(written: number | undefined, declared: number | undefined): number | undefined {
  return written !== undefined && written > 0 ? written : declared;
}

/** Bytes of one token's keys and values in all layers. */
export function bytesPerToken(shape: Pick<GraphShape, 'layers' | 'kvHeads' | 'headDim' | 'cacheType'>): number {
  return shape.layers * 2 * shape.kvHeads * shape.headDim * (shape.cacheType === 'int8' ? 1 : 4);
}
