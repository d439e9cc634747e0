/**
 * Gives what is pushed on once per frame, all of it together: a fast stream renders no more often than the screen shows. In a
 * hidden tab, which has no frames, every 250 ms.
 */
export function perFrame<T>(take: (items: readonly T[]) => void): { push(item: T): void; flush(): void } {
  let waiting: T[] = [];
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    timer = undefined;
    const items = waiting;
    waiting = [];
    if (items.length > 0) take(items);
  };
  return {
    push(item) {
      waiting.push(item);
      if (timer !== undefined) return;
      timer = setTimeout(flush, hiddenMs);
      frame = requestAnimationFrame(flush);
    },
    flush,
  };
}

const hiddenMs = 250;
