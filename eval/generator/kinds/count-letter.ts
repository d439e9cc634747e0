import type { QuestionKind } from '../question.ts';
import { words } from '../words.ts';

export const countLetter: QuestionKind = {
  name: 'count-letter',
  share: 358,
  make(random) {
    const word = random.pick(words);
    const letter = random.chance(0.15) ? random.pick([...'abcdefghilmnoprstuwy']) : random.pick([...word]);
    const count = [...word].filter((each) => each === letter).length;
    const question = random.pick([
      `Count the letter "${letter}" in the word ${word}.`,
      `How many letter ${letter}s are in "${word}"?`,
      `How many times does the letter ${letter} appear in the word "${word}"?`,
      `How many ${letter}'s are in ${word}?`,
      `How many ${letter}'s are there in the word ${word}?`,
    ]);
    return { question, answer: String(count) };
  },
};
