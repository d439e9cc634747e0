import { describe, expect, test } from 'vitest';
import { planReasoning } from '../../../src/api/responses/effective-reasoning.ts';
import { resolveReasoning } from '../../../src/api/responses/resolve-reasoning.ts';
import { CreateResponse } from '../../../src/contracts/responses/create-response.ts';
import type { Effort, Mode } from '../../../src/contracts/responses/reasoning.ts';
import { answerShare, tokenMargins } from '../../../src/core/token-ledger.ts';
import { readEffortTable } from '../../../src/models/config/effort-tables.ts';
import { createStrategies } from '../../../src/reasoning/strategies/index.ts';
import { prompts } from '../../support/strategy-run.ts';
import { table } from './fixture.ts';

const strategies = [...createStrategies({ prompts }).values()];

const request = (fields: object) => CreateResponse.parse({ input: 'a', ...fields });

type Choice = [fields: object, effort: Effort, thinks: boolean, budget?: number | undefined, options?: Options];
type Options = { suffix?: Effort | Mode; defaultEffort?: Effort };

const choose = (fields: object, { suffix, defaultEffort = 'high' }: Options = {}) =>
  resolveReasoning(request(fields), { suffix, defaultEffort });

describe('the choice of effort', () => {
  test.each<Choice>([
    [{}, 'high', true],
    [{}, 'none', false, undefined, { defaultEffort: 'none' }],
    [{ mode: 'fast' }, 'none', false],
    [{ mode: 'deliberate' }, 'medium', true],
    [{ mode: 'deliberate', reasoning: { effort: 'low' } }, 'low', true],
    [{ mode: 'fast', reasoning: { effort: 'minimal' } }, 'minimal', false],
    [{ reasoning: { effort: 'max' } }, 'max', true],
    [{}, 'none', false, undefined, { suffix: 'fast' }],
    [{}, 'low', true, undefined, { suffix: 'low' }],
    [{ reasoning: { effort: 'low' } }, 'low', true, undefined, { suffix: 'low' }],
    [{ reasoning: { budget_tokens: 0 } }, 'none', false, 0],
    [{ reasoning: { effort: 'high', budget_tokens: 0 } }, 'none', false, 0],
    [{ reasoning: { effort: 'minimal', budget_tokens: 0 } }, 'minimal', false, 0],
    [{ reasoning: { budget_tokens: 0 } }, 'none', false, 0, { suffix: 'high' }],
    [{ reasoning: { budget_tokens: 50 } }, 'high', true, 50],
    [{ reasoning: { budget_tokens: 50 } }, 'medium', true, 50, { defaultEffort: 'none' }],
    [{ reasoning: { budget_tokens: -1 } }, 'high', true, -1],
    [{ reasoning_effort: 'low' }, 'low', true],
    [{ thinking: { type: 'enabled', budget_tokens: 2000 } }, 'high', true, 2000],
    [{ thinking: { type: 'disabled' } }, 'none', false],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, 'max', true],
    [{ thinking: { type: 'adaptive' } }, 'auto', true],
    [{ mode: 'deliberate', thinking: { type: 'adaptive' } }, 'medium', true],
    [{ mode: 'auto' }, 'auto', true],
    [{ mode: 'auto', reasoning: { budget_tokens: 50 } }, 'auto', true, 50],
    [{ reasoning: { effort: 'auto', budget_tokens: 0 } }, 'none', false, 0],
    [{}, 'auto', true, undefined, { suffix: 'auto' }],
    [{}, 'auto', true, undefined, { defaultEffort: 'auto' }],
    [{ think: true }, 'medium', true, undefined, { defaultEffort: 'auto' }],
    [{ thinking: { type: 'enabled', budget_tokens: 2000 } }, 'medium', true, 2000, { defaultEffort: 'auto' }],
    [{ think: true, reasoning: { effort: 'auto' } }, 'auto', true],
    [{ think: true }, 'high', true],
    [{ think: false }, 'none', false],
    [{ think: 'low' }, 'low', true],
    [{ reasoning: { effort: null }, mode: null }, 'high', true],
  ])('%j is %s', (fields, effort, thinks, budget, options) => {
    expect(choose(fields, options)).toEqual({ effort, thinks, budget });
  });

  test.each<[object, string, string, Options?]>([
    [{ mode: 'fast', reasoning: { effort: 'low' } }, 'mode', 'reasoning.effort'],
    [{ mode: 'deliberate', reasoning: { effort: 'none' } }, 'mode', 'reasoning.effort'],
    [{ mode: 'auto', reasoning: { effort: 'low' } }, 'mode', 'reasoning.effort'],
    [{ reasoning: { effort: 'auto' }, think: false }, 'reasoning.effort', 'think'],
    [{ mode: 'fast', reasoning: { budget_tokens: 5 } }, 'mode', 'reasoning.budget_tokens'],
    [{ mode: 'fast', reasoning: { budget_tokens: -1 } }, 'mode', 'reasoning.budget_tokens'],
    [{ mode: 'deliberate', reasoning: { budget_tokens: 0 } }, 'mode', 'reasoning.budget_tokens'],
    [{ reasoning: { effort: 'low' } }, 'reasoning.effort', 'model', { suffix: 'high' }],
    [{ mode: 'deliberate' }, 'mode', 'model', { suffix: 'fast' }],
    [{ reasoning: { effort: 'low' }, reasoning_effort: 'high' }, 'reasoning.effort', 'reasoning_effort'],
    [{ think: true, thinking: { type: 'disabled' } }, 'thinking', 'think'],
    [
      { reasoning: { budget_tokens: 9 }, thinking: { type: 'enabled', budget_tokens: 8 } },
      'reasoning.budget_tokens',
      'thinking.budget_tokens',
    ],
  ])('%j is refused naming %s and %s', (fields, first, second, options) => {
    expect(() => choose(fields, options)).toThrow(`'${first}' and '${second}'`);
  });
});

