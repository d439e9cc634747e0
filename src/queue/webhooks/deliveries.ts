import { type Job as BullmqJob, DelayedError, type IQueueBackend, UnrecoverableError, withBackend } from 'bullmq';
import { z } from 'zod';
import type { Job } from '../../contracts/responses/job.ts';
import { type WebhookDelivery, WebhookEvent } from '../../contracts/service/webhook.ts';
import { waitAtMost, withBackendDeadline } from '../../core/deadlines.ts';
import type { DeliveryLog } from '../../core/webhooks.ts';
import type { OpenQueues } from '../open-queues.ts';
import type { QueueConnection } from '../responses/bullmq-parts.ts';
import { parseRow } from '../responses/job-log.ts';
import type { JobStore } from '../responses/job-store.ts';
import { loadJob, ownerKey } from '../responses/stored-job.ts';
import { createDeliveryPlaces } from './delivery-places.ts';

/** Webhook deliveries: a separate queue, filled from ended jobs that asked for one. */
export type Deliveries = DeliveryLog & {
  /** Starts sending; any number of processes may do so. */
  start(options: DeliveryOptions): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
};

/** Sends one delivery. It must throw if the receiver did not accept it; after a `GaveUp` there is no retry. */
export type Deliver = (delivery: {
  id: string;
  url: string;
  event: WebhookEvent;
  owner: string | null;
}) => Promise<void>;

type DeliveryOptions = {
  deliver: Deliver;
  /** The URL of a job's webhook; undefined: it has none after all. */
  urlOf(job: Job): Promise<string | undefined>;
};

/** No further attempt can succeed. The owner sees the message. */
export class GaveUp extends Error {
  override readonly name = 'GaveUp';
}

/** Delays of 5 s, 10 s, … 43 min before the last attempt: three hours in total. */
const attempts = 12;
const firstRetryMs = 5_000;
const keepSeconds = 7 * 86_400;
const outboxMs = 2_000;
const batch = 100;
/** Per process. A receiver that hangs costs one socket for each. */
const places = 64;
const placesOfKey = 8;
/**
 * A delivery deferred because its key had no free slot is called back when there is one; if its process dies meanwhile,
 * it returns after this time.
 */
const longestAsideMs = 300_000;

const Delivery = z.object({ url: z.string(), event: WebhookEvent, owner: z.string().nullable() });
type Delivery = z.infer<typeof Delivery>;

type DeliveriesOptions<B extends IQueueBackend, C> = {
  connection: QueueConnection<B, C>;
  queues: OpenQueues;
  onError(error: Error): void;
  retryMs?: number;
  pollMs?: number;
  asideMs?: number;
};

export function createDeliveries<B extends IQueueBackend, C>(options: DeliveriesOptions<B, C>): Deliveries {
  const { connection, queues, onError, retryMs = firstRetryMs, pollMs = outboxMs, asideMs = longestAsideMs } = options;
  const name = `${queues.base}-webhooks`;
  const classes = withBackend(connection.factory);
  const { prefix } = connection;
  const queue = new classes.Queue<Delivery>(name, {
    connection: connection.commands,
    prefix,
    ...connection.queueOptions,
  });
  queue.on('error', onError);
  const outbox: Outbox = {
    queues,
    onError,
    async add(id, delivery) {
      await queue.add('webhook', delivery, {
        jobId: id,
        attempts,
        backoff: { type: 'exponential', delay: retryMs, jitter: 0.5 },
        removeOnComplete: { age: keepSeconds },
        removeOnFail: { age: keepSeconds },
      });
    },
  };
  return {
    ...deliveryLog(queue),
    async start({ deliver, urlOf }) {
      const sender = new Sender(deliver, asideMs);
      const worker = new classes.Worker<Delivery, null>(name, (job, token) => sender.send(job, token), {
        connection: connection.blocking,
        prefix,
        concurrency: places,
        runRetryDelay: 1_000,
        // The death of a process is not the delivery's fault.
        maxStalledCount: attempts,
      });
      worker.on('error', onError);
      let running: Promise<void> | undefined;
      const timer = setInterval(() => {
        sender.recall();
        running ??= emptyOutbox(outbox, urlOf)
          .catch(onError)
          .finally(() => {
            running = undefined;
          });
      }, pollMs);
      return {
        async close() {
          clearInterval(timer);
          await waitAtMost(Promise.all([running, worker.close()]), 3_000);
        },
      };
    },
    async close() {
      await waitAtMost(queue.close(), 1_000);
    },
  };
}

type Outbox = {
  queues: OpenQueues;
  /** Queues a delivery; doing this twice has no further effect. */
  add(id: string, delivery: Delivery): Promise<void>;
  onError(error: Error): void;
};

/** Moves ended jobs from the outbox to the delivery queue. */
async function emptyOutbox({ queues, add, onError }: Outbox, urlOf: DeliveryOptions['urlOf']): Promise<void> {
  for (const { store } of await queues.all()) {
    for (const id of await store.outbox(batch)) {
      try {
        const delivery = await deliveryOf(id, store, urlOf);
        if (delivery !== undefined) await add(id, delivery);
        await store.sent(id);
      } catch (error) {
        // An unreadable job does not block the others; it waits for its removal.
        if (!(error instanceof z.ZodError)) throw error;
        onError(error);
      }
    }
  }
}

