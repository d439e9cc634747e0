import { describe, expect, it } from 'vitest';
import type { CheckOutcome } from '../../../src/checks/run-checks.ts';
import type { Certainty } from '../../../src/contracts/service/effort-table.ts';
import { type Candidate, candidateOf } from '../../../src/reasoning/sampling/candidate.ts';
import { guessOf, unthoughtVerdict, verdictOf } from '../../../src/reasoning/voting/answer-verdict.ts';

const scale = { mean: 0, deviation: 1 };
const certainty: Certainty = {
  questions: 100,
  intercept: 0,
  features: {
    agreement: { ...scale, weight: 1 },
    dissent: { ...scale, weight: -1 },
    failed_check: { ...scale, weight: -1 },
  },
};

const check = (name: string, verdict: CheckOutcome['verdict'], changes: Partial<CheckOutcome> = {}): CheckOutcome => ({
  name,
  verdict,
  judges: 'value',
  detail: '',
  confirms: false,
  slow: false,
  ...changes,
});
const expected = (verdict: CheckOutcome['verdict']) => check('expected', verdict, { confirms: true });
const webhook = (verdict: CheckOutcome['verdict']) => check('webhook', verdict, { confirms: true, slow: true });
const form = (verdict: CheckOutcome['verdict']) => check('answer-form', verdict);

let number = 0;
const chain = (
  answer: string,
  checks: CheckOutcome[] = [],
  phase: 'think' | 'draft' | 'revise' = 'think',
): Candidate => {
  number += 1;
  return candidateOf(
    {
      number,
      segments: [{ text: 'A thought.' }],
      answer: { text: answer, logprobs: [], toolCalls: [] },
      finish: 'stop',
      thinkingStop: 'natural',
      usage: { thinking: 4, forced: 0, answer: 4 },
      scores: {},
    },
    { phase, question: 'How many are there?', checks, greedyFirst: false },
  );
};
const draft = (answer: string) => chain(answer, [], 'draft');

