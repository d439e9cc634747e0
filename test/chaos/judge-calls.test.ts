import { describe, expect, test } from 'vitest';
import type { ModelCall } from './chaos-model.ts';
import { unkeptCalls } from './judge-calls.ts';

/** Calls of one worker's process, a second apart. */
function callsOf(names: string, inference = 1): ModelCall[] {
  return [...names].map((call, place) => ({
    job: 'job-0',
    call,
    rows: 1,
    thinks: true,
    prefix: 0,
    inference,
    worker: 100 + inference,
    at: 20_000 + place * 1_000,
  }));
}

/** The names of calls that are `lost` and thought `again`; those in capitals are kept. */
function judged(calls: readonly ModelCall[], { pauses = [] as number[], outages = [] as [number, number][] } = {}) {
  const found = unkeptCalls({
    calls,
    isKept: ({ call }) => call === call.toUpperCase(),
    pauses,
    outages: outages.map(([from, to]) => ({ from, to })),
  });
  const names = (list: readonly ModelCall[]) => list.map(({ call }) => call).join('');
  return {
    again: found.map(({ thoughtAgain }) => names(thoughtAgain)).join(''),
    lost: found.map(({ lostWithBackend }) => names(lostWithBackend)).join(''),
  };
}

describe('calls that left nothing in the log', () => {
  test('may be the last two of a process', () => {
    expect(judged(callsOf('ABcd'))).toEqual({ again: '', lost: '' });
    expect(judged([...callsOf('Abc'), ...callsOf('DEf', 2)])).toEqual({ again: '', lost: '' });
  });

  test('are thought again where the process went on', () => {
    expect(judged(callsOf('aBCD'))).toEqual({ again: 'a', lost: '' });
    expect(judged(callsOf('abCD'))).toEqual({ again: 'ab', lost: '' });
  });

  test('may be of a worker that slept and came back to its job', () => {
    expect(judged(callsOf('abCD'), { pauses: [101] })).toEqual({ again: '', lost: '' });
    expect(judged(callsOf('abCD'), { pauses: [102] })).toEqual({ again: 'ab', lost: '' });
  });

  test('are lost with a backend that was away for longer than a lock surely holds, and else a fault', () => {
    expect(judged(callsOf('abCD'), { outages: [[20_500, 26_000]] })).toEqual({ again: '', lost: 'ab' });
    expect(judged(callsOf('abCD'), { outages: [[20_500, 25_000]] })).toEqual({ again: 'ab', lost: '' });
    expect(judged(callsOf('abCD'), { outages: [[40_000, 52_000]] })).toEqual({ again: 'ab', lost: '' });
    expect(judged(callsOf('abCDeFGH'), { outages: [[9_000, 19_500]] })).toEqual({ again: 'e', lost: 'ab' });
  });
});
