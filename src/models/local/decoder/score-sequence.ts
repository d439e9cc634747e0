import type { ScoreResult } from '../../../core/language-model.ts';
import { rawDistribution } from '../sampler-softmax.ts';
import type { SequenceDriver } from './sequence.ts';

/** Stands for minus infinity, which JSON has no word for. Nats. */
const impossible = -1e6;

/**
 * Log-probabilities of continuations of one prompt, of the raw distribution. The first token of each comes from the
 * prompt's own last logits, so single-token continuations (yes, no) cost nothing more; longer ones are run behind the
 * prompt and cut off again.
 */
export function createScoreSequence(options: {
  promptIds: readonly number[];
  continuations: ReadonlyArray<readonly number[]>;
  vocabularySize: number;
  onResult(result: ScoreResult): void;
  onFail(error: unknown): void;
}): SequenceDriver & { cancel(): void } {
  const { promptIds, continuations, vocabularySize } = options;
  const logprobs: number[] = continuations.map(() => 0);
  const longest = Math.max(0, ...continuations.map(({ length }) => length - 1));
  let cached = 0;
  let finished = false;
  let probing = -1;

  const longer = (from: number) => continuations.findIndex((ids, index) => index >= from && ids.length > 1);
  const proceed = () => {
    probing = longer(probing + 1);
    if (probing >= 0) return;
    finished = true;
    options.onResult({
      continuations: continuations.map((ids, index) => ({ logprob: logprobs[index] ?? 0, tokens: ids.length })),
      usage: { inputTokens: promptIds.length, cachedTokens: cached },
    });
  };
  const add = (index: number, logits: Float32Array, token: number | undefined) => {
    if (token === undefined) return;
    const logprob = (logits[token] ?? 0) - rawDistribution(logits).logSumExp;
    logprobs[index] = (logprobs[index] ?? 0) + Math.max(logprob, impossible);
  };
  return {
    ids: promptIds,
    need: promptIds.length + longest,
    needs: 'all',
    get finished() {
      return finished;
    },
    get probe() {
      return finished || probing < 0 ? undefined : continuations[probing]?.slice(0, -1);
    },
    onCached(tokens) {
      cached = tokens;
    },
    onLogits(logits) {
      continuations.forEach(([first], index) => {
        add(index, logits, first);
      });
      proceed();
    },
    onProbe(logits) {
      const index = probing;
      continuations[index]?.slice(1).forEach((token, position) => {
        add(index, logits.subarray(position * vocabularySize, (position + 1) * vocabularySize), token);
      });
      proceed();
    },
    cancel() {
      finished = true;
    },
    fail(error) {
      finished = true;
      options.onFail(error);
    },
  };
}
