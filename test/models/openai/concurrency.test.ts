import { describe, expect, it } from 'vitest';
import { createGate } from '../../../src/models/openai/gate.ts';
import { merge } from '../../../src/models/openai/merge.ts';
import { createPurse } from '../../../src/models/openai/purse.ts';

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

describe('gate', () => {
  it('admits in order of arrival, as places come free', async () => {
    const gate = createGate(1);
    const log: number[] = [];
    const leave = await gate.enter({ signal: never });
    const second = gate.enter({ signal: never }).then((out) => {
      log.push(2);
      return out;
    });
    const third = gate.enter({ signal: never }).then((out) => {
      log.push(3);
      return out;
    });
    leave();
    leave();
    (await second)();
    (await third)();
    expect(log).toEqual([2, 3]);
  });

  it('lets one that is cancelled go without taking a place', async () => {
    const gate = createGate(1);
    const leave = await gate.enter({ signal: never });
    const cancel = new AbortController();
    const waiting = gate.enter({ signal: cancel.signal });
    cancel.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    leave();
    (await gate.enter({ signal: never }))();
  });
});

describe('purse', () => {
  it('gives no more than there is and says when it is empty', () => {
    const purse = createPurse(5);
    expect(purse.take(3)).toBe(true);
    expect(purse.spent.aborted).toBe(false);
    expect(purse.take(2)).toBe(true);
    expect(purse.spent.aborted).toBe(true);
    expect(purse.take(1)).toBe(false);
  });

  it('a piece that is too large ends it', () => {
    const purse = createPurse(5);
    expect(purse.take(6)).toBe(false);
    expect(purse.spent.aborted).toBe(true);
    expect(purse.remaining()).toBe(0);
  });
});
