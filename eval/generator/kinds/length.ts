import type { QuestionKind } from '../question.ts';
import { words } from '../words.ts';

export const length: QuestionKind = {
  name: 'length',
  share: 48,
  make(random) {
    const word = random.pick(words);
    const question = random.pick([
      `How many letters are in the word "${word}"?`,
      `How many letters does ${word} have?`,
    ]);
    return { question, answer: String(word.length) };
  },
};
