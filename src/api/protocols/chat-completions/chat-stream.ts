import type { Context } from 'hono';
import type { ApiDependencies, ApiEnvironment, ApiLog } from '../../dependencies.ts';
import { asServiceError, errorEnvelope } from '../../errors.ts';
import { eventStream, eventStreamHeaders, type ServerSentEvent } from '../../event-stream.ts';

/** Streams chunks as OpenAI's older streams have them: server-sent events without names, then `[DONE]`. */
export function chatStream(
  c: Context<ApiEnvironment>,
  { signal, onCancel }: { signal: AbortSignal; onCancel(): void },
  chunks: AsyncIterable<object>,
  { limits, log }: Pick<ApiDependencies, 'limits' | 'log'>,
) {
  const events = chatEvents(chunks, { signal, log, requestId: c.get('requestId') });
  return c.body(eventStream(events, { keepAliveMs: limits.keepAliveMs, onCancel }), 200, eventStreamHeaders);
}

/** A failure is one more event, in the form that their clients throw on. */
async function* chatEvents(
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
