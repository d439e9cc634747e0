/**
 * What spans the queues of one service, in the same backend: which queue an id is in, the index by owner, how full a queue
 * is, and which models have a worker. Every method is one atomic step.
 */
export type JobDirectory = {
  /** Enters an id, once and for all, unless its queue is full. Done before the job itself is added. */
  claim(claim: JobClaim): Promise<ClaimResult>;
  /** Moves an id whose adder has died before it added the job. False: it is elsewhere by now. */
  reclaim(id: string, move: { from: string; to: string }): Promise<boolean>;
  /** A job of this owner has left the queue before its turn came, and its places: the owner's next one may have one sooner. */
  left(queue: string, owner: string, places: number): Promise<void>;
  locate(id: string): Promise<string | undefined>;
  /** Ids of an owner, newest first. */
  list(owner: string, options: { after: string | undefined; limit: number }): Promise<string[]>;
  /** Every id, in no order. */
  ids(): AsyncIterable<string>;
  /** Takes an id out once its job is gone. */
  dropped(id: string, owner: string | undefined): Promise<void>;
  /** Every queue that ever had a job. */
  queues(): Promise<string[]>;
  /** A worker says that it has these models, and room for so many tokens of each; repeated while it lives. Epoch ms. */
  announce(worker: string, models: readonly AnnouncedModel[], now: number): Promise<void>;
  /** When a worker last said that it has the model; undefined: never, or long ago. Epoch ms. */
  announced(model: string): Promise<number | undefined>;
  /** Tokens that every worker of a model has room for, by the model: any of them may get the job. */
  contextLengths(): Promise<ReadonlyMap<string, number>>;
};

export type AnnouncedModel = { id: string; contextLength: number | undefined };

export type JobClaim = {
  id: string;
  owner: string;
  createdAt: number;
  queue: string;
  /** That it holds while it waits: more than one for a large job. */
  places: number;
  /**
   * Jobs that may wait in the queue, and places of one owner among them. A job of several places is refused as well where
   * all owners hold about `maxWaiting` places.
   */
  maxWaiting: number;
  maxWaitingOfOwner: number;
};

/**
 * `priority`: the job's first place in the queue, by start-time fair queueing (Goyal, Vin and Cheng, 1996): each owner's next
 * job comes after its last one's places, but never before what is being served. How far an owner is ahead of what is being
 * served is what it holds, so nothing has to be counted back when a job is taken. `endedPerSecond`: the measured pace, 0 if unknown.
 */
export type ClaimResult =
  | { kind: 'new' | 'old'; queue: string; priority: number }
  | { kind: 'full'; of: 'queue' | 'owner'; waiting: number; endedPerSecond: number };

/** BullMQ's highest priority number. */
export const lastPriority = 2_097_151;

/** Jobs per second over the recent ends; 0 for fewer than two. Epoch ms, oldest first or last. */
export function paceOf(ends: readonly number[], now: number): number {
  if (ends.length < 2) return 0;
  const oldest = Math.min(...ends);
  return ends.length / Math.max(1, (now - oldest) / 1000);
}

/** Seconds after which a tenth of what waits will be gone. */
export function retryAfterSeconds({ waiting, endedPerSecond }: { waiting: number; endedPerSecond: number }): number {
  if (endedPerSecond === 0) return 5;
  return Math.min(600, Math.max(1, Math.ceil(waiting / 10 / endedPerSecond)));
}
