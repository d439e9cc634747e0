import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { z } from 'zod';
import { defaultQueueSettings } from '../queue/queue-settings.ts';
import { ExportedJob, exportJobs, importJob } from '../queue/transfer-jobs.ts';
import type { Environment } from './environment.ts';
import { createLogger } from './logger.ts';
import { openQueue } from './open-queue.ts';
import { openRecords } from './open-records.ts';
import { StartError } from './start-error.ts';

const Line = z.union([
  z.object({ record: z.object({ key: z.string(), value: z.unknown() }) }),
  z.object({ response: ExportedJob }),
]);

/** What is kept beside responses: conversations, feedback, keys, batches with their files, webhooks. */
const recordPrefixes = [
  'conversations',
  'feedback',
  'keys',
  'batches',
  'batch-inputs',
  'files',
  'file-contents',
  'usage',
  'webhook',
  'keys-required',
];

/**
 * Writes the whole store as JSON lines: responses with their logs, and records. The service must be stopped in the
 * embedded mode, whose folder one process alone may open. The secret is not in it: without `THINKFIRST_SECRET` the file
 * `secret` of the data folder has to go along, or sealed thoughts, webhook secrets and Idempotency-Keys are new ones.
 */
export async function exportStore(
  environment: Environment,
  file: string,
): Promise<{ responses: number; records: number }> {
  return withStore(environment, async ({ queue, records }) => {
    const out = createWriteStream(file, { mode: 0o600 });
    const counts = { responses: 0, records: 0 };
    const write = async (line: z.input<typeof Line>) => {
      if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, 'drain');
    };
    for (const prefix of recordPrefixes) {
      for (const key of await records.keys(prefix)) {
        await write({ record: { key, value: await records.get(key) } });
        counts.records += 1;
      }
    }
    for await (const response of exportJobs(queue.queues)) {
      await write({ response });
      counts.responses += 1;
    }
    out.end();
    await finished(out);
    return counts;
  });
}

/** Takes an export in; what is there already stays as it is. @throws StartError naming the line that is none */
export async function importStore(
  environment: Environment,
  file: string,
): Promise<{ responses: number; records: number; there: number }> {
  return withStore(environment, async ({ queue, records }) => {
    const counts = { responses: 0, records: 0, there: 0 };
    const settings = {
      ...defaultQueueSettings,
      retentionMs: environment.THINKFIRST_RETENTION_DAYS * 86_400_000,
    };
    let number = 0;
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      const line = parse(text, { file, number });
      if ('record' in line) {
        const { key, value } = line.record;
        const there = (await records.get(key)) !== undefined;
        if (!there) await records.set(key, value);
        counts[there ? 'there' : 'records'] += 1;
      } else {
        const done = await importJob(line.response, { queues: queue.queues, settings, now: Date.now });
        counts[done === 'there' ? 'there' : 'responses'] += 1;
      }
    }
    return counts;
  });
}

function parse(text: string, { file, number }: { file: string; number: number }): z.infer<typeof Line> {
  try {
    return Line.parse(JSON.parse(text));
  } catch {
    throw new StartError(`${file}, line ${number}: this is no line of an export.`);
  }
}

async function withStore<T>(
  environment: Environment,
  work: (store: {
    queue: Awaited<ReturnType<typeof openQueue>>;
    records: Awaited<ReturnType<typeof openRecords>>['records'];
  }) => Promise<T>,
): Promise<T> {
  const log = createLogger(environment);
  const queue = await openQueue(environment, { log, instruments: {} });
  try {
    const { records } = await openRecords(environment);
    try {
      return await work({ queue, records });
    } finally {
      await records.close();
    }
  } finally {
    await queue.close();
  }
}
