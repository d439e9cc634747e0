import { generateQuestions } from './generate-questions.ts';
import type { Question } from './question.ts';
import { createRandom } from './random.ts';

/** These kinds, plus sums of one digit: who is the tallest of a few, which of two numbers is larger. */
const looked = ['order', 'compare'] as const;

/** Questions that need no intermediate steps. None of `without`, and none twice. */
export function easyQuestions(options: { seed: string; count: number; without: ReadonlySet<string> }): Question[] {
  const { seed, count, without } = options;
  const each = Math.round((0.7 * count) / looked.length);
  const questions = looked.flatMap((kind) => generateQuestions({ seed, count: each, kinds: [kind], without }));
  return [...questions, ...oneDigit(options, count - questions.length)];
}

const signs = [
  ['+', (a: number, b: number) => a + b],
  ['-', (a: number, b: number) => a - b],
  ['×', (a: number, b: number) => a * b],
] as const;
const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9];

function oneDigit({ seed, without }: Parameters<typeof easyQuestions>[0], count: number): Question[] {
  const all = signs.flatMap(([sign, value]) =>
    digits.flatMap((a) =>
      digits
        .filter((b) => b <= a)
        .map((b) => ({ kind: 'one-digit', question: `What is ${a} ${sign} ${b}?`, answer: String(value(a, b)) })),
    ),
  );
  const open = all.filter(({ question }) => !without.has(question));
  return createRandom(`${seed}/one-digit`).some(open, count);
}
