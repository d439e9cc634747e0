import type { IQueueBackend } from 'bullmq';
import { type BullmqParts, createBullmqParts, type QueueConnection } from './responses/bullmq-parts.ts';
import type { JobDirectory } from './responses/job-directory.ts';
import type { JobStore } from './responses/job-store.ts';

/** What the queue reports to the operator; a pino logger fits. */
export type QueueLog = { warn(fields: { err: Error }, message: string): void };

/** An outage repeats its error every second on each connection: each message is reported once per `everyMs`. */
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

/** One of BullMQ's queues, with the store for our own data about its jobs. */
export type OpenQueue = { name: string; parts: BullmqParts; store: JobStore };

/** The queues of one service: one for each model and tier, opened at first use. */
export type OpenQueues = {
  base: string;
  directory: JobDirectory;
  /** The queue with this name, opened here if necessary. */
  open(name: string): OpenQueue;
  /** Records the queue of an id, so that it need not be looked up. */
  remember(id: string, name: string): void;
  /** The queue that has this id; undefined for an unknown id. */
  find(id: string): Promise<OpenQueue | undefined>;
  /**
   * What `read` finds in the queue of an id, which may be another one than before: an id that was removed can be added again for
   * another model.
   */
  read<T>(
    id: string,
    read: (queue: OpenQueue) => Promise<T | undefined>,
  ): Promise<{ queue: OpenQueue; found: T } | undefined>;
  /** All queues that ever had a job, in any process. */
  all(): Promise<OpenQueue[]>;
  close(): Promise<void>;
};

/** The most ids whose queue is remembered. */
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
    // Removes the oldest entry: a map keeps insertion order.
    if (places.size >= mostPlaces) places.delete(places.keys().next().value ?? '');
    places.set(id, name);
  };
  const locate = async (id: string): Promise<string | undefined> => {
    const name = await directory.locate(id);
    if (name === undefined) places.delete(id);
    else remember(id, name);
    return name;
  };
  return {
    base,
    remember,
    directory,
    open,
    async find(id) {
      const name = places.get(id) ?? (await locate(id));
      return name === undefined ? undefined : open(name);
    },
    async read(id, read) {
      const known = places.get(id);
      const there = known === undefined ? undefined : await read(open(known));
      if (known !== undefined && there !== undefined) return { queue: open(known), found: there };
      const name = await locate(id);
      if (name === undefined || name === known) return undefined;
      const found = await read(open(name));
      return found === undefined ? undefined : { queue: open(name), found };
    },
    async all() {
      return (await directory.queues()).map(open);
    },
    async close() {
      await Promise.all([...queues.values()].map(({ parts }) => parts.close()));
    },
  };
}
