import type { Context } from 'hono';
import { late, orLate } from '../../core/deadlines.ts';
import type { ApiEnvironment, ApiLog } from '../dependencies.ts';
import { bodyStream } from '../event-stream.ts';

/**
 * JSON that may be long in coming, and whose status is 200 whatever it says. What is known within `keepAliveMs` is answered
 * as ever, an error with its own status. After that the head goes out, and a space every `keepAliveMs`: JSON may begin with
 * white space (RFC 8259, 2), so no client's time-out for reading fires. What fails from then on breaks the connection off:
 * no client takes a body that ends early for an answer. `onCancel` is called when the reader goes away before the end.
 */
export async function waitingJson<T extends object>(
  c: Context<ApiEnvironment>,
  pending: Promise<T>,
  { answer, ...options }: { answer(known: T): Response; keepAliveMs: number; log: ApiLog; onCancel(): void },
): Promise<Response> {
  const known = await orLate(pending, { ms: options.keepAliveMs });
  if (known !== late) return answer(known);
  const requestId = c.get('requestId');
  const onError = (error: unknown) =>
    options.log.error({ err: error, request_id: requestId }, 'a waiting answer broke');
  return c.body(spacedJson(pending, { ...options, onError }), 200, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
}

function spacedJson(
  pending: Promise<object>,
  { keepAliveMs, onCancel, onError }: { keepAliveMs: number; onCancel(): void; onError(error: unknown): void },
): ReadableStream<Uint8Array> {
  let gone = false;
  async function* parts(): AsyncGenerator<string, void, void> {
    yield ' ';
    try {
      yield JSON.stringify(await pending);
    } catch (error) {
      if (!gone) onError(error);
      throw error;
    }
  }
  return bodyStream(parts(), {
    encode: (text) => text,
    idle: { ms: keepAliveMs, text: () => ' ' },
    onCancel() {
      gone = true;
      onCancel();
    },
  });
}
