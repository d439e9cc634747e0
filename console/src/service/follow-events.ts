import { EventSourceParserStream } from 'eventsource-parser/stream';
import { request } from './request.ts';
import { asFault } from './service-fault.ts';
import { growingPauses, isPassing } from './when-reachable.ts';

/** Whether events come in, or the connection is lost and being made anew. */
export type LinkState = 'live' | 'reconnecting';

/**
 * The events of a stream of ours, in order and each once: a lost connection is made anew with `starting_after`. Ends with
 * the stream's `[DONE]`.
 * @throws ServiceFault where the service refuses (a missing response, no scope); not for a lost connection
 */
export async function* followEvents<T extends { sequence_number: number }>(
  path: string,
  options: { signal: AbortSignal; after?: number | undefined; onLink?(state: LinkState): void },
): AsyncGenerator<T, void, void> {
  const { signal, onLink } = options;
  let after = options.after;
  const pauses = growingPauses(signal);
  while (!signal.aborted) {
    let retryAfter: number | undefined;
    try {
      const query = after === undefined ? '?stream=true' : `?stream=true&starting_after=${after}`;
      const answer = await request(`${path}${query}`, { signal });
      onLink?.('live');
      pauses.reset();
      for await (const data of messages(answer, signal)) {
        if (data === '[DONE]') return;
        const event = JSON.parse(data) as T & { type?: string };
        // A failure of the stream itself is no event of the log: it is taken up again after what was read.
        if (event.type === 'error') break;
        if (after !== undefined && event.sequence_number <= after) continue;
        after = event.sequence_number;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      const fault = asFault(error);
      if (!isPassing(fault)) throw fault;
      retryAfter = fault.retryAfter;
    }
    if (signal.aborted) return;
    onLink?.('reconnecting');
    await pauses.next(retryAfter);
  }
}

async function* messages(answer: Response, signal: AbortSignal): AsyncGenerator<string, void, void> {
  if (answer.body === null) return;
  const reader = answer.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    while (!signal.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value.data;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
