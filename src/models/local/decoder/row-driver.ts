import type { RawDistribution } from '../sampler-softmax.ts';

/**
 * What a row wants of the loop. The loop feeds `ids` to the model; once all are in the cache, `onLogits` takes the last
 * one's logits and makes `ids` longer, asks for a probe, or ends the row. Calls run to their end: nothing is awaited.
 */
export type RowDriver = {
  /** Prompt and all that followed, fed or sampled; it only grows. */
  readonly ids: readonly number[];
  /** The most ids that there will ever be, probes included. */
  readonly need: number;
  /** Set: the loop lets the row go before its next step. */
  readonly finished: boolean;
  /**
   * Set: instead of `ids`, these are run behind them, their logits [probe, vocabulary] go to `onProbe`, and the cache is
   * cut back to `ids`.
   */
  readonly probe?: readonly number[] | undefined;
  /** Logits [vocabulary] of the last id, valid during the call; `raw` where the model tells their distribution besides. */
  onLogits(logits: Float32Array, raw?: RawDistribution): void;
  onProbe?(logits: Float32Array): void;
  /** Called once, before the first `onLogits`: tokens of `ids` that were found in the cache when the row first came in. */
  onCached(tokens: number): void;
  /** The loop can't go on with this row. */
  fail(error: unknown): void;
};
