import { describe, expect, it } from 'vitest';
import { readEffortTable } from '../../src/models/effort-tables.ts';
import { leadProbability, voteState } from '../../src/reasoning/adaptive-stop.ts';
import { normalise } from '../../src/reasoning/normalise.ts';
import { type Ballot, tallyBallots } from '../../src/reasoning/vote.ts';

const table = {
  ballot_weights: { draft: -1.5, greedy: 0.3, sample: 0.1, handed_over: -2, revised: 0, sound: 3, unsound: -2 },
  self_certainty_weight: 1,
};
const ballot = (answer: string, source: Ballot['source'] = 'sample', rest: Partial<Ballot> = {}): Ballot => ({
  answer: normalise(answer),
  source,
  greedy: source === 'greedy',
  ...rest,
});
const leader = (ballots: Ballot[]): string | undefined => tallyBallots(ballots, table).entries[0]?.answer.key;

describe('tallyBallots', () => {
  it.each<[string, string, Ballot[]]>([
    ['the majority', '4', [ballot('5', 'greedy'), ballot('4'), ballot('4')]],
    ['a chain over the draft', '4', [ballot('5', 'draft'), ballot('4', 'greedy')]],
    ['the draft over a chain that was cut', '5', [ballot('5', 'draft'), ballot('4', 'handed_over', { greedy: true })]],
    [
      'a sound chain over two unsound',
      '4',
      [
        ballot('5', 'greedy', { lines: 'unsound' }),
        ballot('5', 'sample', { lines: 'unsound' }),
        ballot('4', 'sample', { lines: 'sound' }),
      ],
    ],
    [
      'the more certain of two',
      '4',
      [ballot('5', 'sample', { selfCertainty: 1 }), ballot('4', 'sample', { selfCertainty: 2 })],
    ],
    ['the greedy chain in a tie', '4', [ballot('5', 'revised'), ballot('4', 'revised', { greedy: true })]],
    ['one answer written in two ways', '4', [ballot('5', 'greedy'), ballot('4 dollars'), ballot('$4.00')]],
  ])('takes %s', (_, answer, ballots) => {
    expect(leader(ballots)).toBe(answer);
  });

  it('lets one chain whose lines held outweigh several that say the same wrong line, with a model that was never calibrated', () => {
    const again = ballot('5', 'revised', { lines: 'unsound' });
    const ballots = [ballot('6', 'draft'), ballot('4', 'greedy', { lines: 'sound' }), again, again, again];
    expect(tallyBallots(ballots, readEffortTable('never-calibrated')).entries[0]?.answer.key).toBe('4');
  });

  it('gives a single ballot its calibrated probability', () => {
    const only = tallyBallots([ballot('4', 'greedy')], table).entries[0];
    expect(only?.probability).toBeCloseTo(1 / (1 + Math.exp(-0.3)), 6);
  });

  it('lets agreement between numbers say more than between yes and no', () => {
    const probability = (answer: string): number =>
      tallyBallots([ballot(answer), ballot(answer)], table).entries[0]?.probability ?? 0;
    expect(probability('4')).toBeGreaterThan(probability('yes'));
  });

  it('never lets a vote for an answer lower it', () => {
    const weight = (ballots: Ballot[]): number => tallyBallots(ballots, table).entries[0]?.weight ?? 0;
    expect(weight([ballot('yes'), ballot('yes', 'handed_over')])).toBeGreaterThan(weight([ballot('yes')]));
  });
});

describe('the adaptive stop', () => {
  // Values of the Beta distribution in closed form: P(p > 1/2) for Beta(k + 1, 1) is 1 - 2^-(k + 1).
  it.each([
    [0, 0, 0.5],
    [1, 0, 0.75],
    [3, 0, 0.9375],
    [4, 0, 0.96875],
    [5, 5, 0.5],
    [2, 1, 0.6875],
  ])('leads %d to %d with probability %d', (first, second, probability) => {
    expect(leadProbability(first, second)).toBeCloseTo(probability, 9);
  });

  const state = (ballots: Ballot[], samplesLeft: number) =>
    voteState(tallyBallots(ballots, table), { samplesLeft, heaviestBallot: 2.5, wanted: 0.95 });

  it.each<[string, Ballot[], number]>([
    ['open', [], 7],
    ['open', [ballot('4')], 7],
    ['open', [ballot('4'), ballot('5')], 3],
    ['settled', Array.from({ length: 4 }, () => ballot('4')), 8],
    ['settled', [ballot('4', 'greedy', { lines: 'sound' })], 7],
    ['cannot_turn', [ballot('4'), ballot('4'), ballot('5')], 0],
  ])('is %s', (expected, ballots, left) => {
    expect(state(ballots, left)).toBe(expected);
  });
});
