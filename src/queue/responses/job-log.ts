import type { Job } from '../../contracts/responses/job.ts';
import { LogLine, type TerminalStatus } from '../../contracts/responses/job.ts';
import type { QueueSettings } from '../queue-settings.ts';
import type { JobStore, LogAppend } from './job-store.ts';

/** Rows read at a time: a reader holds one page, however long the log. */
export const logPageRows = 200;

export function parseRow(row: string): LogLine {
  return LogLine.parse(JSON.parse(row));
}

/** The whole log, in pages; undefined where the job is gone, or removed by its owner and not swept yet. */
export async function readWholeLog(store: JobStore, id: string): Promise<LogLine[] | undefined> {
  const lines: LogLine[] = [];
  for (;;) {
    const page = await store.log(id, lines.length, logPageRows);
    if (!page) return undefined;
    for (const row of page.rows) lines.push(parseRow(row));
    if (page.rows.length < logPageRows) return lines;
  }
}

/** The append of these lines; a terminal one must be the last. */
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
