import { beforeTimeout } from './event-stream.ts';

/**
 * JSON lines as a body (NDJSON), with `idle.line` (where it is given) whenever nothing came for `idle.ms`. Driven by the reader's pull, as
 * `eventStream` is: a slow reader holds one line, and the source waits.
 */
export function lineStream(
  lines: AsyncIterable<object>,
  options: { idle?: { ms: number; line(): object }; onCancel?(): void } = {},
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const encode = (line: object) => encoder.encode(`${JSON.stringify(line)}\n`);
  const iterator = lines[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<object>> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        pending ??= iterator.next();
        const { idle } = options;
        const next = idle === undefined ? await pending : await beforeTimeout(pending, idle.ms);
        if (next === undefined) {
          controller.enqueue(encode(idle?.line() ?? {}));
          return;
        }
        pending = undefined;
        if (next.done) controller.close();
        else controller.enqueue(encode(next.value));
      },
      cancel() {
        options.onCancel?.();
        // The source ends by its own signal; whatever it ends with has no reader any more.
        iterator.return?.().catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
