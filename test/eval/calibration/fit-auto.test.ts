import { describe, expect, it } from 'vitest';
import { type AutoExample, fitAuto } from '../../../eval/calibration/fit-auto.ts';
import { easyQuestions } from '../../../eval/generator/easy-questions.ts';
import { mixedQuestions } from '../../../eval/generator/mixed-set.ts';
import { openQuestions } from '../../../eval/generator/open-questions.ts';
import { readQuestionSet } from '../../../eval/question-set.ts';
import type { ProbeFeature } from '../../../src/contracts/service/effort-table.ts';
import { logistic } from '../../../src/reasoning/voting/logistic.ts';

const unknown: Record<ProbeFeature, undefined> = {
  mean_surprise: undefined,
  most_surprise: undefined,
  first_margin: undefined,
  length: undefined,
  ended: undefined,
  value: undefined,
  number: undefined,
};

const probe = (tokens: number, surprise: number) => ({ tokens, found: { ...unknown, mean_surprise: surprise } });

/**
 * Questions whose fast answer is right where it was little surprising at its end; thinking is right always, for ten times the
 * tokens.
 */
const told: AutoExample[] = Array.from({ length: 100 }, (_, index) => {
  const surprising = index % 2 === 0;
  const noise = ((index * 37) % 11) / 11;
  return {
    kind: 'all',
    fast: { right: !surprising, tokens: 5 },
    probes: [probe(1, noise), probe(5, noise), probe(5, (surprising ? -1 : -4) + noise)],
    thought: { low: { right: true, tokens: 50 }, medium: { right: true, tokens: 90 } },
  };
});
const lastOf = ({ probes }: AutoExample) => probes.at(-1)?.found ?? unknown;

describe('the fit of auto', () => {
  it('thinks where the fast answer’s own surprise tells that it is wrong, at the level that costs less', () => {
    const { auto, figures } = fitAuto(told);
    expect(auto).toMatchObject({ level: 'low', questions: 100 });
    if (auto === null) return;
    for (const one of told) expect(logistic(lastOf(one), auto) >= auto.threshold).toBe(one.fast.right);
    expect(auto.early).toBeUndefined();
    expect(figures).toMatchObject({
      auto: { right: 1, tokens: 30, thinks: 0.5, early: 0 },
      fast: { right: 0.5, tokens: 5 },
    });
    expect(figures?.levels).toEqual({ low: { right: 1, tokens: 50 }, medium: { right: 1, tokens: 90 } });
  });

  it('does not complete a fast answer whose first tokens tell as much', () => {
    const early = told.map((one) => ({ ...one, probes: [{ tokens: 1, found: lastOf(one) }, ...one.probes.slice(-1)] }));
    const { auto, figures } = fitAuto(early);
    expect(auto?.early?.threshold).toBeGreaterThan(0);
    // Half of them are thought about, for one token of the fast answer instead of five.
    expect(figures?.auto).toEqual({ right: 1, tokens: 28, thinks: 0.5, early: 0.5 });
  });

  it('counts each kind of question as much as any other', () => {
    const rare = told.slice(0, 10).map((one) => ({ ...one, kind: 'rare', fast: { right: false, tokens: 20 } }));
    const { figures } = fitAuto([...told, ...rare]);
    expect(figures?.fast).toEqual({ right: 0.25, tokens: 12.5 });
  });

  it('takes the fast answer where thinking is wrong as well: it would not pay', () => {
    const hopeless = told.map((one) => ({
      ...one,
      thought: one.fast.right
        ? one.thought
        : { low: { right: false, tokens: 50 }, medium: { right: false, tokens: 90 } },
    }));
    // Nothing is left to tell apart.
    expect(fitAuto(hopeless)).toEqual({ auto: null, figures: null });
  });

  it('thinks always where nothing tells the fast answers apart', () => {
    const blind = told.map((one, index) => ({
      ...one,
      probes: [{ tokens: 5, found: { ...unknown, length: index % 7 } }],
    }));
    const { auto, figures } = fitAuto(blind);
    expect(auto?.level).toBe('low');
    expect(figures?.auto.right).toBeGreaterThanOrEqual(0.985);
  });

  it.each([[told.slice(0, 20)], [[]]])('fits nothing on few questions', (few) => {
    expect(fitAuto(few)).toEqual({ auto: null, figures: null });
  });
});

describe('the mixed set', () => {
  it('is what its generator writes: a third each of easy, hard and open questions, none twice', async () => {
    const { questions } = await readQuestionSet({ set: 'mixed' });
    expect(questions.map(({ row: _, ...question }) => question)).toEqual(await mixedQuestions());
    const count = (kind: string) => questions.filter((one) => one.kind === kind).length;
    expect([count('easy'), count('hard'), count('open')]).toEqual([200, 200, 200]);
    expect(new Set(questions.map(({ question }) => question)).size).toBe(600);
    expect(questions.filter(({ kind, rules }) => kind === 'open' && rules === undefined)).toEqual([]);
  });

  it('shares no question with those that auto is calibrated on', async () => {
    const evaluated = new Set((await readQuestionSet({ set: 'mixed' })).questions.map(({ question }) => question));
    const easy = easyQuestions({ seed: 'calibration-1', count: 60, without: evaluated });
    const both = [...openQuestions('calibration'), ...easy].filter(({ question }) => evaluated.has(question));
    expect(both).toEqual([]);
    const parts = [openQuestions('calibration'), openQuestions('evaluation')].flat().map(({ question }) => question);
    expect(new Set(parts).size).toBe(parts.length);
  });
});
