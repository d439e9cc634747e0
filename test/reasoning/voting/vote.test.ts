import { describe, expect, it } from 'vitest';
import { normalise } from '../../../src/answers/normalise.ts';
import { tallyVotes, type Vote } from '../../../src/reasoning/voting/vote.ts';

const ballot = (answer: string, rest: Partial<Vote> = {}): Vote => ({
  answer: normalise(answer),
  sound: true,
  greedy: false,
  length: 10,
  ...rest,
});
const unsound = { sound: false };
const entries = (ballots: Vote[]) => tallyVotes(ballots).entries;

describe('tallyVotes', () => {
  it.each<[string, string, Vote[]]>([
    ['the majority', '4', [ballot('5', { greedy: true }), ballot('4'), ballot('4')]],
    ['a sound chain over two unsound', '4', [ballot('5', unsound), ballot('5', unsound), ballot('4')]],
    ['the majority of what is unsound', '4', [ballot('5', unsound), ballot('4', unsound), ballot('4', unsound)]],
    ['of as many sound ones the one with more ballots', '4', [ballot('5'), ballot('4', unsound), ballot('4')]],
    ['the greedy chain in a tie', '4', [ballot('5', { length: 1 }), ballot('4', { greedy: true })]],
    ['the shortest thought in a tie without it', '4', [ballot('5'), ballot('6'), ballot('4', { length: 9 })]],
    ['one answer written in two ways', '4', [ballot('5', { greedy: true }), ballot('4 dollars'), ballot('$4.00')]],
  ])('takes %s', (_, answer, ballots) => {
    expect(entries(ballots)[0]?.answer.key).toBe(answer);
  });

  it('counts the ballots of an answer, and those of them that are sound', () => {
    const [first, second] = entries([ballot('4'), ballot('4', unsound), ballot('5', unsound)]);
    expect(first).toMatchObject({ ballots: 2, sound: 1 });
    expect(second).toMatchObject({ ballots: 1, sound: 0 });
  });
});
