import { expect, test } from 'vitest';
import { emptyAccount, reserve, settle } from '../../src/store/usage-ledger.ts';

const noon = Date.parse('2026-11-24T12:00:00Z');
const nextDay = Date.parse('2026-11-25T00:00:00Z');
const limits = { concurrent_responses: 2, tokens_per_day: 100 };
const place = (id: string, tokens = 10) => ({ id, tokens, batch: false });

/** Reserves in order, and gives the last account. */
function after(...places: ReturnType<typeof place>[]) {
  return places.reduce((account, one) => reserve(account, one, { limits, now: noon }).account, emptyAccount(noon));
}

test('what is reserved is gone until it is booked, and then only what was used is', () => {
  const account = after(place('a', 90));
  expect(reserve(account, place('b', 20), { limits, now: noon }).outcome).toEqual({
    type: 'over_quota',
    tokensLeft: 10,
  });
  const booked = settle(account, 'a', 30);
  expect(reserve(booked, place('b', 70), { limits, now: noon }).outcome).toEqual({ type: 'reserved', tokensLeft: 0 });
  expect(settle(booked, 'a', 30)).toEqual(booked);
});

test('too many at a time are refused, those of batches are not counted', () => {
  const account = after(place('a'), place('b'));
  expect(reserve(account, place('c'), { limits, now: noon }).outcome).toEqual({ type: 'too_many', running: 2 });
  expect(reserve(account, { ...place('c'), batch: true }, { limits, now: noon }).outcome.type).toBe('reserved');
  expect(reserve(settle(account, 'a', 1), place('c'), { limits, now: noon }).outcome.type).toBe('reserved');
});

test('a refusal changes nothing', () => {
  const account = after(place('a'), place('b'));
  expect(reserve(account, place('c', 1_000), { limits, now: noon }).account).toEqual(account);
});

test('the same response takes one place', () => {
  const account = after(place('a'), place('b'));
  const again = reserve(account, place('b'), { limits, now: noon });
  expect(again.outcome.type).toBe('held');
  expect(again.account).toEqual(account);
});

test('a longer request for the same response raises its reservation as far as there are tokens, a shorter one leaves it', () => {
  const account = after(place('a', 10));
  expect(reserve(account, place('a', 5), { limits, now: noon })).toMatchObject({
    account,
    outcome: { type: 'held', tokensLeft: 90 },
  });
  const raised = reserve(account, place('a', 60), { limits, now: noon });
  expect(raised.outcome).toEqual({ type: 'held', tokensLeft: 40 });
  expect(reserve(raised.account, place('b', 50), { limits, now: noon }).outcome.type).toBe('over_quota');
  expect(reserve(account, place('a', 101), { limits, now: noon }).outcome).toEqual({
    type: 'over_quota',
    tokensLeft: 90,
  });
});

test('a new day begins with all tokens; what runs over midnight keeps its place, and is booked to the day it came in', () => {
  const account = settle(after(place('a', 40), place('b', 50)), 'a', 40);
  const first = reserve(account, place('c', 100), { limits, now: nextDay });
  expect(first.outcome).toEqual({ type: 'reserved', tokensLeft: 0 });
  expect(reserve(first.account, place('d', 1), { limits, now: nextDay }).outcome.type).toBe('too_many');
  expect(settle(first.account, 'b', 50)).toMatchObject({ day: '2026-11-25', used: 0 });
});

test('more than was reserved is booked as it was used', () => {
  expect(settle(after(place('a', 10)), 'a', 200).used).toBe(200);
});
