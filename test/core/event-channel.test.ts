import { describe, expect, it } from 'vitest';
import { createEventChannel } from '../../src/core/event-channel.ts';

async function readAll<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('event channel', () => {
  it('gives what was pushed before and during the reading, in order', async () => {
    const channel = createEventChannel<number>();
    channel.push(1);
    const reading = readAll(channel.read());
    await Promise.resolve();
    channel.push(2);
    channel.push(3);
    channel.end();
    channel.push(4);
    expect(await reading).toEqual([1, 2, 3]);
  });

  it('fails at once and drops what waits', async () => {
    const channel = createEventChannel<number>();
    const reason = new Error('stop');
    const seen: number[] = [];
    const reading = (async () => {
      for await (const item of channel.read()) {
        seen.push(item);
        channel.fail(reason);
      }
    })();
    channel.push(1);
    channel.push(2);
    await expect(reading).rejects.toBe(reason);
    expect(seen).toEqual([1]);
  });

  it('hears of a reader that leaves early', async () => {
    const channel = createEventChannel<number>();
    channel.push(1);
    let left = false;
    for await (const _item of channel.read(() => (left = true))) break;
    expect(left).toBe(true);
  });
});
