import type { ApiLog } from './dependencies.ts';
import type { ServerSentEvent } from './event-stream.ts';
import { asServiceError, errorEnvelope } from './on-error.ts';

type Numbered = { type: string; sequence_number: number };

/**
 * Events as server-sent ones, closed by `[DONE]`. A source that fails ends in an `error` event, numbered as the last
 * event that was sent, or the one that the reader resumed `after`, so that resuming there misses and repeats nothing; one
 * whose signal was aborted just ends.
 */
export async function* sseEvents(
  events: AsyncIterable<Numbered>,
  options: { ids: boolean; after?: number | undefined; signal: AbortSignal; log: ApiLog; requestId: string },
): AsyncGenerator<ServerSentEvent, void, void> {
  let last = options.after ?? 0;
  try {
    for await (const event of events) {
      last = event.sequence_number;
      yield { event: event.type, data: JSON.stringify(event), ...(options.ids ? { id: String(last) } : {}) };
    }
  } catch (error) {
    if (options.signal.aborted) return;
    const fault = asServiceError(error);
    const { code, message } = fault;
    options.log.error({ err: error, request_id: options.requestId }, 'an event stream broke');
    yield {
      event: 'error',
      data: JSON.stringify({
        type: 'error',
        sequence_number: last,
        code,
        message,
        param: null,
        ...errorEnvelope(fault),
      }),
    };
    return;
  }
  if (!options.signal.aborted) yield { data: '[DONE]' };
}
