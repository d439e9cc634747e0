import { describe, expect, test } from 'vitest';
import { createLogWaiters } from '../../../src/queue/responses/follow-log.ts';

const never = 2 ** 30;

/** A reader that has read the log, in which it found so many rows. */
function watchRead(waiters: ReturnType<typeof createLogWaiters>, id: string, rows = 0) {
  const watch = waiters.watch(id);
  watch.take();
  watch.passed(rows);
  return watch;
}

describe('waiters', () => {
  test('a change between watching and waiting is not missed', async () => {
    const waiters = createLogWaiters();
    const watch = watchRead(waiters, 'a');
    waiters.wake('a');
    await watch.changed({ timeoutMs: never });
  });

  test('wakes every waiter of the job and none of another', async () => {
    const waiters = createLogWaiters();
    const order: string[] = [];
    const wait = async (id: string) => {
      await watchRead(waiters, id).changed({ timeoutMs: never });
      order.push(id);
    };
    const [first, second, other] = [wait('a'), wait('a'), wait('b')];
    waiters.wake('a');
    await Promise.all([first, second]);
    expect(order).toEqual(['a', 'a']);
    waiters.wakeAll();
    await other;
  });

  test('ends the wait when the time is over, or the reader leaves', async () => {
    const waiters = createLogWaiters();
    await watchRead(waiters, 'a').changed({ timeoutMs: 0 });
    const reader = new AbortController();
    const waiting = watchRead(waiters, 'a').changed({ timeoutMs: never, signal: reader.signal });
    reader.abort();
    await waiting;
    await watchRead(waiters, 'a').changed({ timeoutMs: never, signal: reader.signal });
  });

  test('rows that this process appends need not be read', async () => {
    const waiters = createLogWaiters();
    const watch = watchRead(waiters, 'a', 2);
    expect(watch.take()).toEqual([]);
    waiters.wake('a', { from: 2, rows: ['c', 'd'] });
    await watch.changed({ timeoutMs: never });
    // The same rows again, and a notice that the log has this length.
    waiters.wake('a', { from: 2, rows: ['c', 'd'] });
    waiters.wake('a', { from: 4, rows: [] });
    waiters.wake('a', { from: 3, rows: ['d', 'e'] });
    expect(watch.take()).toEqual(['c', 'd', 'e']);
    expect(watch.take()).toEqual([]);
    expect(watch.position).toBe(5);
  });

  test.each([
    ['rows are missing in between', { from: 3, rows: ['d'] }],
    ['another process has appended', { from: 3, rows: [] }],
    ['anything may have changed', undefined],
    ['there are more rows than a page', { from: 2, rows: Array.from({ length: 201 }, () => 'row') }],
  ])('the log must be read if %s', async (_why, change) => {
    const waiters = createLogWaiters();
    const watch = watchRead(waiters, 'a', 2);
    waiters.wake('a', change);
    await watch.changed({ timeoutMs: never });
    expect(watch.take()).toBeUndefined();
    expect(watch.position).toBe(2);
  });

  test('rows that arrive during a read are given once', () => {
    const waiters = createLogWaiters();
    const watch = waiters.watch('a');
    expect(watch.take()).toBeUndefined();
    waiters.wake('a', { from: 0, rows: ['a', 'b'] });
    // The read has found the first of them.
    watch.passed(1);
    expect(watch.take()).toEqual(['b']);
  });

  test('a reader that leaves is not counted', () => {
    const waiters = createLogWaiters();
    const [first, second] = [waiters.watch('a'), waiters.watch('a')];
    first.close();
    first.close();
    expect(waiters.readers()).toBe(1);
    second.close();
    expect(waiters.readers()).toBe(0);
  });
});
