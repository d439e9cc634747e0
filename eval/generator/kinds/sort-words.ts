import type { QuestionKind } from '../question.ts';
import { words } from '../words.ts';

export const sortWords: QuestionKind = {
  name: 'sort-words',
  share: 56,
  make(random) {
    const list = random.some(words, random.integer(3, 4));
    // By code unit: the words are lower-case ASCII, so this is alphabetical in every locale.
    return { question: `Sort these words alphabetically: ${list.join(', ')}.`, answer: list.toSorted().join(', ') };
  },
};
