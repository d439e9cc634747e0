import { z } from 'zod';
import { Job } from '../contracts/responses/job.ts';
import type { OpenQueues } from '../queue/open-queues.ts';
import { queueName } from '../queue/queue-names.ts';
import type { QueueSettings } from '../queue/queue-settings.ts';
import { parseRow, readWholeLog } from '../queue/responses/job-log.ts';
import { importedNonce, loadJob, ownerKey, storeJob } from '../queue/responses/stored-job.ts';

/** One line of an export: a response with its complete log, in the format of clients and workers. */
export const ExportedJob = z.object({ version: z.literal(1), job: Job, log: z.array(z.string()) });
export type ExportedJob = z.infer<typeof ExportedJob>;

/** Every response of a store that was not removed; works in both modes. */
export async function* exportJobs(queues: OpenQueues): AsyncGenerator<ExportedJob> {
  for await (const id of queues.directory.ids()) {
    const queue = await queues.find(id);
    const record = await queue?.store.read(id);
    if (!queue || !record || record.forgotten) continue;
    const lines = await readWholeLog(queue.store, id);
    if (!lines) continue;
    yield { version: 1, job: loadJob(record.data), log: lines.map((line) => JSON.stringify(line)) };
  }
}

/**
 * Imports a response, unless its id exists. A response that has ended is marked as ended here; any other waits for a
 * worker and is resumed from its log. Its retention restarts.
 */
export async function importJob(
  { job, log }: ExportedJob,
  { queues, settings, now }: { queues: OpenQueues; settings: QueueSettings; now(): number },
): Promise<'imported' | 'there'> {
  const name = queueName(queues.base, job);
  const claim = await queues.directory.claim({
    id: job.id,
    owner: ownerKey(job.owner),
    createdAt: job.createdAt,
    queue: name,
    maxWaiting: Number.MAX_SAFE_INTEGER,
    maxWaitingOfOwner: Number.MAX_SAFE_INTEGER,
  });
  if (claim.kind !== 'new') return 'there';
  const { parts, store } = queues.open(name);
  const { attempts, backoffMs } = settings;
  const options = { attempts, backoffMs, timestamp: job.createdAt, priority: claim.priority };
  await parts.add(job.id, storeJob(job, importedNonce), options);
  const status = log.at(-1) === undefined ? undefined : parseRow(log.at(-1) ?? '').terminal;
  const retention = job.store ? settings.retentionMs : settings.unstoredRetentionMs;
  const end = status && { status, now: now(), expiresAt: now() + retention, notify: false };
  if (log.length === 0) return 'imported';
  const written = await store.append({ id: job.id, expectedLength: 0, rows: log, ...(end && { terminal: end }) });
  if (written !== 'appended') throw new Error(`the log of ${job.id} could not be written: ${written}`);
  return 'imported';
}
