import type { QuestionKind } from '../question.ts';

const upTo98 = Array.from({ length: 98 }, (_, index) => index + 1);

export const sortNumbers: QuestionKind = {
  name: 'sort',
  share: 114,
  make(random) {
    const numbers = random.some(upTo98, random.integer(3, 6));
    const list = numbers.join(', ');
    const question = random.pick([
      `Put ${list} in increasing order.`,
      `Sort these numbers from smallest to largest: ${list}.`,
    ]);
    return { question, answer: numbers.toSorted((a, b) => a - b).join(', ') };
  },
};
