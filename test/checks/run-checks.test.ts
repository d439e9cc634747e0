import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Check, defineCheck, pass } from '../../src/checks/check.ts';
import { runChecks } from '../../src/checks/run-checks.ts';

const make = (name: string, run: Check['run']): [string, Check] => [
  name,
  { name, description: '', judges: 'value', options: z.looseObject({}), run },
];
const registry = new Map([
  make('passes', async () => pass('yes')),
  make('throws', async () => {
    throw new Error('secret');
  }),
  make('hangs', () => new Promise(() => {})),
  [
    'strict',
    defineCheck({
      name: 'strict',
      description: '',
      judges: 'line',
      options: z.strictObject({ n: z.number() }),
      run: () => pass('n'),
    }),
  ],
]);
const input = { question: '', conversation: '', thought: '', answer: '' };
const run = (
  names: Array<{ type: string; [option: string]: unknown }>,
  signal = new AbortController().signal,
  hurry?: AbortSignal,
) =>
  runChecks(names, input, {
    slow: false,
    services: {},
    signal,
    registry,
    timeLimits: { fast: 1, slow: 1 },
    ...(hurry === undefined ? {} : { hurry }),
  });

describe('runChecks', () => {
  it('turns what throws, hangs, or has wrong options into an abstention, and leaves unknown names out', async () => {
    const names = [{ type: 'passes' }, { type: 'throws' }, { type: 'hangs' }, { type: 'strict' }, { type: 'unknown' }];
    const results = await run(names);
    expect(results.map((result) => [result.name, result.verdict])).toEqual([
      ['passes', 'pass'],
      ['throws', 'abstain'],
      ['hangs', 'abstain'],
      ['strict', 'abstain'],
    ]);
    expect(JSON.stringify(results)).not.toContain('secret');
  });

  it('reads a check’s own options, whatever its schema makes of others, and says where they don’t fit', async () => {
    expect(await run([{ type: 'strict', n: 1 }, { type: 'strict' }, { type: 'strict', n: 1, m: 2 }])).toMatchObject([
      { verdict: 'pass' },
      { verdict: 'abstain', detail: 'its options are not what it takes' },
      { verdict: 'abstain', detail: 'its options are not what it takes' },
    ]);
  });

  it('throws the signal’s reason when cancelled, even where a check hangs', async () => {
    const cancel = new AbortController();
    const reason = new Error('cancelled');
    const running = run([{ type: 'hangs' }], cancel.signal);
    cancel.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  it('abstains where the answer is wanted now', async () => {
    expect(await run([{ type: 'passes' }], undefined, AbortSignal.abort())).toMatchObject([{ verdict: 'abstain' }]);
  });
});
