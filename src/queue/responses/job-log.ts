import { type Job, LogLine, type TerminalStatus } from '../../contracts/responses/job.ts';
import { withoutSealed } from '../../contracts/responses/response-job.ts';
import type { QueueSettings } from '../queue-settings.ts';
import type { BullmqParts } from './bullmq-parts.ts';
import type { AppendResult, JobStore, LogAppend } from './job-store.ts';
import { loadJob, StoredJob } from './stored-job.ts';

/**
 * Writes the terminal line that `line` creates from the current log: under an attempt's token, or without one if no
 * attempt runs. Reads again if the log has grown in between.
 */
export async function endJob(options: {
  store: JobStore;
  settings: QueueSettings;
  job: Job;
  token?: string;
  line(log: readonly LogLine[]): LogLine;
  now(): number;
}): Promise<Exclude<AppendResult, 'moved'>> {
  const { store, settings, job, token } = options;
  for (let round = 0; round < 20; round += 1) {
    const log = await readWholeLog(store, job.id);
    // The log is gone: nobody can read its end, and no attempt can continue it.
    if (!log) return 'missing';
    const lines = [options.line(log)];
    const append = { job, lines, expectedLength: log.length, now: options.now(), settings };
    const result = await store.append(logAppend(token === undefined ? append : { ...append, token }));
    if (result !== 'moved') return result;
  }
  throw new Error(`the log of ${job.id} grows without a running attempt`);
}

/**
 * Replaces the data of a job that has ended by the same without its sealed secrets, if it has any: nobody needs them any more.
 * @throws what the backend throws
 */
export async function eraseSecrets(
  queue: { parts: Pick<BullmqParts, 'replaceData'>; store: Pick<JobStore, 'read'> },
  { id, data }: { id: string; data: unknown },
): Promise<void> {
  const job = withoutSealed(loadJob(data));
  if (job === undefined || (await queue.store.read(id))?.terminal === undefined) return;
  await queue.parts.replaceData(id, { ...StoredJob.parse(data), job: JSON.stringify(job) });
}

/** Rows read at a time: a reader holds one page, however long the log is. */
export const logPageRows = 200;

export function parseRow(row: string): LogLine {
  return LogLine.parse(JSON.parse(row));
}

/** The whole log, page by page; undefined if the job is gone, or removed by its owner but not yet swept. */
export async function readWholeLog(store: JobStore, id: string): Promise<LogLine[] | undefined> {
  const lines: LogLine[] = [];
  for (;;) {
    const page = await store.log(id, lines.length, logPageRows);
    if (!page) return undefined;
    for (const row of page.rows) lines.push(parseRow(row));
    if (page.rows.length < logPageRows) return lines;
  }
}

/** The append request for these lines; a terminal line must be the last. */
export function logAppend(options: {
  job: Job;
  lines: readonly LogLine[];
  expectedLength: number;
  token?: string;
  now: number;
  settings: QueueSettings;
}): LogAppend {
  const { job, lines, expectedLength, token, now, settings } = options;
  const status: TerminalStatus | undefined = lines.at(-1)?.terminal;
  const retention = job.store ? settings.retentionMs : settings.unstoredRetentionMs;
  return {
    id: job.id,
    expectedLength,
    rows: lines.map((line) => JSON.stringify(line)),
    ...(token !== undefined && { token }),
    ...(status && { terminal: { status, now, expiresAt: now + retention, notify: job.notify ?? false } }),
  };
}
