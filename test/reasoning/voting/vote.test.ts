import { describe, expect, it } from 'vitest';
import { normalise } from '../../../src/answers/normalise.ts';
import { isDecided, tallyVotes, type Vote } from '../../../src/reasoning/voting/vote.ts';

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

describe('isDecided', () => {
  const four = ballot('4');
  it.each<[string, boolean, Vote[], number]>([
    ['no chain is left', true, [four, four, ballot('5')], 0],
    ['the last chain could only make a tie', true, [four, four, ballot('5'), ballot('6')], 1],
    ['such a tie would go to the greedy chain', false, [four, four, ballot('5', { greedy: true }), ballot('6')], 1],
    ['two could overtake', false, [four, four, ballot('5')], 2],
    ['two could agree on what nobody has said', false, [four, four], 2],
    ['they could not even make a tie', true, [four, four, four], 2],
    ['its votes are of unsound chains', false, [four, ballot('4', unsound), ballot('5', unsound)], 0],
    ['no two agree', false, [four, ballot('5')], 0],
    ['nobody has voted', false, [], 3],
  ])('where %s: %s', (_, expected, ballots, open) => {
    expect(isDecided(tallyVotes(ballots), open)).toBe(expected);
  });
});
