import { describe, expect, it } from 'vitest';
import { summarisedStep, type TraceStep, visibleStep } from '../../src/contracts/responses/trace.ts';
import { type SummaryMode, summarise } from '../../src/reasoning/summary.ts';
import { createTestModel } from '../support/scripted-model.ts';
import { runStrategy } from '../support/strategy-run.ts';

const secret = 'my private musing';
const model = () =>
  createTestModel({
    script: (request) =>
      request.thinking?.prefix === undefined
        ? { thought: `${secret}\n${secret}: 2 + 2 = 5.\nSo the answer is 5.`, answer: 'The answer is 5.' }
        : { thought: '.\nSo the answer is 4.', answer: 'The answer is 4.' },
  });

const partsOf = (steps: readonly TraceStep[], mode: SummaryMode) =>
  steps.flatMap((step, index) => summarise(step, { before: steps.slice(0, index), mode }) ?? []);

describe('summarise', () => {
  it('tells what was tried, found wrong and decided, without the thoughts', async () => {
    const { steps } = await runStrategy('deliberate', { model: model(), effective: { samples: 1 } });
    const parts = partsOf(steps, 'concise');
    expect(parts).toEqual([
      'Thought in a chain, which answered 5.',
      'Revised after a failed check: arithmetic: 2 + 2 is not 5.',
      '4 leads the vote with 1 of 1 vote.',
    ]);
    expect(partsOf(steps, 'auto')).toEqual(parts);
    const detailed = partsOf(steps, 'detailed');
    expect(detailed).toHaveLength(steps.length);
    expect([...parts, ...detailed].join()).not.toContain(secret);
  });

  it('quotes no conclusion of a thought where the answer says something else', async () => {
    // Of longer texts the check can't tell whether they mean the same.
    const concluded = 'Ouagadougou';
    const model = createTestModel({
      script: (request) => ({
        thought: `So the answer is ${concluded}.`,
        answer: request.thinking === undefined ? 'No idea.' : 'Paris',
      }),
    });
    const { steps } = await runStrategy('deliberate', { model, effective: { samples: 1 } });
    const scopes = { trace: 'summary', feedback: false, admin: false, tools: false } as const;
    expect(
      steps.some((step) => step.checks.some(({ name, verdict }) => name === 'agreement' && verdict === 'fail')),
    ).toBe(true);
    expect(JSON.stringify(steps.map((step) => visibleStep(step, scopes)))).not.toContain(concluded);
    const told = steps.map((step) => summarisedStep(step, scopes));
    expect(partsOf(told, 'detailed').join()).not.toContain(concluded);
  });

  it('says so where nothing was thought', async () => {
    const { steps } = await runStrategy('direct', { model: model() });
    expect(partsOf(steps, 'auto')).toEqual(['Answered at once, without thinking.']);
  });
});
