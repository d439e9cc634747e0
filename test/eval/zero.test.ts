import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { evaluate } from '../../eval/evaluate.ts';
import { isRight, readQuestionSet } from '../../eval/question-set.ts';
import { createZeroClient } from '../../eval/zero/zero-client.ts';
import { statesExpression, zeroThought } from '../../eval/zero/zero-thought.ts';

/** Every so many-th question of the sets; more than 200 in all that state no operation. */
const every = 2;
/** A share of the questions. */
const mostLift = 0.02;

it.each([
  ['What is 849 - 195?', true],
  ['Calculate 77 times 63.', true],
  ['Find 10 percent of 240.', true],
  ['How many times does 9 go into 297?', true],
  ['What is the smallest number in this list: 180, 87, 175?', false],
  ['What day of the week is 26 days after Wednesday?', false],
  ['Reverse the word bomb.', false],
])('knows whether a question states its operation: %s', (question, states) => {
  expect(statesExpression(question)).toBe(states);
});

it('writes zeros and copies, and concludes with the last value of its thought', () => {
  expect(zeroThought('How many n\'s are there in the word "months"?', '')).toEqual({
    rest: 'I spell the word: m-o-n-t-h-s.\nThe letter n appears 0 times.\nSo the answer is 0.',
    conclusion: '0',
  });
  // A line that was put right is followed by the lines that it would have written anyway.
  expect(zeroThought('What is 849 - 195?', '849 - 195 = 654').rest).toBe('\nSo the answer is 654.');
});

it('the checks give a model without parameters next to nothing where the question states no operation', {
  timeout: 300_000,
}, async () => {
  const client = createZeroClient();
  const sets = await Promise.all(['generated', 'reworded', 'everyday'].map((set) => readQuestionSet({ set })));
  const questions = sets.flatMap((set) => set.questions).filter(({ question }) => !statesExpression(question));
  const asked = questions.filter((_, index) => index % every === 0);
  const rightWith = async (reasoning: Record<string, unknown>) => {
    let right = 0;
    for (const one of asked) {
      const { output_text: text } = await client.respond({ input: one.question, seed: one.row, reasoning });
      if (await isRight(text, one)) right += 1;
    }
    return right;
  };
  const bare = await rightWith({ effort: 'high', checks: [], checks_only: true });
  const checked = await rightWith({ effort: 'high' });
  expect(asked.length).toBeGreaterThan(200);
  expect((checked - bare) / asked.length).toBeLessThanOrEqual(mostLift);
  // It is lifted by arithmetic where the question says what to work out: the checks do run.
  const sum = await client.respond({ input: 'What is 849 - 195?', seed: 1, reasoning: { effort: 'high' } });
  expect(sum.output_text).toContain('654');
});

it('is evaluated as a model is, on sets of the caller too', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'zero-test-'));
  try {
    const set = join(folder, 'mine.jsonl');
    await writeFile(
      set,
      '{"question": "What is 849 - 195?", "answer": "654"}\n{"question": "Reverse bomb.", "answer": "bmob"}\n',
    );
    const run = { model: 'zero', baselines: true, concurrency: 2 };
    const { report } = await evaluate({ ...run, set, out: join(folder, 'mine-zero') });
    expect(report.control.map(({ questions, lift }) => [questions, lift.gained])).toEqual([
      ['do not state their operation', 0],
      ['state their operation', 1],
    ]);
    const known = await evaluate({ ...run, set: 'generated', n: 2, out: join(folder, 'generated-zero') });
    expect(await readFile(join(known.folder, 'report.md'), 'utf8')).toContain(
      'Was this set used to make what is measured?',
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
