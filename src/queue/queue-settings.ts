/** Times in ms. Tests shorten them; the product uses the defaults. */
export type QueueSettings = {
  /**
   * A dead worker's job is taken up after at most lockMs + 2 stalledCheckMs: 14 s. The lock is renewed every 2.5 to 5 s,
   * so a worker may be stuck for 5 s before it can lose a job.
   */
  lockMs: number;
  stalledCheckMs: number;
  /** Workers that a job may lose in a row without getting any further: one more and it fails. */
  maxFruitlessLosses: number;
  /** Workers that a job may lose in all, whatever it got done. */
  maxStalledCount: number;
  /** Attempts whose handler threw, before the job fails; the delay doubles from `backoffMs`. */
  attempts: number;
  backoffMs: number;
  /** Covers a missed notification. */
  recheckMs: number;
  /** How often an idle worker looks into its queues, since a delayed job comes due without a word. */
  pollMs: number;
  /** Jobs of a model that may wait in a tier; more are refused. Those of `flex` may wait for long. */
  maxWaiting: number;
  maxWaitingFlex: number;
  /** Of these, jobs of one key; of `flex` a quarter of all. */
  maxWaitingOfKey: number;
  /** Between two announcements of a worker's models. */
  announceMs: number;
  /** A job for a model that no worker has announced for so long is refused; undefined: it waits for one. */
  absentModelMs: number | undefined;
  /** Between two runs of the retention sweep and the reconciler. */
  sweepMs: number;
  /** From the terminal line to removal: of stored responses, and of those with `store: false`. */
  retentionMs: number;
  unstoredRetentionMs: number;
  /** For a handler that was told to stop, before its job goes on without it: at a shutdown, and after a cancel. */
  handBackMs: number;
  cancelMs: number;
};

export const defaultQueueSettings: QueueSettings = {
  lockMs: 10_000,
  stalledCheckMs: 2_000,
  maxFruitlessLosses: 2,
  maxStalledCount: 20,
  attempts: 3,
  backoffMs: 500,
  recheckMs: 5_000,
  pollMs: 2_000,
  maxWaiting: 1_000,
  maxWaitingFlex: 100_000,
  maxWaitingOfKey: 250,
  announceMs: 5_000,
  absentModelMs: undefined,
  sweepMs: 60_000,
  retentionMs: 30 * 24 * 3_600_000,
  unstoredRetentionMs: 10 * 60_000,
  handBackMs: 2_000,
  cancelMs: 15_000,
};
