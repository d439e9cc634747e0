/** Times in ms. Tests shorten them; the product uses the defaults. */
export type QueueSettings = {
  /**
   * A dead worker's job is taken up after at most lockMs + 2 stalledCheckMs: 14 s. The lock is renewed every 2.5 to 5 s,
   * so a worker may be stuck for 5 s before it can lose a job.
   */
  lockMs: number;
  stalledCheckMs: number;
  /** Times that a job may lose its worker and be tried again: the third loss fails it. */
  maxStalledCount: number;
  /** Attempts whose handler threw, before the job fails; the delay doubles from `backoffMs`. */
  attempts: number;
  backoffMs: number;
  /** Covers a missed notification. */
  recheckMs: number;
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
  maxStalledCount: 2,
  attempts: 3,
  backoffMs: 500,
  recheckMs: 5_000,
  sweepMs: 60_000,
  retentionMs: 30 * 24 * 3_600_000,
  unstoredRetentionMs: 10 * 60_000,
  handBackMs: 2_000,
  cancelMs: 15_000,
};
