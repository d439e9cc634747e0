import { numberOfDigits } from '../number-of-digits.ts';
import type { QuestionKind } from '../question.ts';

export const add: QuestionKind = {
  name: 'add',
  share: 291,
  make(random) {
    const digits = random.pick([2, 2, 3, 3, 3, 4, 4, 4, 5]);
    const [a, b] = [numberOfDigits(random, digits), numberOfDigits(random, digits)];
    const question = random.pick([
      `${a} + ${b} = ?`,
      `What is the sum of ${a} and ${b}?`,
      `Add ${a} and ${b}.`,
      `Calculate ${a} + ${b}.`,
      `What is ${a} + ${b}?`,
    ]);
    return { question, answer: String(a + b) };
  },
};
