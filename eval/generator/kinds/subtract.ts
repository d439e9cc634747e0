import { numberOfDigits } from '../number-of-digits.ts';
import type { QuestionKind } from '../question.ts';

export const subtract: QuestionKind = {
  name: 'sub',
  share: 226,
  make(random) {
    const digits = random.pick([2, 3, 3, 4, 4]);
    const [first, second] = [numberOfDigits(random, digits), numberOfDigits(random, digits)];
    const [a, b] = [Math.max(first, second), Math.min(first, second)];
    const question = random.pick([
      `What is the difference between ${a} and ${b}?`,
      `Subtract ${b} from ${a}.`,
      `Calculate ${a} - ${b}.`,
      `What is ${a} - ${b}?`,
    ]);
    return { question, answer: String(a - b) };
  },
};
