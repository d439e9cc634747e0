import { describe, expect, it } from 'vitest';
import { createSemaphore, merge } from '../../../src/models/servers/client/concurrency.ts';

const never = new AbortController().signal;

async function* items(values: readonly string[], log: string[] = [], fail = false): AsyncGenerator<string, void, void> {
  try {
    yield* values;
    if (fail) throw new Error('failed');
  } finally {
    log.push(`closed ${values[0]}`);
  }
}

describe('merge', () => {
  it('gives all items, those of one stream in order', async () => {
    const seen: string[] = [];
    for await (const item of merge([items(['a1', 'a2', 'a3']), items(['b1', 'b2'])], () => {})) seen.push(item);
    expect(seen.filter((item) => item.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(seen.filter((item) => item.startsWith('b'))).toEqual(['b1', 'b2']);
  });

  it('closes the others when one fails, after it has aborted them', async () => {
    const log: string[] = [];
    const merged = merge([items(['a'], log, true), items(['b', 'b2', 'b3', 'b4'], log)], () => log.push('abort'));
    await expect(drain(merged)).rejects.toThrow('failed');
    expect(log).toEqual(['closed a', 'abort', 'closed b']);
  });
});

async function drain(stream: AsyncIterable<string>): Promise<void> {
  for await (const _ of stream);
}

describe('a semaphore whose server refuses', () => {
  it('waits for another request to leave, and admits one fewer from then on', async () => {
    const semaphore = createSemaphore(2);
    const [first, second] = await Promise.all([semaphore.enter({ signal: never }), semaphore.enter({ signal: never })]);
    const log: string[] = [];
    const third = semaphore.enter({ signal: never }).then((place) => {
      log.push('third');
      return place;
    });
    const again = second.refused({ signal: never }).then((made) => log.push(`second ${made}`));
    expect(log).toEqual([]);
    first.leave();
    await again;
    expect(log).toEqual(['second true']);
    second.leave();
    (await third).leave();
  });

  it('has nobody to wait for where it is alone', async () => {
    const place = await createSemaphore(2).enter({ signal: never });
    expect(await place.refused({ signal: never })).toBe(false);
  });

  it('tries more again after many requests in peace', async () => {
    const semaphore = createSemaphore(2);
    const [first, second] = await Promise.all([semaphore.enter({ signal: never }), semaphore.enter({ signal: never })]);
    const again = second.refused({ signal: never });
    first.leave();
    await again;
    second.leave();
    for (let index = 0; index < 8; index += 1) (await semaphore.enter({ signal: never })).leave();
    const both = await Promise.all([semaphore.enter({ signal: never }), semaphore.enter({ signal: never })]);
    expect(both).toHaveLength(2);
  });
});
