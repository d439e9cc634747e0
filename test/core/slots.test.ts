import { expect, it } from 'vitest';
import { createSlots } from '../../src/core/slots.ts';

const never = new AbortController().signal;

it('admits in order of arrival as slots are released, and who is put at the front before the others', async () => {
  const slots = createSlots(1);
  const log: string[] = [];
  const pass = async (name: string, atFront = false) => {
    const release = await slots.acquire({ signal: never, atFront });
    log.push(name);
    release();
  };
  const release = await slots.acquire({ signal: never });
  const all = [pass('second'), pass('third'), pass('first', true)];
  expect(log).toEqual([]);
  release();
  await Promise.all(all);
  expect(log).toEqual(['first', 'second', 'third']);
  expect(slots.held()).toBe(0);
});

it('one release frees one slot, however often it is called', async () => {
  const slots = createSlots(1);
  const release = await slots.acquire({ signal: never });
  const other = slots.acquire({ signal: never });
  release();
  release();
  (await other)();
  expect(slots.held()).toBe(0);
});

it('a caller that is aborted leaves without a slot, and the next one gets it', async () => {
  const slots = createSlots(1);
  const release = await slots.acquire({ signal: never });
  const cancel = new AbortController();
  const waiting = slots.acquire({ signal: cancel.signal });
  const next = slots.acquire({ signal: never });
  cancel.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  await expect(slots.acquire({ signal: cancel.signal })).rejects.toThrow('gone');
  release();
  (await next)();
  expect(slots.held()).toBe(0);
});

it('a lower count takes no slot away, and a higher one admits those that wait', async () => {
  const slots = createSlots(2);
  const releases = await Promise.all([slots.acquire({ signal: never }), slots.acquire({ signal: never })]);
  slots.resize(1);
  let admitted = 0;
  const waiting = [0, 1].map(async () => {
    await slots.acquire({ signal: never });
    admitted += 1;
  });
  releases[0]();
  await Promise.resolve();
  expect([slots.held(), admitted]).toEqual([1, 0]);
  slots.resize(3);
  await Promise.all(waiting);
  expect([slots.held(), admitted]).toEqual([3, 2]);
});
