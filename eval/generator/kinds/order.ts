import { people } from '../people.ts';
import type { QuestionKind } from '../question.ts';

const scales = [
  { more: 'taller', most: 'tallest', least: 'shortest' },
  { more: 'older', most: 'oldest', least: 'youngest' },
  { more: 'faster', most: 'fastest', least: 'slowest' },
  { more: 'heavier', most: 'heaviest', least: 'lightest' },
];

export const order: QuestionKind = {
  name: 'order',
  share: 170,
  make(random) {
    const ranked = people(random, random.pick([3, 3, 3, 4, 4]));
    const scale = random.pick(scales);
    const facts = ranked.slice(1).map((lower, index) => `${ranked[index]} is ${scale.more} than ${lower}.`);
    const most = random.chance(0.5);
    const question = `${random.some(facts, facts.length).join(' ')} Who is the ${most ? scale.most : scale.least}?`;
    return { question, answer: (most ? ranked[0] : ranked.at(-1)) ?? '' };
  },
};
