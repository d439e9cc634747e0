import { initialEvents } from '../contracts/initial-response.ts';
import type { Job } from '../contracts/job.ts';
import { ResponseEvent, TerminalEvent } from '../contracts/response-event.ts';
import type { JobQueue } from '../queue/job-queue.ts';

/**
 * The event stream of a response from after a sequence number: first the events that follow from the job alone, then
 * its log, live, up to the terminal event.
 */
export async function* responseEvents(
  queue: JobQueue,
  job: Job,
  { after = -1, signal }: { after?: number; signal: AbortSignal },
): AsyncGenerator<ResponseEvent, void, void> {
  const initial = initialEvents(job);
  for (const event of initial) {
    if (event.sequence_number > after) yield event;
  }
  const from = after >= initial.length ? { after } : {};
  for await (const line of queue.events(job.id, { stream: 'wire', signal, ...from })) {
    yield ResponseEvent.parse({ ...line.data, sequence_number: line.number });
    if (line.terminal) return;
  }
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
