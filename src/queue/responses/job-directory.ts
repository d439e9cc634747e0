import type { ModelCard, WorkersModels } from '../../contracts/service/model-card.ts';

/**
 * State shared by all queues of a service, in the same backend. Every method is one atomic step.
 */
export type JobDirectory = JobIndex & WorkerModels;

/** Which queue has an id, the index by owner, and how full a queue is. */
export type JobIndex = {
  /** Registers an id permanently, unless its queue is full. Called before the job itself is added. */
  claim(claim: JobClaim): Promise<ClaimResult>;
  /** Moves an id whose adder died before it added the job. False: it has already been moved. */
  reclaim(id: string, move: { from: string; to: string }): Promise<boolean>;
  /** A waiting job of this owner has left the queue: the owner's next job may get an earlier position. */
  left(queue: string, owner: string): Promise<void>;
  locate(id: string): Promise<string | undefined>;
  /** The queues of these ids; without those that are unknown. */
  locateAll(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The ids of an owner, newest first. */
  list(owner: string, options: { after: string | undefined; limit: number }): Promise<string[]>;
  /** All ids, in no particular order. */
  ids(): AsyncIterable<string>;
  /** Removes an id after its job is gone. */
  dropped(id: string, owner: string | undefined): Promise<void>;
  /** Every queue that ever had a job. */
  queues(): Promise<string[]>;
};

/** The models that workers have announced. */
export type WorkerModels = {
  /**
   * Announces that a worker has these models, with what it knows about each; repeated while the worker lives. Epoch ms.
   */
  announce(worker: string, models: readonly AnnouncedModel[], now: number): Promise<void>;
  /** When a worker last announced the model; undefined: never, or long ago. Epoch ms. */
  announced(model: string): Promise<number | undefined>;
  /** Forgets what any worker announced about the model: a worker that still has it announces it again. */
  retract(model: string): Promise<void>;
  /** Notifies every process that the list of added models has changed. */
  tellModels(): Promise<void>;
  /** By model: the number of tokens that all its workers have room for, since any of them may get the job. */
  contextLengths(): Promise<ReadonlyMap<string, number>>;
  /** By model: the observed capabilities of its server, from the worker that announced last. */
  capabilities(): Promise<ReadonlyMap<string, ModelCard['capabilities']>>;
  /** By model: why Python can't run on the machine of one of its workers, since any of them may get the job. */
  pythonRefusals(): Promise<ReadonlyMap<string, string>>;
};

/** `contextLength`: the tokens that it has room for. `capabilities`: for a model on a server, as observed in use. */
type AnnouncedModel = {
  id: string;
  contextLength: number | undefined;
  capabilities?: ModelCard['capabilities'] | undefined;
  pythonRefusal?: string | undefined;
};

/** The part of the directory that API processes follow. */
export type AnnouncedDirectory = Pick<JobDirectory, 'contextLengths' | 'capabilities' | 'pythonRefusals'>;

type JobClaim = {
  id: string;
  owner: string;
  createdAt: number;
  queue: string;
  /** The most jobs that may wait in the queue, and the most of one owner. */
  maxWaiting: number;
  maxWaitingOfOwner: number;
};

/**
 * `priority`: the job's position in the queue, by start-time fair queueing (Goyal, Vin and Cheng, 1996): each owner's
 * next job comes one after its last, but never before the position being served. `endedPerSecond`: the measured pace, 0
 * if unknown.
 */
export type ClaimResult =
  | { kind: 'new' | 'old'; queue: string; priority: number }
  | { kind: 'full'; of: 'queue' | 'owner'; waiting: number; endedPerSecond: number };

/** BullMQ's highest priority number. */
export const lastPriority = 2_097_151;

/** Jobs per second over the recent ends; 0 if there are fewer than two. Epoch ms, in ascending or descending order. */
export function paceOf(ends: readonly number[], now: number): number {
  if (ends.length < 2) return 0;
  const oldest = Math.min(...ends);
  return ends.length / Math.max(1, (now - oldest) / 1000);
}

/** Seconds until a tenth of the waiting jobs will have left the queue. */
export function retryAfterSeconds({ waiting, endedPerSecond }: { waiting: number; endedPerSecond: number }): number {
  if (endedPerSecond === 0) return 5;
  return Math.min(600, Math.max(1, Math.ceil(waiting / 10 / endedPerSecond)));
}

/** What all workers have announced about their models so far. */
export async function readWorkersModels(directory: AnnouncedDirectory): Promise<WorkersModels> {
  const [contextLengths, capabilities, pythonRefusals] = await Promise.all([
    directory.contextLengths(),
    directory.capabilities(),
    directory.pythonRefusals(),
  ]);
  return { contextLengths, capabilities, pythonRefusals };
}
