/** Times in ms. Tests shorten them; the product uses the defaults. */
export type QueueSettings = {
  /**
   * Another worker takes over a dead worker's job after at most lockMs + 2 stalledCheckMs: 14 s. The lock is renewed
   * every 2.5 to 5 s, so a worker can be blocked for 5 s before it may lose a job.
   */
  lockMs: number;
  stalledCheckMs: number;
  /** How many workers a job may lose in a row without progress; after one more, it fails. */
  maxLossesWithoutProgress: number;
  /** How many workers a job may lose in total, whatever its progress. */
  maxStalledCount: number;
  /** How many attempts may throw before the job fails; the delay doubles from `backoffMs`. */
  attempts: number;
  backoffMs: number;
  /** Makes up for a missed notification. */
  recheckMs: number;
  /** How often an idle worker polls its queues, because there is no notification when a delayed job becomes due. */
  pollMs: number;
  /** The most jobs of a model that may wait in a tier; more are refused. Jobs of `flex` may wait for a long time. */
  maxWaiting: number;
  maxWaitingFlex: number;
  /** How many of these one key may have; in `flex`, a quarter of all. */
  maxWaitingOfKey: number;
  /** Between two announcements of a worker's models. */
  announceMs: number;
  /** A job for a model that no worker has announced for this long is refused; undefined: it waits for a worker. */
  absentModelMs: number | undefined;
  /** Between two runs of the retention sweep and the reconciler. */
  sweepMs: number;
  /** From the terminal line to removal, for stored responses and for those with `store: false`. */
  retentionMs: number;
  unstoredRetentionMs: number;
  /**
   * How long a handler has after it was asked to stop, at a shutdown or after a cancel, before its job continues
   * without it.
   */
  handBackMs: number;
  cancelMs: number;
};

export const defaultQueueSettings: QueueSettings = {
  lockMs: 10_000,
  stalledCheckMs: 2_000,
  maxLossesWithoutProgress: 2,
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
