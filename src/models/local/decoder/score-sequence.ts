import type { ScoreResult } from '../../../core/language-model.ts';
import { rawDistribution } from '../sampler-softmax.ts';
import type { SequenceDriver } from './sequence.ts';

/** Stands for minus infinity, which JSON cannot express. Nats. */
const impossible = -1e6;

type ScoreOptions = {
  promptIds: readonly number[];
  continuations: ReadonlyArray<readonly number[]>;
  vocabularySize: number;
  onResult(result: ScoreResult): void;
  onFail(error: unknown): void;
};

/**
 * Log-probabilities of continuations of one prompt, from the raw distribution. The first token of each is scored by the
 * prompt's own last logits, so single-token continuations (yes, no) cost nothing more; longer ones are run after the
 * prompt and cut off again.
 */
export function createScoreSequence(options: ScoreOptions): SequenceDriver & { cancel(): void } {
  return new ScoreSequence(options);
}

class ScoreSequence implements SequenceDriver {
  readonly ids: readonly number[];
  readonly need: number;
  readonly needs = 'all';
  finished = false;
  private readonly options: ScoreOptions;
  private readonly logprobs: number[];
  private cached = 0;
  /** The continuation that is run now; -1 before the first one. */
  private probing = -1;

  constructor(options: ScoreOptions) {
    const { promptIds, continuations } = options;
    this.options = options;
    this.ids = promptIds;
    this.need = promptIds.length + Math.max(0, ...continuations.map(({ length }) => length - 1));
    this.logprobs = continuations.map(() => 0);
  }

  get probe(): readonly number[] | undefined {
    return this.finished || this.probing < 0 ? undefined : this.options.continuations[this.probing]?.slice(0, -1);
  }

  onCached(tokens: number): void {
    this.cached = tokens;
  }

  onLogits(logits: Float32Array): void {
    this.options.continuations.forEach(([first], index) => {
      this.add(index, logits, first);
    });
    this.proceed();
  }

  onProbe(logits: Float32Array): void {
    const { continuations, vocabularySize } = this.options;
    continuations[this.probing]?.slice(1).forEach((token, position) => {
      this.add(this.probing, logits.subarray(position * vocabularySize, (position + 1) * vocabularySize), token);
    });
    this.proceed();
  }

  cancel(): void {
    this.finished = true;
  }

  fail(error: unknown): void {
    this.finished = true;
    this.options.onFail(error);
  }

  private add(index: number, logits: Float32Array, token: number | undefined): void {
    if (token === undefined) return;
    const logprob = (logits[token] ?? 0) - rawDistribution(logits).logSumExp;
    this.logprobs[index] = (this.logprobs[index] ?? 0) + Math.max(logprob, impossible);
  }

  /** Moves on to the next continuation of several tokens, or reports the result. */
  private proceed(): void {
    const { promptIds, continuations, onResult } = this.options;
    this.probing = continuations.findIndex((ids, index) => index > this.probing && ids.length > 1);
    if (this.probing >= 0) return;
    this.finished = true;
    onResult({
      continuations: continuations.map((ids, index) => ({ logprob: this.logprobs[index] ?? 0, tokens: ids.length })),
      usage: { inputTokens: promptIds.length, cachedTokens: this.cached },
    });
  }
}
