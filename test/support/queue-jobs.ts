import { randomUUID } from 'node:crypto';
import type { Job, LogLine, TerminalStatus } from '../../src/contracts/responses/job.ts';
import type { JobQueue, TerminalLines } from '../../src/core/job-queue.ts';
import { queueName } from '../../src/queue/queue-names.ts';

export function makeJob(fields: Partial<Job> = {}): Job {
  return {
    version: 1,
    id: `resp_${randomUUID().replaceAll('-', '')}`,
    model: 'scripted',
    tier: 'default',
    createdAt: Date.now(),
    owner: null,
    store: true,
    body: { input: 'hello' },
    ...fields,
  };
}

/** The BullMQ queue for the jobs of `makeJob`. */
export function queueOf(base: string): string {
  return queueName(base, { model: 'scripted', tier: 'default' });
}

export function wire(number: number, text = `line ${number}`): LogLine {
  return { stream: 'wire', number, data: { text } };
}

export function trace(number: number): LogLine {
  return { stream: 'trace', number, data: { step: number } };
}

export function terminal(number: number, status: TerminalStatus = 'completed'): LogLine {
  return { stream: 'wire', number, terminal: status, data: { status } };
}

/** Like the product's: the number continues the log. */
export const testTerminalLines: TerminalLines = {
  cancelled: (_job, log) => ({ ...terminal(nextWire(log), 'cancelled'), data: { by: 'queue' } }),
  late: (_job, log) => ({ ...terminal(nextWire(log), 'incomplete'), data: { by: 'queue' } }),
  failed: (_job, log, reason) => ({ ...terminal(nextWire(log), 'failed'), data: { reason } }),
};

export function nextWire(log: readonly LogLine[]): number {
  return log.filter((line) => line.stream === 'wire').length;
}

/** All lines of a stream up to the job's end. */
export async function readAll(
  queue: JobQueue,
  id: string,
  options: { stream?: LogLine['stream']; after?: number; follow?: boolean; signal?: AbortSignal } = {},
): Promise<LogLine[]> {
  const { stream = 'wire', after, follow = true, signal = new AbortController().signal } = options;
  const lines: LogLine[] = [];
  for await (const line of queue.events(id, { stream, follow, signal, ...(after !== undefined && { after }) }))
    lines.push(line);
  return lines;
}

/** A promise that can be resolved from outside. */
export function gate<T = void>(): { promise: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open: (value) => open(value) };
}

/** Resolves with the reason once the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve(signal.reason);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));
}
