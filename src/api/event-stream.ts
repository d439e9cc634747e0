/** One server-sent event; `data` without line breaks. */
export type ServerSentEvent = { event?: string; id?: string; data: string };

export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/**
 * Server-sent events as a body, with a comment, or the event `keepAlive`, whenever nothing came for `keepAliveMs`. Driven by the reader's pull: a
 * slow reader holds one event, and the source waits. (Hono's `streamSSE` writes into a TransformStream, where a write to
 * a reader that went away never settles.) `onCancel` is called when the reader goes away before the end.
 */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  options: { keepAliveMs: number; keepAlive?: ServerSentEvent | undefined; onCancel(): void },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = events[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<ServerSentEvent>> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        pending ??= iterator.next();
        const next = await beforeTimeout(pending, options.keepAliveMs);
        if (next === undefined) {
          controller.enqueue(encoder.encode(options.keepAlive ? format(options.keepAlive) : ': keep-alive\n\n'));
          return;
        }
        pending = undefined;
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(format(next.value)));
      },
      cancel() {
        options.onCancel();
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

/** What a promise comes to within `ms`; undefined where it takes longer. */
export async function beforeTimeout<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
