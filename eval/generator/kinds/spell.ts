import type { QuestionKind } from '../question.ts';
import { words } from '../words.ts';

export const spell: QuestionKind = {
  name: 'spell',
  share: 164,
  make(random) {
    const word = random.pick(words);
    const question = random.pick([
      `How do you spell "${word}"?`,
      `Spell the word ${word}.`,
      `Spell out ${word} letter by letter.`,
    ]);
    return { question, answer: [...word].join('-') };
  },
};
