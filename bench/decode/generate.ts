import { AutoModelForCausalLM, BaseStreamer, Tensor } from '@huggingface/transformers';
import { folderPath, threads } from './ours.ts';

export type Reference = {
  /** Decodes exactly `tokens` tokens greedily; times in ms. */
  run(promptIds: readonly number[], tokens: number): Promise<{ tokens: number; firstAt: number; lastAt: number }>;
  close(): Promise<void>;
};

class Stamps extends BaseStreamer {
  readonly at: number[] = [];
  override put(): void {
    this.at.push(performance.now());
  }
  override end(): void {}
}

/** transformers.js's own `generate()` on the same ONNX file. */
export async function openGenerate(): Promise<Reference> {
  const model = await AutoModelForCausalLM.from_pretrained(folderPath, {
    dtype: 'q4',
    device: 'cpu',
    session_options: { intraOpNumThreads: threads },
  });
  return {
    async run(promptIds, tokens) {
      const shape = [1, promptIds.length];
      const streamer = new Stamps();
      await model.generate({
        inputs: new Tensor('int64', BigInt64Array.from(promptIds, BigInt), shape),
        attention_mask: new Tensor('int64', new BigInt64Array(promptIds.length).fill(1n), shape),
        max_new_tokens: tokens,
        min_new_tokens: tokens,
        do_sample: false,
        streamer,
      } as unknown as Parameters<typeof model.generate>[0]);
      // The first call passes the prompt.
      const stamps = streamer.at.slice(1);
      return { tokens: stamps.length, firstAt: stamps[0] ?? Number.NaN, lastAt: stamps.at(-1) ?? Number.NaN };
    },
    async close() {
      await model.dispose();
    },
  };
}
