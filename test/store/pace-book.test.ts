import { expect, test } from 'vitest';
import { type Pace, timeLeft, timeToWait } from '../../src/contracts/service/pace.ts';
import { createPaceBook } from '../../src/store/pace-book.ts';
import { createMemoryRecords } from '../support/memory-records.ts';

const paceOf = (...ms: number[]): Pace => ({
  version: 1,
  runs: { low: ms.map((one, index) => ({ startedAt: index * 100_000, ms: one })) },
});

test.each<[string, Pace | undefined, number, number | null]>([
  ['nobody knows', undefined, 0, null],
  ['two have ended', paceOf(10, 20), 0, null],
  ['the median of three', paceOf(30, 10, 20), 0, 20],
  ['between two of four', paceOf(10, 20, 30, 40), 0, 25],
  ['less with the time that has passed', paceOf(10, 20, 30), 5, 15],
  ['of those that took longer', paceOf(10, 20, 31), 15, 11],
  ['longer than any', paceOf(10, 20, 30), 30, null],
])('what is left: %s', (_, pace, elapsed, left) => {
  expect(timeLeft(pace, 'low', elapsed)).toBe(left);
  expect(timeLeft(pace, 'high', elapsed)).toBeNull();
});

test('who waits has those before it and its own run to come', () => {
  expect(timeToWait(paceOf(10, 20, 30), 'low', 0)).toBe(40);
  expect(timeToWait(paceOf(10, 20, 30), 'low', 2)).toBe(80);
  const sideBySide: Pace = { version: 1, runs: { low: [1, 2, 3, 4].map(() => ({ startedAt: 0, ms: 20 })) } };
  expect(timeToWait(sideBySide, 'low', 3)).toBe(40);
  expect(timeToWait(paceOf(10, 20), 'low', 0)).toBeNull();
});

test('every process sees what all have measured, of the latest runs', async () => {
  const records = createMemoryRecords();
  let clock = 0;
  const [one, other] = [0, 1].map(() => createPaceBook({ records, now: () => clock }));
  expect(await other?.of('org/model.v1')).toBeUndefined();
  for (let run = 0; run < 50; run += 1) await one?.add('org/model.v1', 'low', { run: { startedAt: run, ms: run } });
  clock += 10_000;
  const pace = await other?.of('org/model.v1');
  expect(pace?.runs['low']?.map(({ ms }) => ms)).toEqual(Array.from({ length: 33 }, (_, index) => index + 17));
  expect(await other?.of('org/other')).toBeUndefined();
});

test('the latest chains are kept beside, of a response that was cut as well', async () => {
  const book = createPaceBook({ records: createMemoryRecords(), now: () => 0 });
  const chains = (from: number) =>
    Array.from({ length: 3 }, (_, index) => ({ tokens: from + index, ended: index !== 1 }));
  for (let run = 0; run < 100; run += 1) await book.add('m', 'high', { chains: chains(3 * run) });
  const pace = await book.of('m');
  expect(pace?.chains?.map(({ tokens }) => tokens)).toEqual(Array.from({ length: 200 }, (_, index) => index + 100));
  expect(pace?.chains?.filter(({ ended }) => !ended).length).toBeGreaterThan(60);
  expect(pace?.runs['high']).toEqual([]);
});
