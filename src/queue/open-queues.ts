import type { IQueueBackend } from 'bullmq';
import { type BullmqParts, createBullmqParts, type QueueConnection } from './responses/bullmq-parts.ts';
import type { JobDirectory } from './responses/job-directory.ts';
import type { JobStore } from './responses/job-store.ts';

/** What the queue tells the operator; a pino logger fits. */
export type QueueLog = { warn(fields: { err: Error }, message: string): void };

/** An outage repeats its error every second on each connection: each message is told once per `everyMs`. */
export function createErrorReporter(log: QueueLog, everyMs = 30_000): (error: Error) => void {
  const told = new Map<string, number>();
  return (error) => {
    const now = performance.now();
    const before = told.get(error.message);
    if (before !== undefined && now - before < everyMs) return;
    if (told.size > 100) told.clear();
    told.set(error.message, now);
    log.warn({ err: error }, `queue: ${error.message}`);
  };
}

/** One of BullMQ's queues, and what we keep beside it. */
export type OpenQueue = { name: string; parts: BullmqParts; store: JobStore };

/** The queues of one service: one for each model and tier, opened when they are first met. */
export type OpenQueues = {
  base: string;
  directory: JobDirectory;
  /** By name; opened here if need be. */
  open(name: string): OpenQueue;
  /** An id's queue is known without asking. */
  remember(id: string, name: string): void;
  /** That which an id is in; undefined for an unknown id. */
  find(id: string): Promise<OpenQueue | undefined>;
  /** All that ever had a job, in any process. */
  all(): Promise<OpenQueue[]>;
  close(): Promise<void>;
};

/** Places that are remembered: an id stays in its queue. */
const mostPlaces = 10_000;

export function createOpenQueues<B extends IQueueBackend, C>(options: {
  connection: QueueConnection<B, C>;
  base: string;
  onError(error: Error): void;
}): OpenQueues {
  const { connection, base, onError } = options;
  const directory = connection.directory(base);
  const queues = new Map<string, OpenQueue>();
  const places = new Map<string, string>();
  const open = (name: string): OpenQueue => {
    const known = queues.get(name);
    if (known) return known;
    const opened = {
      name,
      parts: createBullmqParts({ connection, name, onError }),
      store: connection.store(name, base),
    };
    queues.set(name, opened);
    return opened;
  };
  const remember = (id: string, name: string) => {
    // The oldest goes: a map keeps the order of its entries.
    if (places.size >= mostPlaces) places.delete(places.keys().next().value ?? '');
    places.set(id, name);
  };
  return {
    base,
    remember,
    directory,
    open,
    async find(id) {
      const known = places.get(id);
      if (known !== undefined) return open(known);
      const name = await directory.locate(id);
      if (name === undefined) return undefined;
      remember(id, name);
      return open(name);
    },
    async all() {
      return (await directory.queues()).map(open);
    },
    async close() {
      await Promise.all([...queues.values()].map(({ parts }) => parts.close()));
    },
  };
}
