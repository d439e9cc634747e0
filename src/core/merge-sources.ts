/** Several sources as one, in the order in which their items come. Asks a source for its next item only once its last was taken. */
export async function* mergeSources<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T, void, void> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const next = async (index: number) => ({ index, result: await iterators[index]?.next() });
  const pending = new Map(iterators.map((_iterator, index) => [index, next(index)]));
  try {
    while (pending.size > 0) {
      const { index, result } = await Promise.race(pending.values());
      if (result === undefined || result.done) {
        pending.delete(index);
        continue;
      }
      yield result.value;
      pending.set(index, next(index));
    }
  } finally {
    // Sources that still wait end by their own signal; how they end is of no interest any more.
    for (const promise of pending.values()) promise.catch(() => undefined);
    for (const iterator of iterators) iterator.return?.()?.catch(() => undefined);
  }
}
