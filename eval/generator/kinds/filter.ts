import type { QuestionKind } from '../question.ts';

export const filter: QuestionKind = {
  name: 'filter',
  share: 161,
  make(random) {
    const numbers = random.integers(random.integer(5, 8), 1, 58);
    const limit = random.integer(20, 45);
    const { label, holds } = random.pick([
      { label: 'even', holds: (number: number) => number % 2 === 0 },
      { label: 'odd', holds: (number: number) => number % 2 === 1 },
      { label: `greater than ${limit}`, holds: (number: number) => number > limit },
    ]);
    const list = numbers.join(', ');
    const question = random.pick([
      `Count the numbers that are ${label} in ${list}.`,
      `How many of these numbers are ${label}: ${list}?`,
    ]);
    return { question, answer: String(numbers.filter(holds).length) };
  },
};
