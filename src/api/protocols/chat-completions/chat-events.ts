import type { ApiLog } from '../../dependencies.ts';
import { asServiceError, errorEnvelope } from '../../errors.ts';
import type { ServerSentEvent } from '../../event-stream.ts';

/** Chunks as OpenAI's older streams have them. A failure is one more event, in the form that their clients throw on. */
export async function* chatEvents(
  chunks: AsyncIterable<object>,
  { signal, log, requestId }: { signal: AbortSignal; log: ApiLog; requestId: string },
): AsyncGenerator<ServerSentEvent, void, void> {
  try {
    for await (const chunk of chunks) yield { data: JSON.stringify(chunk) };
  } catch (error) {
    if (signal.aborted) return;
    log.error({ err: error, request_id: requestId }, 'a chat stream broke');
    yield { data: JSON.stringify(errorEnvelope(asServiceError(error))) };
    return;
  }
  if (!signal.aborted) yield { data: '[DONE]' };
}
