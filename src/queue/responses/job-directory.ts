import type { ModelCard } from '../../contracts/service/model-card.ts';

/**
 * What spans the queues of one service, in the same backend: which queue an id is in, the index by owner, how full a queue
 * is, and which models have a worker. Every method is one atomic step.
 */
export type JobDirectory = {
  /** Enters an id, once and for all, unless its queue is full. Done before the job itself is added. */
  claim(claim: JobClaim): Promise<ClaimResult>;
  /** Moves an id whose adder has died before it added the job. False: it is elsewhere by now. */
  reclaim(id: string, move: { from: string; to: string }): Promise<boolean>;
  /** A job of this owner has left the queue before its turn came: the owner's next one may have a place sooner. */
  left(queue: string, owner: string): Promise<void>;
  locate(id: string): Promise<string | undefined>;
  /** Ids of an owner, newest first. */
  list(owner: string, options: { after: string | undefined; limit: number }): Promise<string[]>;
  /** Every id, in no order. */
  ids(): AsyncIterable<string>;
  /** Takes an id out once its job is gone. */
  dropped(id: string, owner: string | undefined): Promise<void>;
  /** Every queue that ever had a job. */
  queues(): Promise<string[]>;
  /** A worker says that it has these models, and what it knows of each; repeated while it lives. Epoch ms. */
  announce(worker: string, models: readonly AnnouncedModel[], now: number): Promise<void>;
  /** When a worker last said that it has the model; undefined: never, or long ago. Epoch ms. */
  announced(model: string): Promise<number | undefined>;
  /** Tokens that every worker of a model has room for, by the model: any of them may get the job. */
  contextLengths(): Promise<ReadonlyMap<string, number>>;
  /** What a model's server turned out to do, by the model, as the worker has it that spoke last. */
  capabilities(): Promise<ReadonlyMap<string, ModelCard['capabilities']>>;
};

/** `contextLength`: tokens that it has room for. `capabilities`: of a model behind a server, where they turn out in use. */
export type AnnouncedModel = {
  id: string;
  contextLength: number | undefined;
  capabilities?: ModelCard['capabilities'] | undefined;
};

export type JobClaim = {
  id: string;
  owner: string;
  createdAt: number;
  queue: string;
  /** Jobs that may wait in the queue, and of one owner among them. */
  maxWaiting: number;
  maxWaitingOfOwner: number;
};

/**
 * `priority`: the job's place in the queue, by start-time fair queueing (Goyal, Vin and Cheng, 1996): each owner's next job
 * comes one after its last, but never before what is being served. `endedPerSecond`: the measured pace, 0 if unknown.
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

/** What all workers have said of their models so far. */
export async function readWorkersModels(directory: Pick<JobDirectory, 'contextLengths' | 'capabilities'>) {
  const [contextLengths, capabilities] = await Promise.all([directory.contextLengths(), directory.capabilities()]);
  return { contextLengths, capabilities };
}
