import { describe, expect, test } from 'vitest';
import { createLogWaiters } from '../../../src/queue/responses/follow-log.ts';

const never = 2 ** 30;

describe('waiters', () => {
  test('a change between watching and waiting is not missed', async () => {
    const waiters = createLogWaiters();
    const watch = waiters.watch('a');
    waiters.wake('a');
    await watch.changed({ timeoutMs: never });
  });

  test('wakes every waiter of the job and none of another', async () => {
    const waiters = createLogWaiters();
    const order: string[] = [];
    const wait = async (id: string) => {
      await waiters.watch(id).changed({ timeoutMs: never });
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
    await waiters.watch('a').changed({ timeoutMs: 0 });
    const reader = new AbortController();
    const waiting = waiters.watch('a').changed({ timeoutMs: never, signal: reader.signal });
    reader.abort();
    await waiting;
    await waiters.watch('a').changed({ timeoutMs: never, signal: reader.signal });
  });
});