describe('the plan of tokens', () => {
  const input = (fields: object, contextLeft = 900) => ({
    request: request(fields),
    choice: choose(fields),
    table,
    contextLeft,
    defaultAnswerTokens: 256,
    strategies,
    compute: { possible: false, usual: false },
  });
  const effectiveOf = (fields: object, contextLeft?: number) => plan(fields, contextLeft).effective;
  const plan = (fields: object, contextLeft?: number) => planReasoning(input(fields, contextLeft));

  test('of auto is that of the level that it may think at; with nothing to think with it has decided', () => {
    const level = { strategy: 'deliberate', budget_tokens: table.levels.medium.budget_tokens };
    expect(effectiveOf({ mode: 'auto' })).toMatchObject({ effort: 'auto', requested: 'auto', samples: 1, ...level });
    const rule = { questions: 1, intercept: 0, features: {}, threshold: 0.5, level: 'low' as const };
    const { effective } = planReasoning({ ...input({ mode: 'auto' }), table: { ...table, auto: rule } });
    expect(effective.budget_tokens).toBe(table.levels.low.budget_tokens);
    expect(effectiveOf({ mode: 'auto', max_output_tokens: 20 })).toMatchObject({
      effort: 'none',
      requested: 'auto',
      strategy: 'direct',
      budget_tokens: 0,
      because: expect.stringMatching(/no tokens are left/i),
    });
  });

  test('leaves half of a context for thinking that is hardly larger than the usual reserve', () => {
    const plain = { ...table, answer_reserve_tokens: 1024 };
    const { effective, warnings } = planReasoning({
      ...input({ reasoning: { effort: 'low', budget_tokens: 200 } }, 1000),
      table: plain,
    });
    expect(effective).toMatchObject({ strategy: expect.not.stringMatching('direct'), budget_tokens: 200 });
    expect(effective.answer_reserve_tokens).toBe(500);
    expect(warnings).toEqual([]);
  });

  test.each<[string, object, number | undefined, { budget: number; reserve: number; answer: number }]>([
    ['the effort table', { reasoning: { effort: 'low' } }, undefined, { budget: 16, reserve: 32, answer: 256 }],
    [
      'a budget of one’s own',
      { reasoning: { budget_tokens: 500 } },
      undefined,
      { budget: 500, reserve: 32, answer: 256 },
    ],
    [
      'all that the context allows',
      { reasoning: { budget_tokens: -1 } },
      undefined,
      { budget: 868, reserve: 32, answer: 256 },
    ],
    [
      'for two chains',
      { reasoning: { budget_tokens: -1, samples: 2 } },
      undefined,
      { budget: 1736, reserve: 32, answer: 256 },
    ],
    [
      'a budget beyond the context',
      { reasoning: { budget_tokens: 5000 } },
      undefined,
      { budget: 868, reserve: 32, answer: 256 },
    ],
    ['max_output_tokens', { max_output_tokens: 98 }, undefined, { budget: 18, reserve: 32, answer: 98 }],
    ['a small max_output_tokens', { max_output_tokens: 10 }, undefined, { budget: 0, reserve: 10, answer: 10 }],
    [
      'a reserve',
      { reasoning: { answer_reserve_tokens: 100, effort: 'low' } },
      undefined,
      { budget: 16, reserve: 100, answer: 100 },
    ],
    ['a nearly full context', { reasoning: { effort: 'low' } }, 40, { budget: 8, reserve: 32, answer: 40 }],
    ['one token left', { reasoning: { effort: 'low' } }, 1, { budget: 0, reserve: 1, answer: 1 }],
    ['fast', { mode: 'fast' }, undefined, { budget: 0, reserve: 32, answer: 256 }],
    [
      'fast with max_output_tokens',
      { mode: 'fast', max_output_tokens: 700 },
      undefined,
      { budget: 0, reserve: 32, answer: 700 },
    ],
    ['fast in a nearly full context', { mode: 'fast' }, 40, { budget: 0, reserve: 32, answer: 40 }],
  ])('%s', (_name, fields, contextLeft, expected) => {
    const { effective, answerTokens } = plan(fields, contextLeft);
    const { budget_tokens: budget, answer_reserve_tokens: reserve } = effective;
    expect({ budget, reserve, answer: answerTokens }).toEqual(expected);
  });

  /** How thinking and answer share a `max_output_tokens`: the ledger's rule, which has its own test. */
  const shared = (most: number) => {
    const reserve = answerShare(most, 1024);
    return { budget: Math.max(0, most - reserve - tokenMargins.handOver), reserve, answer: most };
  };

  test.each<[string, object, { budget: number; reserve: number; answer: number }]>([
    ['nothing said', {}, { budget: 6144, reserve: 1024, answer: 4096 }],
    ['much', { max_output_tokens: 3000 }, shared(3000)],
    ['little', { max_output_tokens: 1000 }, shared(1000)],
    ['very little', { max_output_tokens: 200 }, shared(200)],
    ['too little', { max_output_tokens: 160 }, shared(160)],
    ['a reserve', { reasoning: { answer_reserve_tokens: 700 } }, { budget: 6144, reserve: 700, answer: 700 }],
    ['fast', { mode: 'fast' }, { budget: 0, reserve: 1024, answer: 4096 }],
  ])('of a model with a table of usual size: %s', (_name, fields, expected) => {
    const far = { table: readEffortTable('far'), defaultAnswerTokens: 4096 };
    const { effective, answerTokens } = planReasoning({ ...input(fields, 8000), ...far });
    const { budget_tokens: budget, answer_reserve_tokens: reserve } = effective;
    expect({ budget, reserve, answer: answerTokens }).toEqual(expected);
  });

  test('a budget that was lowered, and options that mean nothing, are told', () => {
    expect(plan({ reasoning: { budget_tokens: 5000 } }).warnings).toMatchObject([{ field: 'reasoning.budget_tokens' }]);
    expect(plan({ mode: 'fast', reasoning: { samples: 4 } }).warnings).toMatchObject([{ field: 'reasoning.samples' }]);
    expect(plan({ max_output_tokens: 10 }).warnings).toMatchObject([
      {
        field: 'reasoning.effort',
        message: expect.stringContaining('max_output_tokens (10) leaves no tokens for thinking. Raise it above 80'),
      },
    ]);
    expect(plan({ reasoning: { effort: 'low' } }, 1).warnings).toMatchObject([
      { message: expect.stringContaining('fill the context') },
    ]);
  });

  test.each<[string, object, { possible: boolean; usual: boolean; table?: boolean }, 'on' | 'off']>([
    ['nobody asks for it', {}, { possible: true, usual: false }, 'off'],
    ['the model expects it', {}, { possible: true, usual: true }, 'on'],
    ['the table says that it pays', {}, { possible: true, usual: false, table: true }, 'on'],
    ['the table says that it does not', {}, { possible: true, usual: false, table: false }, 'off'],
    ['it is asked for', { compute: 'on' }, { possible: true, usual: false }, 'on'],
    ['it is refused', { compute: 'off' }, { possible: true, usual: true, table: true }, 'off'],
    ['it is left to the service', { compute: 'auto' }, { possible: true, usual: true }, 'on'],
    ['the model cannot', { compute: 'on' }, { possible: false, usual: true, table: true }, 'off'],
  ])('of computed values: %s', (_name, reasoning, { table: paying, ...compute }, expected) => {
    const given = { ...input({ reasoning: { effort: 'low', ...reasoning } }), compute };
    const { effective } = planReasoning({
      ...given,
      table: { ...table, ...(paying !== undefined && { compute: paying }) },
    });
    expect(effective.compute).toBe(expected);
  });

  test('a fifth of the room for thinking is kept for computed values, none of a budget that fits besides', () => {
    const compute = { possible: true, usual: true };
    const budgetOf = (fields: object) => planReasoning({ ...input(fields), compute }).effective.budget_tokens;
    expect(budgetOf({ reasoning: { budget_tokens: -1 } })).toBe(Math.floor(868 * 0.8));
    expect(budgetOf({ max_output_tokens: 180, reasoning: { budget_tokens: 500 } })).toBe(80);
    expect(budgetOf({ reasoning: { budget_tokens: 500 } })).toBe(500);
    expect(budgetOf({ reasoning: { budget_tokens: 500, compute: 'off' }, max_output_tokens: 180 })).toBe(100);
  });

  test('a fast answer computes nothing, and says so where that was asked for', () => {
    const { effective, warnings } = plan({ mode: 'fast', reasoning: { compute: 'on' } });
    expect(effective.compute).toBe('off');
    expect(warnings).toMatchObject([{ field: 'reasoning.compute' }]);
    expect(plan({ mode: 'fast', reasoning: { compute: 'auto' } }).warnings).toEqual([]);
  });

  test('a fast answer for want of tokens says what it leaves out, too', () => {
    const reasoning = { samples: 4, checks: [{ type: 'expected', value: 4 }], compute: 'on' };
    const fields = plan({ max_output_tokens: 10, reasoning }).warnings.map(({ field }) => field);
    expect(fields).toEqual(['reasoning.effort', 'reasoning.samples', 'reasoning.checks', 'reasoning.compute']);
  });

  test('what is echoed is what runs', () => {
    const fast = { strategy: 'direct', samples: 1, max_revisions: 0, budget_tokens: 0 };
    expect(effectiveOf({ max_output_tokens: 10, reasoning: { samples: 4 } })).toMatchObject(fast);
    const one = { effort: 'high', strategy: 'budget-forcing', samples: 4 };
    expect(effectiveOf({ reasoning: one })).toMatchObject({ samples: 1, max_revisions: 0 });
    expect(plan({ reasoning: one }).warnings).toMatchObject([{ field: 'reasoning.samples' }]);
    const vote = { effort: 'high', strategy: 'self-consistency', samples: 4 };
    expect(effectiveOf({ reasoning: vote })).toMatchObject({ samples: 4, max_revisions: 0 });
    const revising = { effort: 'high', strategy: 'verify-and-revise', max_revisions: 3 };
    expect(effectiveOf({ reasoning: revising })).toMatchObject({ samples: 1, max_revisions: 3 });
  });

  test('the cap of an answer is told, and one beyond the context is warned of', () => {
    expect(effectiveOf({ mode: 'fast' }).max_answer_tokens).toBe(256);
    expect(effectiveOf({ mode: 'fast' }, 40).max_answer_tokens).toBe(40);
    expect(effectiveOf({}).max_answer_tokens).toBe(256);
    for (const mode of ['fast', 'deliberate']) {
      const { effective, warnings } = plan({ mode, max_output_tokens: 100_000 });
      expect(effective.max_answer_tokens).toBe(900);
      expect(warnings).toMatchObject([{ field: 'max_output_tokens', message: expect.stringContaining('900 tokens') }]);
      expect(plan({ mode, max_output_tokens: 700 }).warnings).toEqual([]);
    }
  });

  test('a strategy that contradicts the effort is refused', () => {
    expect(() => plan({ mode: 'fast', reasoning: { strategy: 'deliberate' } })).toThrow(
      "'mode' and 'reasoning.strategy'",
    );
    expect(() => plan({ reasoning: { effort: 'low', strategy: 'direct' } })).toThrow('reasoning.strategy');
    expect(plan({ mode: 'fast', reasoning: { strategy: 'direct' } }).effective.strategy).toBe('direct');
    expect(plan({ reasoning: { strategy: 'best-of-n' } }).effective.strategy).toBe('best-of-n');
  });
});
