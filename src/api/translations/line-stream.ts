/**
 * JSON lines as a body (NDJSON), with `idle` (where it is given) whenever nothing came for `idleMs`. Driven by the reader's pull, as
 * `eventStream` is: a slow reader holds one line, and the source waits.
 */
export function lineStream(
  lines: AsyncIterable<object>,
  options: { idleMs?: number; idle?(): object; onCancel?(): void } = {},
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const encode = (line: object) => encoder.encode(`${JSON.stringify(line)}\n`);
  const iterator = lines[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<object>> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        pending ??= iterator.next();
        const next = options.idle === undefined ? await pending : await within(pending, options.idleMs);
        if (next === undefined) {
          controller.enqueue(encode(options.idle?.() ?? {}));
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

async function within<T>(promise: Promise<T>, ms: number | undefined): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
