import { describe, expect, it } from 'vitest';
import { byDay } from '../../console/src/frame/chats-by-day.ts';
import { inKorean } from '../../console/src/i18n/korean-sentences.ts';
import { branchThrough, type ChatTurn, lastUsable } from '../../console/src/views/ask/chat-tree.ts';
import { guess, refuted, unthoughtVerdict } from '../../src/reasoning/voting/answer-verdict.ts';

const turn = (
  id: string,
  parent: string | null,
  question: string,
  status: ChatTurn['status'] = 'completed',
): ChatTurn => ({
  id,
  object: 'conversation.turn',
  parent,
  question,
  answer: '',
  status,
  model: 'tiny',
  effort: 'low',
  created_at: 0,
  completed_at: 0,
  stored: true,
});
/** Two answers to one, a branch of another question, and turns below each. */
const turns = [
  turn('a', null, 'one'),
  turn('a2', null, 'one'),
  turn('b', 'a', 'two'),
  turn('u', null, 'uno'),
  turn('c', 'b', 'three', 'failed'),
];
const ids = (id?: string) => branchThrough(turns, id).map((place) => place.turn.id);

describe('a branch of a chat', () => {
  it('goes from the first question through a turn to the newest below it', () => {
    expect(ids('b')).toEqual(['a', 'b', 'c']);
    expect(ids('a2')).toEqual(['a2']);
    expect(ids()).toEqual(['a', 'b', 'c']);
    expect(ids('nothing')).toEqual([]);
  });

  it('knows what else stands in a question’s place', () => {
    const [first] = branchThrough(turns, 'c');
    expect(first?.questions.map(({ id }) => id)).toEqual(['a', 'u']);
    expect(first?.answers.map(({ id }) => id)).toEqual(['a', 'a2']);
    // Each other question by its newest answer.
    expect(branchThrough(turns, 'u')[0]?.questions.map(({ id }) => id)).toEqual(['a2', 'u']);
  });

  it('goes on from the last answer that there is', () => {
    expect(lastUsable(branchThrough(turns, 'c'))).toBe('b');
    expect(lastUsable([])).toBeNull();
  });
});

describe('the list of chats', () => {
  const now = new Date(2026, 10, 29, 15, 0).getTime();
  const chat = (id: string, hoursAgo: number) => ({
    id,
    object: 'conversation' as const,
    created_at: 0,
    metadata: {},
    title: id,
    updated_at: (now - hoursAgo * 3_600_000) / 1000,
    turns: 1,
    last_response_id: null,
  });

  it('is parted by the days of the reader’s calendar', () => {
    const parted = byDay([chat('noon', 3), chat('night', 16), chat('before', 40), chat('long', 400)], now);
    expect(parted.map(({ day, chats }) => [day, chats.map(({ id }) => id)])).toEqual([
      ['today', ['noon']],
      ['yesterday', ['night']],
      ['earlier', ['before', 'long']],
    ]);
  });
});

describe('sentences of the service in Korean', () => {
  it.each([
    guess,
    refuted,
    unthoughtVerdict.because,
    '2 of 3 chains gave this answer.',
    'The chains disagree: 1 of 3 gave this answer, as many gave another.',
    'The chains disagree: 1 of 3 gave this answer, 2 gave another.',
    'Thinks in a sampled chain.',
    'Called python.',
    'The draft gave no answer.',
    'The chain answered 42; 2 checks passed.',
    'The chain answered 42 when its thinking was cut, and was cut; a line failed its check (arithmetic).',
    'The revised chain gave an answer in words, repeating itself; a check found: 3 + 4 is not 8.',
    '42 leads the vote with 2 of 3 votes. 1 answer was dropped by checks.',
    '4 leads the vote with 1 of 3 votes. A check found wrong steps in the chains that answered 5, so their 2 votes count less.',
    'An answer in open text cannot be voted on, so one chain is enough.',
    'Removes the wrong line and rewrites it. No new line passed the checks.',
    "The model's calibration gives 81 % that thinking would not improve it; it is kept from 60 %.",
    'After 4 tokens, calibration gives 30 % that thinking would not improve it; below 64 % it is not completed.',
    'arithmetic: the thought concludes 8, the answer says 9',
    'conclusion: the thought computed leer, its conclusion says reer',
    'only a number was asked for',
    '3 equations hold',
  ])('%s', (sentence) => {
    expect(inKorean(sentence)).toMatch(/[가-힣]/);
    expect(inKorean(sentence)).not.toMatch(/chain|answer|check\b|found|line/i);
  });

  it('a wrong equation', () =>
    expect(inKorean('arithmetic: 59 × 46 is not 2,700')).toBe('arithmetic: 59 × 46 ≠ 2,700'));

  it('an unknown one stays', () => expect(inKorean('Something new.')).toBe('Something new.'));
});
