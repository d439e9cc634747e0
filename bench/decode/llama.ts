import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Reference } from './generate.ts';
import { threads } from './ours.ts';

type LlamaModule = {
  getLlama(options: { gpu: false; build: 'never'; logLevel: 'error'; maxThreads: number }): Promise<{
    loadModel(options: { modelPath: string }): Promise<{
      createContext(options: { contextSize: number; batchSize: number; threads: number; sequences: number }): Promise<{
        getSequence(): LlamaSequence;
      }>;
      dispose(): Promise<void>;
    }>;
  }>;
};
type LlamaSequence = {
  evaluate(tokens: readonly number[], options: { temperature: number; yieldEogToken: boolean }): AsyncGenerator<number>;
  clearHistory(): Promise<void>;
};

/**
 * llama.cpp through node-llama-cpp, or why it cannot be measured. Install it by hand: `npm i --prefix
 * bench/decode/llama`.
 */
export async function openLlama(gguf: string | undefined): Promise<Reference | { missing: string }> {
  if (!gguf) return { missing: 'no GGUF: --gguf PATH or THINKFIRST_BENCH_GGUF' };
  if (!existsSync(gguf)) return { missing: `there is no file ${gguf}` };
  let entry: string;
  try {
    entry = createRequire(new URL('./llama/package.json', import.meta.url)).resolve('node-llama-cpp');
  } catch {
    return { missing: 'node-llama-cpp is not installed: npm i --prefix bench/decode/llama' };
  }
  const module: LlamaModule = await import(pathToFileURL(entry).href);
  const llama = await module.getLlama({ gpu: false, build: 'never', logLevel: 'error', maxThreads: threads });
  const model = await llama.loadModel({ modelPath: gguf });
  const context = await model.createContext({ contextSize: 8192, batchSize: 512, threads, sequences: 1 });
  const sequence = context.getSequence();
  return {
    async run(promptIds, tokens) {
      await sequence.clearHistory();
      const stamps: number[] = [];
      for await (const _token of sequence.evaluate(promptIds, { temperature: 0, yieldEogToken: true })) {
        stamps.push(performance.now());
        if (stamps.length >= tokens) break;
      }
      return { tokens: stamps.length, firstAt: stamps[0] ?? Number.NaN, lastAt: stamps.at(-1) ?? Number.NaN };
    },
    close: () => model.dispose(),
  };
}
