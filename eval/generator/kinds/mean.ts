import type { QuestionKind } from '../question.ts';

export const mean: QuestionKind = {
  name: 'mean',
  share: 59,
  make(random) {
    const count = random.integer(3, 5);
    const numbers = random.integers(count, 3, 94);
    const rest = numbers.reduce((total, number) => total + number, 0) % count;
    // The last number makes the mean a whole number.
    const last = (numbers.pop() ?? 0) + (rest === 0 ? 0 : count - rest);
    numbers.push(last);
    const total = numbers.reduce((sum, number) => sum + number, 0);
    return { question: `What is the average of ${numbers.join(', ')}?`, answer: String(total / count) };
  },
};
