import type { QuestionKind } from '../question.ts';
import { words } from '../words.ts';

const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];

export const nthLetter: QuestionKind = {
  name: 'nth-letter',
  share: 81,
  make(random) {
    const word = random.pick(words);
    const position = random.integer(0, word.length - 1);
    return {
      question: `What is the ${ordinals[position]} letter of the word "${word}"?`,
      answer: word.charAt(position),
    };
  },
};
