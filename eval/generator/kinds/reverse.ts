import type { QuestionKind } from '../question.ts';
import { words } from '../words.ts';

export const reverse: QuestionKind = {
  name: 'reverse',
  share: 179,
  make(random) {
    const word = random.pick(words);
    const question = random.pick([
      `Write "${word}" in reverse.`,
      `Reverse the word ${word}.`,
      `Spell the word "${word}" backwards.`,
    ]);
    return { question, answer: [...word].reverse().join('') };
  },
};
