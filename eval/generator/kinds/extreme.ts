import type { QuestionKind } from '../question.ts';

export const extreme: QuestionKind = {
  name: 'extreme',
  share: 50,
  make(random) {
    const numbers = random.integers(random.integer(4, 6), 1, 199);
    const largest = random.chance(0.5);
    const question = `What is the ${largest ? 'largest' : 'smallest'} number in this list: ${numbers.join(', ')}?`;
    return { question, answer: String(largest ? Math.max(...numbers) : Math.min(...numbers)) };
  },
};
