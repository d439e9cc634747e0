import { describe, expect, it } from 'vitest';
import type { Certainty } from '../../../src/contracts/service/effort-table.ts';
import { createTestModel } from '../../support/scripted-model.ts';
import { type ContextPatch, runStrategy, table } from '../../support/strategy-run.ts';

const certainty: Certainty = {
  questions: 100,
  intercept: 0.5,
  features: {
    agreement: { mean: 0, deviation: 1, weight: 1 },
    thought_surprise: { mean: 0, deviation: 1, weight: -1 },
    answer_surprise: { mean: 0, deviation: 1, weight: -0.5 },
    length: { mean: 0, deviation: 1, weight: -0.1 },
  },
};

/** The first chain says the first answer, and so on; every thought says what its answer says. */
const saying = (...answers: string[]) =>
  createTestModel({
    script(request, sample, call) {
      if (request.thinking === undefined) return { answer: 'The answer is 0.' };
      const said = answers[Math.min(answers.length - 1, Math.max(0, call - 1) + sample)] ?? '0';
      return { thought: `So it is ${said}.`, answer: `The answer is ${said}.` };
    },
  });

const calibrated = (patch: ContextPatch): ContextPatch => ({ table: { ...table, certainty }, checks: [], ...patch });

describe('the verdict of a run', () => {
  it.each(['deliberate', 'self-consistency', 'verify-and-revise', 'best-of-n', 'budget-forcing'])(
    'is there wherever %s has thought, and says what the chains said',
    async (strategy) => {
      const { outcome } = await runStrategy(strategy, calibrated({ model: saying('4') }));
      expect(outcome.thinkingStop).not.toBeNull();
      expect(outcome.verdict?.kind).toMatch(/agreed|single/);
      expect(outcome.verdict?.probability).toBeGreaterThan(0.5);
    },
  );

  it('is null of a fast answer', async () => {
    expect((await runStrategy('direct', calibrated({ model: saying('4') }))).outcome.verdict).toBeNull();
    const { outcome } = await runStrategy(
      'deliberate',
      calibrated({ model: saying('4'), effective: { budget_tokens: 0 } }),
    );
    expect(outcome).toMatchObject({ thinkingStop: null, verdict: null });
  });

  it('is verified by a check of the caller’s, also where an attempt goes on from one that had died', async () => {
    const checks = [{ type: 'expected', value: '4' }];
    const whole = await runStrategy('deliberate', calibrated({ model: saying('4'), checks }));
    expect(whole.outcome.verdict).toMatchObject({ kind: 'verified', probability: null });
    const finishedSteps = whole.steps.filter(({ phase }) => phase === 'draft' || phase === 'think');
    const resumed = await runStrategy('deliberate', calibrated({ model: saying('4'), checks, finishedSteps }));
    expect(resumed.outcome.verdict).toEqual(whole.outcome.verdict);
  });

  it('is there where the chains had nothing to think, whatever ended them', async () => {
    const model = () => createTestModel({ script: () => ({ answer: 'The answer is 4.' }) });
    const { outcome } = await runStrategy('deliberate', calibrated({ model: model() }));
    expect(outcome).toMatchObject({ thinkingStop: 'settled_vote', verdict: { kind: 'agreed' } });
    const checks = [{ type: 'expected', value: '4' }];
    const confirmed = await runStrategy('deliberate', calibrated({ model: model(), checks }));
    expect(confirmed.outcome).toMatchObject({ thinkingStop: 'confident', verdict: { kind: 'verified' } });
  });

  it('is verified of a draft that a check of the caller’s confirms, and no chain is begun', async () => {
    const model = saying('4');
    const checks = [{ type: 'expected', value: '0' }];
    const { outcome } = await runStrategy('deliberate', calibrated({ model, checks, deadlineAt: 1e12 }));
    expect(outcome).toMatchObject({ thinkingStop: null, answerSource: 'draft', verdict: { kind: 'verified' } });
    expect(model.requests).toHaveLength(1);
  });

  it('counts in the length of a revised thought what the revision kept, also where an attempt goes on', async () => {
    const revised = async (kept: string) => {
      const model = createTestModel({
        script(request) {
          if (request.thinking?.prefix !== undefined)
            return { thought: '.\nSo the answer is 4.', answer: 'The answer is 4.' };
          return { thought: `${kept}\n2 + 2 = 5.\nSo the answer is 5.`, answer: 'The answer is 5.' };
        },
      });
      const patch = calibrated({ model, effective: { samples: 1 }, checks: [{ type: 'arithmetic' }] });
      const whole = await runStrategy('deliberate', patch);
      expect(whole.outcome.answerSource).toBe('revision');
      const finishedSteps = whole.steps.filter(({ phase }) => phase === 'think' || phase === 'revise');
      const resumed = await runStrategy('deliberate', { ...patch, finishedSteps });
      expect(resumed.outcome.verdict).toEqual(whole.outcome.verdict);
      return whole.outcome.verdict?.probability ?? Number.NaN;
    };
    expect(await revised('One word after the other. '.repeat(20))).toBeLessThan(await revised('One word.'));
  });

  it('is null where there is no answer at all', async () => {
    const deadline = new AbortController();
    const model = createTestModel({
      script(request) {
        if (request.thinking === undefined) deadline.abort(new Error('late'));
        return { thought: 'Hm.', answer: '' };
      },
    });
    const given = { model, deadline: deadline.signal, deadlineAt: 1e12, effective: { samples: 1 } };
    const { outcome } = await runStrategy('self-consistency', calibrated(given));
    expect(outcome).toMatchObject({ incomplete: 'deadline', verdict: null });
  });

  it('is the same of an attempt that goes on from finished chains', async () => {
    const whole = await runStrategy('deliberate', calibrated({ model: saying('4') }));
    const resumed = await runStrategy('deliberate', calibrated({ model: saying('4'), finishedSteps: whole.steps }));
    expect(resumed.outcome.verdict).toEqual(whole.outcome.verdict);
  });

  it('is unsure, with the warning, where every attempt failed a check', async () => {
    const checks = [{ type: 'expected', value: '5' }];
    const { outcome } = await runStrategy('deliberate', calibrated({ model: saying('4'), checks }));
    const because = 'Every attempt failed a check; take this as a guess.';
    expect(outcome.verdict).toMatchObject({ kind: 'unsure', because });
    expect(outcome.warnings).toContainEqual({ field: 'output', message: because });
  });
});
