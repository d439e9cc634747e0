import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import { late, orLate, waitAtMost, withBackendDeadline, withTimeLimit } from '../../src/core/deadlines.ts';
import { LeaseEnded } from '../../src/core/job-queue.ts';

const never = new Promise<never>(() => {});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('orLate', () => {
  it('gives what comes in time, and leaves neither timer nor listener behind', async () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    expect(await orLate(Promise.resolve(7), { ms: 1_000, signal })).toBe(7);
    expect(vi.getTimerCount()).toBe(0);
    expect(removed).toHaveBeenCalledOnce();
  });

  it('is late after the time', async () => {
    const waiting = orLate(never, { ms: 1_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBe(late);
  });

  it('is late once the signal is aborted, be it before', async () => {
    const over = new AbortController();
    const waiting = orLate(never, { signal: over.signal });
    over.abort();
    expect(await waiting).toBe(late);
    expect(await orLate(Promise.reject(new Error('nobody waits for it')), { signal: over.signal })).toBe(late);
  });

  it('passes a failure on', async () => {
    await expect(orLate(Promise.reject(new Error('broken')), { ms: 1_000 })).rejects.toThrow('broken');
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('waitAtMost says whether the work has ended', async () => {
  expect(await waitAtMost(Promise.resolve(undefined), 1_000)).toBe(true);
  const waiting = waitAtMost(never, 1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await waiting).toBe(false);
});

it('withTimeLimit aborts its signal after the time, and ends its timer with the work', async () => {
  const limit = { ms: 1_000, reason: 'the wait is over' };
  const aborted = withTimeLimit(
    limit,
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason))),
  );
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await aborted).toEqual(new Error('the wait is over'));
  expect(await withTimeLimit(limit, async (signal) => signal.aborted)).toBe(false);
  await expect(withTimeLimit(limit, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(vi.getTimerCount()).toBe(0);
});

describe('withBackendDeadline', () => {
  it('gives the answer, and what the backend itself refuses', async () => {
    expect(await withBackendDeadline(async () => 7)).toBe(7);
    for (const refusal of [new ServiceError({ code: 'not_found', message: 'none' }), new LeaseEnded('lost')]) {
      await expect(withBackendDeadline(() => Promise.reject(refusal))).rejects.toBe(refusal);
    }
  });

  it('is unavailable where it fails, or gives no answer for 8 s', async () => {
    const failed = withBackendDeadline(() => Promise.reject(new Error('ECONNREFUSED')));
    await expect(failed).rejects.toMatchObject({ code: 'backend_unavailable' });
    const silent = withBackendDeadline(() => never).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(await silent).toMatchObject({ code: 'backend_unavailable' });
  });

  it('waits again where the 8 s passed while the process was paused', async () => {
    let reply = (_: number): void => undefined;
    const work = new Promise<number>((resolve) => {
      reply = resolve;
    });
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    const answer = withBackendDeadline(() => work);
    now.mockReturnValue(60_000);
    await vi.advanceTimersByTimeAsync(8_000);
    reply(7);
    expect(await answer).toBe(7);
    const silent = withBackendDeadline(() => never).catch((error: unknown) => error);
    now.mockReturnValue(120_000);
    await vi.advanceTimersByTimeAsync(8_000);
    now.mockReturnValue(128_000);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(await silent).toMatchObject({ code: 'backend_unavailable' });
    now.mockRestore();
  });
});
