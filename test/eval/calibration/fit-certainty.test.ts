import { describe, expect, it } from 'vitest';
import { fitCertainty, leastQuestions } from '../../../eval/calibration/fit-certainty.ts';
import { calibrationError } from '../../../eval/statistics.ts';
import type { Certainty } from '../../../src/contracts/service/effort-table.ts';
import { certaintyOf, type Standing } from '../../../src/reasoning/voting/certainty.ts';
import { chain, question, times } from './chains.ts';

/** Mulberry32: the same numbers in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Of each question all chains say the same; that is right with a probability that follows from how surprising the thought is. */
const truth = (confidence: number) => 1 / (1 + Math.exp(2 * (Math.log(-confidence) + 2)));

function questions(count: number, seed: number) {
  const draw = random(seed);
  return Array.from({ length: count }, (_, index) => {
    const confidence = -Math.exp(-4 + 4 * draw());
    const answer = draw() < truth(confidence) ? '1' : '2';
    return question([chain(answer, { confidence }), chain(answer, { confidence })], { question: `Question ${index}?` });
  });
}

const alone = (thoughtLogprob: number): Standing => ({
  kind: 'number',
  agree: 1,
  of: 1,
  thoughtLogprob,
  answerLogprob: undefined,
  thoughtTokens: 10,
  computed: undefined,
  failed: false,
  handedOver: false,
});

describe('fitCertainty', () => {
  const { certainty, figures } = fitCertainty(questions(400, 1), { greedyFirst: true });

  it('finds the probabilities that the answers were drawn with', () => {
    for (const confidence of [-0.03, -0.08, -0.135, -0.25, -0.6]) {
      expect(certaintyOf(alone(confidence), certainty)).toBeCloseTo(truth(confidence), 1);
    }
  });

  it('is calibrated on questions that it was not fitted on, and states the error that it found', () => {
    const fresh = questions(1_000, 2).map(({ chains: [first] }) => ({
      probability: certaintyOf(alone(first?.confidence ?? 0), certainty) ?? 0,
      right: first?.right ?? false,
    }));
    expect(calibrationError(fresh)).toBeLessThan(0.05);
    expect(figures).toMatchObject({ questions: 400 });
    expect(figures?.calibrationError['1']).toBeLessThan(0.06);
    expect(figures?.auc).toBeGreaterThan(0.75);
  });

  it('holds out all chains of a question together: what is noise has no worth', () => {
    const draw = random(3);
    const noise = Array.from({ length: 80 }, (_, index) => {
      const confidence = -draw();
      const answer = draw() < 0.5 ? '1' : '2';
      return question(
        Array.from({ length: 2 }, () => chain(answer, { confidence })),
        { question: `Question ${index}?` },
      );
    });
    const found = fitCertainty(noise, { greedyFirst: true });
    expect(found.figures?.logLoss).toBeGreaterThan(0.68);
    expect(found.figures?.auc).toBeLessThan(0.6);
  });

  it('leaves out what never differs or was not measured', () => {
    expect(Object.keys(certainty?.features ?? {})).toEqual(['agreement', 'thought_surprise']);
  });

  it('leaves the greedy chain out where the service does not begin with it', () => {
    const mixed = Array.from({ length: 100 }, (_, index) =>
      question([chain('2'), chain(index % 2 === 0 ? '1' : '2'), chain(index % 2 === 0 ? '1' : '2')], {
        question: `Question ${index}?`,
        handedOver: null,
      }),
    );
    const sampled = mixed.map((one) => ({ ...one, chains: one.chains.slice(1) }));
    const fitted = (greedyFirst: boolean) => fitCertainty(mixed, { greedyFirst }).certainty;
    expect(fitted(false)).toEqual(fitCertainty(sampled, { greedyFirst: true }).certainty);
    expect(fitted(true)).not.toEqual(fitted(false));
  });

  it.each([
    ['of too few questions', questions(leastQuestions - 1, 4)],
    ['of a model that is always right', times(100, question([chain('1')]))],
  ])('fits nothing %s', (_, measured) => {
    expect(fitCertainty(measured, { greedyFirst: true })).toEqual({ certainty: null, figures: null });
  });
});

describe('certaintyOf', () => {
  const features = {
    mean: 0,
    deviation: 1,
  };
  const certainty: Certainty = {
    questions: 98,
    intercept: 0,
    features: {
      agreement: { ...features, weight: 1 },
      dissent: { ...features, weight: -1 },
      thought_surprise: { ...features, weight: -1 },
      answer_surprise: { ...features, weight: -1 },
      length: { ...features, weight: -1 },
      number: { ...features, weight: 0.5 },
      either_or: { ...features, weight: 0.7 },
      computed: { ...features, weight: 1 },
      failed_check: { ...features, weight: -1 },
      handed_over: { ...features, weight: -1 },
    },
  };
  const standing: Standing = { ...alone(-0.5), answerLogprob: -0.5, computed: false };

  it.each<[string, Partial<Standing>, 'more' | 'less']>([
    ['more chains agree', { agree: 3, of: 3 }, 'more'],
    ['another chain says something else', { of: 2 }, 'less'],
    ['the thought is more likely', { thoughtLogprob: -0.1 }, 'more'],
    ['the answer is less likely', { answerLogprob: -2 }, 'less'],
    ['the thought is longer', { thoughtTokens: 100 }, 'less'],
    ['it is of another kind', { kind: 'text' }, 'less'],
    ['there are two possible answers', { kind: 'truth' }, 'more'],
    ['values were computed', { computed: true }, 'more'],
    ['a check failed', { failed: true }, 'less'],
    ['the thought was handed over', { handedOver: true }, 'less'],
  ])('follows each feature: %s', (_, change, direction) => {
    const base = certaintyOf(standing, certainty) ?? Number.NaN;
    const other = certaintyOf({ ...standing, ...change }, certainty) ?? Number.NaN;
    expect(Math.sign(other - base)).toBe(direction === 'more' ? 1 : -1);
  });

  it('is never nearer to 0 or 1 than its questions can tell', () => {
    const sure = certaintyOf({ ...standing, agree: 1e6, of: 1e6 }, { ...certainty, intercept: 1e3 });
    expect(sure).toBeCloseTo(99 / 100, 10);
    expect(certaintyOf({ ...standing, of: 1e6 }, { ...certainty, intercept: -1e3 })).toBeCloseTo(1 / 100, 10);
  });

  it.each<[string, Partial<Standing>, Certainty | null]>([
    ['without calibration', {}, null],
    ['of open text', { kind: undefined }, certainty],
    ["of a tool's call", { kind: 'json' }, certainty],
  ])('is null %s', (_, change, table) => {
    expect(certaintyOf({ ...standing, ...change }, table)).toBeNull();
  });

  it('is null of a thought that was stopped right after it began, not of one that was stopped halfway', () => {
    const length = { mean: Math.log(41), deviation: Math.log(2), weight: -1 };
    const table = { ...certainty, features: { ...certainty.features, length } };
    const stoppedAt = (thoughtTokens: number, handedOver = true) =>
      certaintyOf({ ...standing, thoughtTokens, handedOver }, table);
    expect(stoppedAt(4)).toBeNull();
    expect(stoppedAt(20)).not.toBeNull();
    expect(stoppedAt(4, false)).not.toBeNull();
  });

  it('leaves out what is not known of an answer', () => {
    const unknown = { ...standing, answerLogprob: undefined };
    const { answer_surprise: _, ...rest } = certainty.features;
    expect(certaintyOf(unknown, certainty)).toBe(certaintyOf(standing, { ...certainty, features: rest }));
  });
});
