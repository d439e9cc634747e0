import type { LogLine } from '../../contracts/responses/job.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { EventsOptions } from '../../core/job-queue.ts';
import { reachBackend } from '../../core/reach-backend.ts';
import { logPageRows, parseRow } from './job-log.ts';
import type { JobStore, LogPage } from './job-store.ts';
import type { Wakeups } from './wakeups.ts';

/** Reads a job's log from a cursor and follows it; holds one page at a time, so a slow reader costs no more than that. */
export async function* followLog(
  id: string,
  options: EventsOptions & {
    find(id: string): Promise<{ store: JobStore } | undefined>;
    wakeups: Wakeups;
    recheckMs: number;
  },
): AsyncGenerator<LogLine> {
  const { stream, after = -1, follow = true, signal, wakeups, recheckMs } = options;
  const read = async (from: number) => {
    const page = await reachBackend(async () => (await options.find(id))?.store.log(id, from, logPageRows));
    if (!page) throw new ServiceError({ code: 'not_found', message: `No response with id '${id}'.`, param: 'id' });
    return page;
  };
  let position = after < 0 ? 0 : await seek({ stream, after, read });
  while (!signal.aborted) {
    const watch = wakeups.watch(id);
    try {
      const page = await read(position);
      position += page.rows.length;
      for (const line of page.rows.map(parseRow)) {
        if (line.stream === stream && line.number > after) yield line;
        if (line.terminal || signal.aborted) return;
      }
      if (page.rows.length === logPageRows) continue;
      // A cursor behind the end: there is nothing to come.
      if (page.ended && page.rows.length === 0) return;
      if (!follow) return;
      await watch.changed({ timeoutMs: recheckMs, signal });
    } finally {
      watch.close();
    }
  }
}

/**
 * An index of the log at or before the line after the cursor. The streams share the log, so a line's index is seldom far
 * below its number; the guess is checked by the numbers found there and halved until it holds.
 */
async function seek(options: {
  stream: LogLine['stream'];
  after: number;
  read(from: number): Promise<LogPage>;
}): Promise<number> {
  const { stream, after, read } = options;
  for (let guess = after - 64; guess > 0; guess = Math.floor(guess / 2)) {
    const next = (await read(guess)).rows.map(parseRow).find((line) => line.stream === stream);
    if (next && next.number <= after + 1) return guess;
  }
  return 0;
}
