/** Runs `act` on all items, `concurrency` at a time, and returns the results in the items' order. */
export async function forEachOf<Item, Result>(
  items: readonly Item[],
  options: { concurrency: number; onProgress(stage: string, done: number, total: number): void },
  stage: string,
  act: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const open = items.map((item, index) => ({ item, index }));
  let done = 0;
  if (items.length > 0) options.onProgress(stage, 0, items.length);
  const workers = Array.from({ length: Math.min(options.concurrency, items.length) }, async () => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      results[next.index] = await act(next.item, next.index);
      done += 1;
      options.onProgress(stage, done, items.length);
    }
  });
  await Promise.all(workers);
  return results;
}
