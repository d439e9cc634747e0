import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { readersPrefix } from '../api/responses/response-readers.ts';
import { ExportedJob, exportJobs, importJob } from '../maintenance/transfer-jobs.ts';
import { defaultQueueSettings } from '../queue/queue-settings.ts';
import type { Environment } from './environment.ts';
import { createLogger } from './logger.ts';
import { openQueue } from './open-queue.ts';
import { openRecords } from './open-records.ts';
import { StartError } from './run-entry.ts';

const Line = z.union([
  z.object({ record: z.object({ key: z.string(), value: z.unknown() }) }),
  z.object({ response: ExportedJob }),
]);

/** What is kept beside responses: conversations, feedback, stored chat completions, keys, batches with their files, webhooks, added models. */
const recordPrefixes = [
  'conversations',
  'conversations-of',
  'conversation-cards',
  'feedback',
  'chat-completions',
  'chat-completions-of',
  'keys',
  'batches',
  'batch-inputs',
  'files',
  'file-contents',
  'usage',
  'webhook',
  'keys-required',
  'added-models',
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
  // An export that fails half-way leaves the file of the one before as it is.
  const beside = `${file}.part`;
  const out = await openFile(beside, 'w');
  try {
    const counts = await withStore(environment, async ({ queue, records }) => {
      const counts = { responses: 0, records: 0 };
      const write = (line: z.input<typeof Line>) => out.appendFile(`${JSON.stringify(line)}\n`);
      const writeRecords = async (prefix: string) => {
        for (const key of await records.keys(prefix)) {
          await write({ record: { key, value: await records.get(key) } });
          counts.records += 1;
        }
      };
      for (const prefix of recordPrefixes) await writeRecords(prefix);
      for await (const response of exportJobs(queue.queues)) {
        await write({ response });
        counts.responses += 1;
      }
      // Behind their responses: the sweep removes those whose response is not there.
      await writeRecords(readersPrefix);
      return counts;
    });
    await out.close();
    await rename(beside, file);
    return counts;
  } catch (error) {
    await out.close();
    await rm(beside, { force: true });
    throw fileFault(error) ?? error;
  }
}

/** @throws StartError where the file can't be had; before the store is opened for it */
async function openFile(file: string, flags: 'r' | 'w'): Promise<FileHandle> {
  try {
    return await open(file, flags, 0o600);
  } catch (error) {
    throw fileFault(error) ?? error;
  }
}

const fileFaults = ['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR', 'EROFS', 'ENOSPC', 'EDQUOT', 'EFBIG'];

/** What the system says of the file, in one line; undefined for what is no such fault. */
function fileFault(error: unknown): StartError | undefined {
  if (!(error instanceof Error) || !('code' in error) || !fileFaults.includes(String(error.code))) return undefined;
  return new StartError(`The export can't be read or written: ${error.message}.`);
}

/** Takes an export in; what is there already stays as it is. @throws StartError naming the line that is none */
export async function importStore(
  environment: Environment,
  file: string,
): Promise<{ responses: number; records: number; there: number }> {
  const input = await openFile(file, 'r');
  return withStore(environment, async ({ queue, records }) => {
    const counts = { responses: 0, records: 0, there: 0 };
    const settings = {
      ...defaultQueueSettings,
      retentionMs: environment.THINKFIRST_RETENTION_DAYS * 86_400_000,
    };
    let number = 0;
    for await (const text of input.readLines()) {
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
  }).finally(() => input.close());
}

function parse(text: string, { file, number }: { file: string; number: number }): z.infer<typeof Line> {
  try {
    return Line.parse(JSON.parse(text));
  } catch {
    throw new StartError(`${file}, line ${number}: this is not a line of an export.`);
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
