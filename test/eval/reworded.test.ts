import { expect, it } from 'vitest';
import type { AnsweredRow } from '../../eval/answered-row.ts';
import { originalsOf, readQuestionSet } from '../../eval/question-set.ts';
import { againstOriginals } from '../../eval/summary.ts';

const answered = (row: number, question: string, right: boolean): AnsweredRow => ({
  fingerprint: '',
  arm: 'low',
  row,
  kind: 'add',
  question,
  expected: '4',
  response: 'resp_1',
  status: 'completed',
  output: '4',
  right,
  source: 'vote',
  thinking_stop: null,
  input_tokens: 1,
  output_tokens: 1,
  phases: { draft: 0, think: 0, check: 0, revise: 0, forced: 0, discarded: 0, answer: 1 },
  seconds: 1,
  steps: [],
});

it('finds the original of each reworded question, with its answer', async () => {
  const reworded = await readQuestionSet({ set: 'reworded' });
  const originals = new Map((await originalsOf(reworded)).questions.map((one) => [one.question, one.answer]));
  expect(originals.size).toBe(200);
  for (const { original = '', answer } of reworded.questions) expect(originals.get(original)).toBe(answer);
});

it('pairs by the original, not by the row, and leaves out what only one has', () => {
  const set = {
    name: 'reworded',
    questions: [
      { kind: 'add', question: 'two and two?', answer: '4', original: '2 + 2', row: 1 },
      { kind: 'add', question: 'one and three?', answer: '4', original: '1 + 3', row: 2 },
      { kind: 'add', question: 'three and one?', answer: '4', original: '3 + 1', row: 3 },
    ],
  };
  const [pair] = againstOriginals({
    set,
    rows: [
      answered(1, 'two and two?', true),
      answered(2, 'one and three?', false),
      answered(3, 'three and one?', true),
    ],
    originals: [answered(40, '2 + 2', true), answered(7, '1 + 3', true)],
    arms: ['low'],
  });
  expect(pair).toMatchObject({ arm: 'low', questions: 2, right: 1, originalsRight: 2, ratio: 0.5 });
  expect(pair?.difference).toMatchObject({ gained: 0, lost: 1 });
});