describe('verdictOf', () => {
  it('counts no chain whose answer was cut: what is left of `12` is no `1`', () => {
    const [winner, ...others] = [chain('The answer is 1.'), chain('The answer is 1'), chain('The answer is 7.')];
    if (winner === undefined) throw new Error('no chain');
    const cut = others.map((one, at) =>
      at === 0 ? { ...one, end: { ...one.end, cut: 'max_output_tokens' as const } } : one,
    );
    expect(verdictOf(winner, [winner, ...cut], null)).toMatchObject({ kind: 'unsure', agreement: { agree: 1, of: 3 } });
  });

  it('counts a chain without a unit for one answer only, as the vote does', () => {
    const chains = ['The answer is 3.', 'The answer is 3 hours.', 'The answer is 3 minutes.'].map((said) =>
      chain(said),
    );
    const [winner] = chains;
    if (winner === undefined) throw new Error('no chain');
    expect(verdictOf(winner, chains, null)).toMatchObject({ kind: 'agreed', agreement: { agree: 2, of: 3 } });
  });

  it.each<[string, Candidate[], object]>([
    [
      'verified where a check that confirms passed',
      [chain('It is 4.', [expected('pass')])],
      { kind: 'verified', agreement: null, because: "The caller's check expected confirmed this answer." },
    ],
    [
      'verified before anything that the chains say',
      [chain('It is 4.', [webhook('pass')]), chain('It is 5.'), chain('It is 5.')],
      { kind: 'verified', agreement: { agree: 1, of: 3 } },
    ],
    [
      'verified although a check of form failed',
      [chain('It is 4.', [expected('pass'), form('fail')])],
      { kind: 'verified' },
    ],
    [
      'never verified where two checks that confirm contradict each other',
      [chain('It is 4.', [expected('pass'), webhook('fail')])],
      { kind: 'unsure', because: expect.stringMatching(/^Every attempt/) },
    ],
    [
      'never verified by a check that only passes a form',
      [chain('It is 4.', [form('pass'), check('agreement', 'pass'), check('self-verdict', 'pass')])],
      { kind: 'single' },
    ],
    [
      'never verified by a check of another answer',
      [chain('It is 4.'), chain('It is 5.', [expected('pass')])],
      { kind: 'unsure', agreement: { agree: 1, of: 2 } },
    ],
    ['never verified by a check that abstains', [chain('It is 4.', [webhook('abstain')])], { kind: 'single' }],
    [
      'unsure where every attempt failed a check, however many agree',
      [chain('It is 4.', [form('fail')]), chain('It is 4.', [form('fail')]), draft('It is 4.')].slice(0, 2),
      { kind: 'unsure', agreement: { agree: 2, of: 2 }, because: expect.stringMatching(/^Every attempt/) },
    ],
    [
      'agreed where chains agree',
      [chain('It is 4.'), chain('Four.'), chain('It is 5.')],
      { kind: 'agreed', agreement: { agree: 2, of: 3 }, because: '2 of 3 chains gave this answer.' },
    ],
    [
      'unsure on a tie',
      [chain('It is 4.'), chain('It is 5.'), chain('It is 4.'), chain('It is 5.')],
      {
        kind: 'unsure',
        agreement: { agree: 2, of: 4 },
        because: 'The chains disagree: 2 of 4 gave this answer, as many gave another.',
      },
    ],
    [
      'agreed where what has as many was refuted',
      [chain('It is 4.'), chain('It is 5.', [form('fail')]), chain('It is 4.'), chain('It is 5.', [form('fail')])],
      { kind: 'agreed', agreement: { agree: 2, of: 4 } },
    ],
    [
      'unsure where no two agree',
      [chain('It is 4.'), chain('It is 5.'), chain('It is 6.')],
      { kind: 'unsure', agreement: { agree: 1, of: 3 }, because: 'No two of 3 chains gave this answer.' },
    ],
    ['single where there was one chain', [chain('It is 4.')], { kind: 'single', agreement: null }],
    ['single where the draft agrees: it is no chain', [chain('It is 4.'), draft('It is 4.')], { kind: 'single' }],
    [
      'single of open text, however many chains',
      [chain('Dear Ada, thank you so much.'), chain('Dear Ada, it was lovely.')],
      { kind: 'single', agreement: null, probability: null },
    ],
    ['single of a fast answer that stands for want of a chain', [draft('It is 4.')], unthoughtVerdict],
  ])('is %s', (_, [winner, ...others], verdict) => {
    if (winner === undefined) throw new Error('no winner');
    expect(verdictOf(winner, [winner, ...others], certainty)).toMatchObject(verdict);
  });

  it('has the probability of the calibration, which differs with what stands', () => {
    const probability = (...[winner, ...others]: Candidate[]) =>
      winner === undefined ? null : verdictOf(winner, [winner, ...others], certainty).probability;
    const one = probability(chain('It is 4.')) ?? Number.NaN;
    expect(probability(chain('It is 4.'), chain('It is 4.'))).toBeGreaterThan(one);
    expect(probability(chain('It is 4.'), chain('It is 5.'))).toBeLessThan(one);
    expect(probability(chain('It is 4.', [form('fail')]))).toBeLessThan(one);
    expect(probability(chain('It is 4.', [], 'revise'))).toBe(probability(chain('It is 4.', [form('fail')])));
  });

  it.each<[string, Candidate, Certainty | null]>([
    ['without calibration', chain('It is 4.'), null],
    ['of the draft', draft('It is 4.'), certainty],
    ['where a check confirmed it', chain('It is 4.', [expected('pass')]), certainty],
    ['where a check that confirms refuted it', chain('It is 4.', [expected('fail')]), certainty],
  ])('has none %s', (_, winner, table) => {
    expect(verdictOf(winner, [winner], table).probability).toBeNull();
  });
});

describe('an answer that is only a guess', () => {
  it.each<[string, Candidate[], RegExp | undefined]>([
    ['every candidate failed', [chain('4', [form('fail')]), chain('5', [form('fail')])], /^Every attempt/],
    ['another did not', [chain('5'), chain('4', [form('fail')])], undefined],
    ['it failed, and what did not was cut', [chain('4', [expected('fail')]), chain('4')], /^A check found/],
    ['it was confirmed', [chain('4', [form('fail'), expected('pass')])], undefined],
  ])('where %s: %s', (_, candidates, because) => {
    const [winner] = candidates;
    if (winner === undefined) throw new Error('no winner');
    if (because === undefined) expect(guessOf(winner, candidates)).toBeUndefined();
    else {
      expect(guessOf(winner, candidates)).toMatch(because);
      expect(verdictOf(winner, candidates, null)).toMatchObject({
        kind: 'unsure',
        because: guessOf(winner, candidates),
      });
    }
  });
});
