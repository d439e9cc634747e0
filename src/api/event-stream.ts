import { createHash } from 'node:crypto';
import type { ResponseEvent } from '../contracts/responses/response-event.ts';
import type { ApiLog } from './dependencies.ts';
import { asServiceError, errorEnvelope } from './errors.ts';

/** Characters: a padded text's length is a multiple of it. */
const step = 32;

/**
 * Deltas with an `obfuscation` of as many characters as make all pieces much alike in length, so that whoever sees only the
 * sizes of packets can't guess at words (OpenAI's `stream_options.include_obfuscation`). It follows from id and number: a
 * stream that is resumed is the same to the byte.
 */
export async function* paddedEvents(
  id: string,
  events: AsyncIterable<ResponseEvent>,
): AsyncGenerator<ResponseEvent, void, void> {
  for await (const event of events) {
    if (!('delta' in event)) {
      yield event;
      continue;
    }
    const length = step - (event.delta.length % step);
    const characters = createHash('sha256').update(`${id}:${event.sequence_number}`).digest('base64url');
    yield { ...event, obfuscation: characters.slice(0, length) };
  }
}

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

/** JSON lines as a body (NDJSON), with `idle.line` (where it is given) whenever nothing came for `idle.ms`. */
export function lineStream(
  lines: AsyncIterable<object>,
  { idle, onCancel }: { idle?: { ms: number; line(): object }; onCancel?(): void } = {},
): ReadableStream<Uint8Array> {
  const encode = (line: object) => `${JSON.stringify(line)}\n`;
  return bodyStream(lines, {
    encode,
    ...(idle && { idle: { ms: idle.ms, text: () => encode(idle.line()) } }),
    onCancel: () => onCancel?.(),
  });
}

/** One server-sent event; `data` without line breaks. */
export type ServerSentEvent = { event?: string; id?: string; data: string };

export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/**
 * Server-sent events as a body, with a comment, or the event `keepAlive`, whenever nothing came for `keepAliveMs`. `onCancel` is called
 * when the reader goes away before the end.
 */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  {
    keepAliveMs,
    keepAlive,
    onCancel,
  }: { keepAliveMs: number; keepAlive?: ServerSentEvent | undefined; onCancel(): void },
): ReadableStream<Uint8Array> {
  const text = () => (keepAlive ? format(keepAlive) : ': keep-alive\n\n');
  return bodyStream(events, { encode: format, idle: { ms: keepAliveMs, text }, onCancel });
}

const encoder = new TextEncoder();

/**
 * What a source yields as a body, with `idle.text` whenever nothing came for `idle.ms`. Driven by the reader's pull: a slow reader holds
 * one item, and the source waits. (Hono's `streamSSE` writes into a TransformStream, where a write to a reader that went away never
 * settles.) `onCancel` is called when the reader goes away before the end.
 */
export function bodyStream<T>(
  source: AsyncIterable<T>,
  { encode, idle, onCancel }: { encode(item: T): string; idle?: { ms: number; text(): string }; onCancel(): void },
): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // While this call waits for the next item, so that a stream that is idle for hours holds one wait and not one per interval.
        const beat = () => {
          // A reader that has not taken the last one gets no other.
          if (controller.desiredSize === 0) controller.enqueue(encoder.encode(idle?.text()));
          timer = setTimeout(beat, idle?.ms);
        };
        if (idle) timer = setTimeout(beat, idle.ms);
        try {
          const next = await iterator.next();
          if (next.done) controller.close();
          else controller.enqueue(encoder.encode(encode(next.value)));
        } finally {
          clearTimeout(timer);
        }
      },
      cancel() {
        clearTimeout(timer);
        onCancel();
        // The source ends by its own signal; whatever it ends with has no reader any more.
        iterator.return?.().catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

function format({ event, id, data }: ServerSentEvent): string {
  return `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}
