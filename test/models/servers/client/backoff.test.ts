import { expect, it } from 'vitest';
import { defaultRetryPolicy, retryAfterMs, retryDelay } from '../../../../src/models/servers/client/backoff.ts';

const state = { attempt: 1, elapsedMs: 0, retryAfterMs: undefined, random: 1 };

it('doubles, with jitter over the upper half, up to the maximum', () => {
  const policy = { ...defaultRetryPolicy, attempts: 20, maximumDelayMs: 1500 };
  const delays = [1, 2, 3, 4, 5].map((attempt) => retryDelay(policy, { ...state, attempt }));
  expect(delays).toEqual([250, 500, 1000, 1500, 1500]);
  expect(retryDelay(policy, { ...state, random: 0 })).toBe(125);
});

it.each([
  ['attempts', { attempt: 5 }],
  ['time', { elapsedMs: 59_900 }],
  ['a Retry-After beyond the maximum', { retryAfterMs: 21_000 }],
])('ends at its %s', (_what, more) => {
  expect(retryDelay(defaultRetryPolicy, { ...state, ...more })).toBeUndefined();
});

it('waits exactly as long as the server asks', () => {
  expect(retryDelay(defaultRetryPolicy, { ...state, retryAfterMs: 3210 })).toBe(3210);
});

it.each([
  ['2', 2000],
  ['0', 0],
  ['Thu, 01 Jan 1970 00:00:10 GMT', 9000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
])('Retry-After: %s', (header, expected) => {
  expect(retryAfterMs(header, 1000)).toBe(expected);
});
