/**
 * Items of several streams as they come. Leaving early, or a failure of one, closes all of them; `abort` is called first,
 * since a stream that waits for its source can't be closed.
 */
export async function* merge<Item>(
  streams: ReadonlyArray<AsyncGenerator<Item, void, void>>,
  abort: () => void,
): AsyncGenerator<Item, void, void> {
  type Step = { stream: AsyncGenerator<Item, void, void>; result: IteratorResult<Item, void> };
  const pending = new Map<AsyncGenerator<Item, void, void>, Promise<Step>>();
  const ask = (stream: AsyncGenerator<Item, void, void>) => {
    pending.set(
      stream,
      stream.next().then((result) => ({ stream, result })),
    );
  };
  for (const stream of streams) ask(stream);
  try {
    while (pending.size > 0) {
      const { stream, result } = await Promise.race(pending.values());
      if (result.done) {
        pending.delete(stream);
      } else {
        ask(stream);
        yield result.value;
      }
    }
  } finally {
    abort();
    await Promise.allSettled([...pending.values(), ...streams.map((stream) => stream.return())]);
  }
}

/** One stream after the other. */
export async function* inTurn<Item>(
  streams: Iterable<AsyncGenerator<Item, void, void>>,
): AsyncGenerator<Item, void, void> {
  for (const stream of streams) yield* stream;
}
