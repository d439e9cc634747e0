import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { KvArena } from '../decoder/kv-arena.ts';
import { type CacheRunner, createRunInputs } from './cache-runner.ts';
import { cacheNames, type DeclaredShape, type GraphShape, graphShape } from './graph-shape.ts';
import { lastPositions } from './native-runner.ts';
import type { ValueInfo } from './native-runtime.ts';

/**
 * The fallback: onnxruntime-node's own binding, which hands every cache back as a copy; the new tokens are copied out of
 * it. Same results, two to four times slower (docs/decisions/0004-decoder-no-copy.md).
 */
export function createPlainRunner(session: InferenceSession, shape: GraphShape, arena: KvArena): CacheRunner {
  const inputs = createRunInputs();
  const pastNames = cacheNames(shape.layers, 'past_key_values');
  const presentNames = cacheNames(shape.layers, 'present');
  const { kvHeads, headDim } = shape;
  return {
    async run(call) {
      inputs.fill(call);
      const { rows, length, place } = call;
      const start = place.offset * kvHeads * headDim;
      const size = rows * kvHeads * place.capacity * headDim;
      const feeds: Record<string, Tensor> = {
        input_ids: new Tensor('int64', inputs.ids.subarray(0, rows * length), [rows, length]),
        attention_mask: new Tensor('int64', inputs.mask.subarray(0, rows * place.capacity), [rows, place.capacity]),
      };
      if (shape.takesPositions) {
        feeds['position_ids'] = new Tensor('int64', inputs.positions.subarray(0, rows * length), [rows, length]);
      }
      if (shape.keepsLogits) feeds['num_logits_to_keep'] = new Tensor('int64', inputs.keep, []);
      pastNames.forEach((name, index) => {
        const data = arena.buffers[index]?.subarray(start, start + size) ?? new Float32Array(0);
        feeds[name] = new Tensor('float32', data, [rows, kvHeads, place.capacity, headDim]);
      });
      const outputs = await session.run(feeds);
      presentNames.forEach((name, index) => {
        const present = outputs[name]?.data;
        const buffer = arena.buffers[index];
        if (!(present instanceof Float32Array) || !buffer) return;
        for (let row = 0; row < rows; row += 1) {
          for (let head = 0; head < kvHeads; head += 1) {
            const at = ((row * kvHeads + head) * place.capacity + (call.past[row] ?? 0)) * headDim;
            buffer.set(present.subarray(at, at + length * headDim), start + at);
          }
        }
      });
      const logits = outputs['logits']?.data;
      if (!(logits instanceof Float32Array)) throw new Error('the graph gave no logits');
      const from = shape.keepsLogits ? call.keep : length;
      return lastPositions(logits, { rows, from, keep: call.keep, width: shape.vocabularySize });
    },
    close() {},
  };
}

/** Loads a graph for `createPlainRunner`. */
export async function openPlainSession(
  path: string,
  options: { threads: number; declared?: DeclaredShape | undefined },
): Promise<{ session: InferenceSession; shape: ReturnType<typeof graphShape> }> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: options.threads });
  const info = (values: readonly InferenceSession.ValueMetadata[]): ValueInfo[] =>
    values.map((value) => ({
      name: value.name,
      elementType: value.isTensor ? (elementTypes[value.type] ?? 0) : 0,
      shape: value.isTensor ? value.shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1)) : [],
    }));
  const graph = { inputs: info(session.inputMetadata), outputs: info(session.outputMetadata) };
  return { session, shape: graphShape(graph, options.declared) };
}

const elementTypes: Readonly<Record<string, number>> = { float32: 1, int64: 7, float16: 10 };
