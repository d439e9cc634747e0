import type { QuestionKind } from '../question.ts';

export const sum: QuestionKind = {
  name: 'sum',
  share: 118,
  make(random) {
    const numbers = random.integers(random.integer(3, 5), 2, 98);
    const question = random.pick([
      `Add up these numbers: ${numbers.join(', ')}.`,
      `What is the sum of ${numbers.join(', ')}?`,
      `What is ${numbers.join(' + ')}?`,
    ]);
    return { question, answer: String(numbers.reduce((total, number) => total + number, 0)) };
  },
};
