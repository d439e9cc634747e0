import { describe, expect, test } from 'vitest';
import { createWakeups } from '../../../src/queue/responses/follow-log.ts';

const never = 2 ** 30;

describe('wakeups', () => {
  test('a change between watching and waiting is not missed', async () => {
    const wakeups = createWakeups();
    const watch = wakeups.watch('a');
    wakeups.wake('a');
    await watch.changed({ timeoutMs: never });
  });

  test('wakes every waiter of the job and none of another', async () => {
    const wakeups = createWakeups();
    const order: string[] = [];
    const wait = async (id: string) => {
      await wakeups.watch(id).changed({ timeoutMs: never });
      order.push(id);
    };
    const [first, second, other] = [wait('a'), wait('a'), wait('b')];
    wakeups.wake('a');
    await Promise.all([first, second]);
    expect(order).toEqual(['a', 'a']);
    wakeups.wakeAll();
    await other;
  });

  test('ends the wait when the time is over, or the reader leaves', async () => {
    const wakeups = createWakeups();
    await wakeups.watch('a').changed({ timeoutMs: 0 });
    const reader = new AbortController();
    const waiting = wakeups.watch('a').changed({ timeoutMs: never, signal: reader.signal });
    reader.abort();
    await waiting;
    await wakeups.watch('a').changed({ timeoutMs: never, signal: reader.signal });
  });
});
