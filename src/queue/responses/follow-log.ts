import type { LogLine } from '../../contracts/responses/job.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { orLate, withBackendDeadline } from '../../core/deadlines.ts';
import type { EventsOptions } from '../../core/job-queue.ts';
import { logPageRows, parseRow } from './job-log.ts';
import type { JobStore, LogPage } from './job-store.ts';

/** Waiters of this process by job id; waking one job touches only its own waiters. */
type LogWaiters = {
  /** Call this before reading, so that a change in between is not missed. */
  watch(id: string): Watch;
  wake(id: string): void;
  wakeAll(): void;
};

type Watch = {
  /** Resolves on the first wake since `watch`, after `timeoutMs`, or when `signal` aborts. */
  changed(options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>;
  close(): void;
};

export function createLogWaiters(): LogWaiters {
  const waiters = new Map<string, Set<() => void>>();
  const wake = (id: string) => {
    const own = waiters.get(id);
    waiters.delete(id);
    for (const resolve of own ?? []) resolve();
  };
  return {
    wake,
    wakeAll() {
      for (const id of [...waiters.keys()]) wake(id);
    },
    watch(id) {
      let resolve = () => {};
      const woken = new Promise<void>((done) => {
        resolve = done;
      });
      const own = waiters.get(id) ?? new Set();
      waiters.set(id, own.add(resolve));
      return {
        async changed({ timeoutMs, signal }) {
          await orLate(woken, { ms: timeoutMs, signal });
        },
        close() {
          own.delete(resolve);
          if (own.size === 0 && waiters.get(id) === own) waiters.delete(id);
        },
      };
    },
  };
}

/**
 * Reads a job's log from a cursor and follows it. It holds one page at a time, so a slow reader costs no more memory.
 */
export async function* followLog(
  id: string,
  options: EventsOptions & {
    find(id: string): Promise<{ store: JobStore } | undefined>;
    waiters: LogWaiters;
    recheckMs: number;
  },
): AsyncGenerator<LogLine> {
  const { stream, after = -1, follow = true, signal, waiters, recheckMs } = options;
  const read = async (from: number) => {
    const page = await withBackendDeadline(async () => (await options.find(id))?.store.log(id, from, logPageRows));
    if (!page) throw new ServiceError({ code: 'not_found', message: `No response with id '${id}'.`, param: 'id' });
    return page;
  };
  let position = after < 0 ? 0 : await seek({ stream, after, read });
  while (!signal.aborted) {
    const watch = waiters.watch(id);
    try {
      const page = await read(position);
      position += page.rows.length;
      for (const line of page.rows.map(parseRow)) {
        if (line.stream === stream && line.number > after) yield line;
        if (line.terminal || signal.aborted) return;
      }
      if (page.rows.length === logPageRows) continue;
      // The cursor is after the end: nothing more can come.
      if (page.ended && page.rows.length === 0) return;
      if (!follow) return;
      await watch.changed({ timeoutMs: recheckMs, signal });
    } finally {
      watch.close();
    }
  }
}

/**
 * An index of the log at or before the line after the cursor. The streams share the log, so a line's index is seldom
 * far below its number. The guess is checked against the numbers found there and halved until it is low enough.
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
