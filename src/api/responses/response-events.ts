import { initialEvents } from '../../contracts/responses/initial-response.ts';
import type { Job, LogLine } from '../../contracts/responses/job.ts';
import { ResponseEvent, TerminalEvent } from '../../contracts/responses/response-event.ts';
import { withTimeLimit } from '../../core/deadlines.ts';
import type { JobQueue } from '../../core/job-queue.ts';

/**
 * The event stream of a response from after a sequence number: first the events that follow from the job alone, then
 * its log, live, up to the terminal event.
 */
export function responseEvents(
  queue: JobQueue,
  job: Job,
  { after = -1, signal }: { after?: number; signal: AbortSignal },
): AsyncGenerator<ResponseEvent, void, void> {
  const initial = initialEvents(job);
  const from = after >= initial.length ? { after } : {};
  const missed = initial.filter((event) => event.sequence_number > after);
  // Only its id from here on: a stream that waits for its answer holds nothing of what was asked.
  return eventsOf(missed, queue.events(job.id, { stream: 'wire', signal, ...from }));
}

async function* eventsOf(
  initial: ResponseEvent[],
  lines: AsyncIterable<LogLine>,
): AsyncGenerator<ResponseEvent, void, void> {
  yield* emptied(initial);
  for await (const line of lines) {
    yield ResponseEvent.parse({ ...line.data, sequence_number: line.number });
    if (line.terminal) return;
  }
}

function* emptied<T>(items: T[]): Generator<T, void, void> {
  for (let item = items.shift(); item !== undefined; item = items.shift()) yield item;
}

/** The event that ends a response, once there is one; undefined when `signal` was aborted before. */
export async function terminalEvent(
  queue: JobQueue,
  id: string,
  { signal }: { signal: AbortSignal },
): Promise<TerminalEvent | undefined> {
  try {
    for await (const line of queue.events(id, { stream: 'wire', signal })) {
      if (line.terminal) return TerminalEvent.parse(line.data);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}

/** Waits until a response has ended, for `ms` at most, or until `signal` is aborted. */
export async function waitForEnd(
  queue: JobQueue,
  id: string,
  { ms, signal }: { ms: number; signal: AbortSignal },
): Promise<void> {
  await withTimeLimit({ ms, reason: 'the wait is over' }, (over) =>
    terminalEvent(queue, id, { signal: AbortSignal.any([over, signal]) }),
  );
}
