import { numberOfDigits } from '../number-of-digits.ts';
import type { QuestionKind } from '../question.ts';

export const multiply: QuestionKind = {
  name: 'mul',
  share: 366,
  make(random) {
    const [digits, otherDigits] = random.pick([
      [2, 2],
      [2, 2],
      [2, 1],
      [2, 1],
      [3, 1],
      [3, 2],
    ] as const);
    const a = numberOfDigits(random, digits);
    const b = otherDigits === 1 ? random.integer(2, 9) : numberOfDigits(random, otherDigits);
    const question = random.pick([
      `Calculate ${a} times ${b}.`,
      `What is the product of ${a} and ${b}?`,
      `What is ${a} * ${b}?`,
      `Multiply ${a} by ${b}.`,
      `What is ${a} x ${b}?`,
      `What is ${a} × ${b}?`,
    ]);
    return { question, answer: String(a * b) };
  },
};
