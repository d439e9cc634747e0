import type { LogLine } from '../../contracts/responses/job.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { late, orLate, withBackendDeadline } from '../../core/deadlines.ts';
import type { EventsOptions } from '../../core/job-queue.ts';
import { logPageRows, parseRow } from './job-log.ts';
import type { LogPage } from './job-store.ts';
import type { LogChange } from './notices.ts';

/** The readers of this process by job id; waking one job touches only its own readers. */
type LogWaiters = {
  /** Call this before reading, so that a change in between is not missed. */
  watch(id: string): LogWatch;
  wake(id: string, change?: LogChange): void;
  wakeAll(): void;
  readers(): number;
};

/** One reader's position in a log, with the rows after it that this process appended itself and need not be read. */
type LogWatch = {
  /** Index of the next row. */
  readonly position: number;
  /** Continues at another row. */
  moveTo(position: number): void;
  /** The next rows, and moves after them; undefined if the log must be read. */
  take(): readonly string[] | undefined;
  /** So many rows were read. */
  passed(rows: number): void;
  /** Resolves when there is something to take, after `timeoutMs`, or when `signal` aborts. */
  changed(options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>;
  /** The log must be read. */
  unknown(): void;
  close(): void;
};

export function createLogWaiters(): LogWaiters {
  const watches = new Map<string, Set<Watch>>();
  let count = 0;
  const wake = (id: string, change?: LogChange) => {
    for (const watch of watches.get(id) ?? []) watch.wake(change);
  };
  return {
    wake,
    wakeAll() {
      for (const id of watches.keys()) wake(id);
    },
    readers: () => count,
    watch(id) {
      const own = watches.get(id) ?? new Set();
      const watch = new Watch(() => {
        if (!own.delete(watch)) return;
        count -= 1;
        if (own.size === 0) watches.delete(id);
      });
      watches.set(id, own.add(watch));
      count += 1;
      return watch;
    },
  };
}

const none: readonly string[] = [];

class Watch implements LogWatch {
  readonly close: () => void;
  position = 0;
  /** Rows from `position` on. */
  private held: readonly string[] = none;
  /** Nothing has been read yet. */
  private mustRead = true;
  private woken: () => void = () => {};

  constructor(close: () => void) {
    this.close = close;
  }

  moveTo(position: number): void {
    this.position = position;
    this.held = none;
    this.mustRead = true;
  }

  take(): readonly string[] | undefined {
    const { held, mustRead } = this;
    this.held = none;
    this.mustRead = false;
    if (mustRead) return undefined;
    this.position += held.length;
    return held;
  }

  passed(rows: number): void {
    this.position += rows;
    this.held = this.held.slice(rows);
  }

  async changed({ timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    if (this.mustRead || this.held.length > 0) return;
    const woken = new Promise<void>((resolve) => {
      this.woken = resolve;
    });
    if ((await orLate(woken, { ms: timeoutMs, signal })) === late) this.mustRead = true;
  }

  unknown(): void {
    this.held = none;
    this.mustRead = true;
    this.woken();
  }

  wake(change: LogChange | undefined): void {
    const end = this.position + this.held.length;
    if (change !== undefined && change.from + change.rows.length <= end) return;
    const more = change === undefined || change.from > end ? none : change.rows.slice(end - change.from);
    // A slow reader holds one page: it reads the rest itself.
    if (more.length === 0 || this.held.length + more.length > logPageRows) {
      this.unknown();
      return;
    }
    this.held = [...this.held, ...more];
    this.woken();
  }
}

/** With many readers, each checks its log less often for a missed notification: at most 200 checks a second in all. */
const recheckMsPerReader = 5;

/**
 * Reads a job's log from a cursor and follows it. It holds one page at a time, so a slow reader costs no more memory.
 */
export async function* followLog(
  id: string,
  options: EventsOptions & {
    /** A page of the log; undefined if there is no such job. */
    log(from: number, limit: number): Promise<LogPage | undefined>;
    waiters: LogWaiters;
    recheckMs: number;
  },
): AsyncGenerator<LogLine> {
  const { stream, after = -1, follow = true, signal, waiters, recheckMs } = options;
  const read = async (from: number) => {
    const page = await withBackendDeadline(() => options.log(from, logPageRows));
    if (!page) throw new ServiceError({ code: 'not_found', message: `No response with id '${id}'.`, param: 'id' });
    return page;
  };
  const watch = waiters.watch(id);
  try {
    if (after >= 0) watch.moveTo(await seek({ stream, after, read }));
    while (!signal.aborted) {
      const known = watch.take();
      const page = known === undefined ? await read(watch.position) : { rows: known, ended: false };
      if (known === undefined) watch.passed(page.rows.length);
      for (const row of page.rows) {
        const line = parseRow(row);
        if (line.stream === stream && line.number > after) yield line;
        if (line.terminal || signal.aborted) return;
      }
      if (known === undefined && page.rows.length === logPageRows) {
        watch.unknown();
        continue;
      }
      // The cursor is after the end: nothing more can come.
      if (page.ended && page.rows.length === 0) return;
      if (!follow) return;
      await watch.changed({ timeoutMs: Math.max(recheckMs, waiters.readers() * recheckMsPerReader), signal });
    }
  } finally {
    watch.close();
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