/** Undefined if there is nothing to send: no webhooks are sent for a deleted response. */
async function deliveryOf(
  id: string,
  store: Pick<JobStore, 'read'>,
  urlOf: DeliveryOptions['urlOf'],
): Promise<Delivery | undefined> {
  const record = await store.read(id);
  const terminal = record?.terminal === undefined ? undefined : parseRow(record.terminal).terminal;
  if (!record || record.forgotten || !terminal) return undefined;
  const job = loadJob(record.data);
  const url = await urlOf(job);
  return url === undefined
    ? undefined
    : { url, event: { type: `response.${terminal}`, data: { id } }, owner: job.owner };
}

type DeferredJob = Pick<BullmqJob, 'promote'>;
type SentJob = DeferredJob & Pick<BullmqJob<Delivery>, 'id' | 'data' | 'moveToDelayed'>;

/** Sends deliveries in this process's slots, and defers those whose key has no free slot. */
class Sender {
  private readonly deliver: Deliver;
  private readonly asideMs: number;
  private readonly slots = createDeliveryPlaces<DeferredJob>({ total: places, ofKey: placesOfKey, now: Date.now });

  constructor(deliver: Deliver, asideMs: number) {
    this.deliver = deliver;
    this.asideMs = asideMs;
  }

  /** @throws the error that makes BullMQ delay, retry or fail the delivery */
  async send(job: SentJob, token: string | undefined): Promise<null> {
    const { url, event, owner } = Delivery.parse(job.data);
    const key = sharer(owner, url);
    if (!this.slots.take(key)) {
      const until = Date.now() + this.asideMs;
      // Not counted as an attempt.
      await job.moveToDelayed(until, token);
      this.slots.setAside(key, job, until);
      throw new DelayedError();
    }
    try {
      await this.deliver({ id: job.id ?? '', url, event, owner });
    } catch (error) {
      throw error instanceof GaveUp ? new UnrecoverableError(error.message) : error;
    } finally {
      const next = this.slots.leave(key);
      if (next) callBack(next);
    }
    return null;
  }

  /** Calls back the deferred deliveries that may have a slot by now. */
  recall(): void {
    this.slots.recall().forEach(callBack);
  }
}

/** The job may be gone, or sent by another process; if the backend is down, it returns by itself. */
function callBack(job: DeferredJob): void {
  job.promote().catch(() => undefined);
}

type DeliveryQueue = {
  getJob(id: string): Promise<(ShownJob & { getState(): Promise<string> }) | undefined>;
  getJobs(types: [...typeof states], start: number, end: number, asc: boolean): Promise<(ShownJob | undefined)[]>;
  remove(id: string): Promise<number>;
};

function deliveryLog(queue: DeliveryQueue): DeliveryLog {
  const show = async (id: string): Promise<WebhookDelivery | undefined> => {
    const state = await (await queue.getJob(id))?.getState();
    // Read after the state, because the job's fields are written together with the state.
    const job = state === undefined ? undefined : await queue.getJob(id);
    return job && state !== undefined ? shown(job, state) : undefined;
  };
  return {
    of: (responseId) =>
      withBackendDeadline(async () => {
        const delivery = await show(responseId);
        return delivery ? [delivery] : [];
      }),
    forget: (responseId) =>
      withBackendDeadline(async () => {
        await queue.remove(responseId);
      }),
    list: ({ limit }) =>
      withBackendDeadline(async () => {
        const jobs = await queue.getJobs([...states], 0, limit, false);
        const present = jobs.filter((job) => job !== undefined).sort((a, b) => b.timestamp - a.timestamp);
        const data = await Promise.all(present.slice(0, limit).map((job) => show(job.id ?? '')));
        return { data: data.filter((delivery) => delivery !== undefined), hasMore: present.length > limit };
      }),
  };
}

/** Who shares the slots: a key. Without keys all receivers would share one allotment, so then it is the receiver. */
function sharer(owner: string | null, url: string): string {
  return owner === null ? new URL(url).origin : ownerKey(owner);
}

const states = ['waiting', 'active', 'delayed', 'completed', 'failed'] as const;

type ShownJob = Pick<
  BullmqJob<Delivery>,
  'id' | 'data' | 'attemptsMade' | 'failedReason' | 'timestamp' | 'processedOn' | 'delay' | 'finishedOn'
>;

function shown(job: ShownJob, state: string): WebhookDelivery {
  const { url, event } = Delivery.parse(job.data);
  const ended = state === 'completed' || state === 'failed';
  return {
    id: `whd_${job.id}`,
    object: 'webhook.delivery',
    response_id: event.data.id,
    type: event.type,
    url,
    status: state === 'completed' ? 'delivered' : state === 'failed' ? 'failed' : 'pending',
    attempts: job.attemptsMade,
    last_error: state === 'completed' ? null : (job.failedReason ?? null),
    created_at: Math.floor(job.timestamp / 1000),
    next_attempt_at:
      state === 'delayed' ? Math.floor(((job.processedOn ?? job.timestamp) + (job.delay ?? 0)) / 1000) : null,
    ended_at: ended && job.finishedOn !== undefined ? Math.floor(job.finishedOn / 1000) : null,
  };
}
