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

export function createDeliveries<B extends IQueueBackend, C>(options: {
  connection: QueueConnection<B, C>;
  queues: OpenQueues;
  onError(error: Error): void;
  retryMs?: number;
  pollMs?: number;
  asideMs?: number;
}): Deliveries {
  const { connection, queues, onError } = options;
  const { retryMs = firstRetryMs, pollMs = outboxMs, asideMs = longestAsideMs } = options;
  const name = `${queues.base}-webhooks`;
  const classes = withBackend(connection.factory);
  const { prefix } = connection;
  const queue = new classes.Queue<Delivery>(name, {
    connection: connection.commands,
    prefix,
    ...connection.queueOptions,
  });
  queue.on('error', onError);

  /** Moves an ended job from the outbox to the delivery queue; doing this twice has no further effect. */
  const queueOne = async (id: string, store: Pick<JobStore, 'read'>, urlOf: DeliveryOptions['urlOf']) => {
    const record = await store.read(id);
    const terminal = record?.terminal === undefined ? undefined : parseRow(record.terminal).terminal;
    // No webhooks are sent for a deleted response.
    if (!record || record.forgotten || !terminal) return;
    const job = loadJob(record.data);
    const url = await urlOf(job);
    if (url === undefined) return;
    const data = { url, event: { type: `response.${terminal}` as const, data: { id } }, owner: job.owner };
    await queue.add('webhook', data, {
      jobId: id,
      attempts,
      backoff: { type: 'exponential', delay: retryMs, jitter: 0.5 },
      removeOnComplete: { age: keepSeconds },
      removeOnFail: { age: keepSeconds },
    });
  };
  const pump = async (urlOf: DeliveryOptions['urlOf']) => {
    for (const { store } of await queues.all()) {
      for (const id of await store.outbox(batch)) {
        try {
          await queueOne(id, store, urlOf);
          await store.sent(id);
        } catch (error) {
          // An unreadable job does not block the others; it waits for its removal.
          if (!(error instanceof z.ZodError)) throw error;
          onError(error);
        }
      }
    }
  };

  const show = async (id: string): Promise<WebhookDelivery | undefined> => {
    const state = await (await queue.getJob(id))?.getState();
    // Read after the state, because the job's fields are written together with the state.
    const job = state && (await queue.getJob(id));
    return job && shown(job, state);
  };

  return {
    of: (responseId) =>
      withBackendDeadline(async () => {
        const shownJob = await show(responseId);
        return shownJob ? [shownJob] : [];
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
    async start({ deliver, urlOf }) {
      const turns = createDeliveryPlaces<Pick<BullmqJob, 'promote'>>({
        total: places,
        ofKey: placesOfKey,
        now: Date.now,
      });
      // It may be gone, or sent by another process; if the backend is down, it returns by itself.
      const callBack = (job: Pick<BullmqJob, 'promote'>) => void job.promote().catch(() => undefined);
      const worker = new classes.Worker<Delivery, null>(
        name,
        async (job, token) => {
          const { url, event, owner } = Delivery.parse(job.data);
          const key = sharer(owner, url);
          if (!turns.take(key)) {
            const until = Date.now() + asideMs;
            // Not counted as an attempt.
            await job.moveToDelayed(until, token);
            turns.setAside(key, job, until);
            throw new DelayedError();
          }
          try {
            await deliver({ id: job.id ?? '', url, event, owner });
          } catch (error) {
            throw error instanceof GaveUp ? new UnrecoverableError(error.message) : error;
          } finally {
            const next = turns.leave(key);
            if (next) callBack(next);
          }
          return null;
        },
        {
          connection: connection.blocking,
          prefix,
          concurrency: places,
          runRetryDelay: 1_000,
          // The death of a process is not the delivery's fault.
          maxStalledCount: attempts,
        },
      );
      worker.on('error', onError);
      let running: Promise<void> | undefined;
      const timer = setInterval(() => {
        turns.recall().forEach(callBack);
        running ??= pump(urlOf)
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
