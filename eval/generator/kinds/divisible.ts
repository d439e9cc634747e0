import type { QuestionKind } from '../question.ts';

export const divisible: QuestionKind = {
  name: 'divisible',
  share: 72,
  make(random) {
    const divisor = random.pick([3, 4, 5, 6, 9]);
    const multiple = divisor * random.integer(Math.ceil(40 / divisor), Math.floor(990 / divisor));
    const number = random.chance(0.6) ? multiple : multiple + random.integer(1, divisor - 1);
    const question = `Is ${number} divisible by ${divisor}? Answer yes or no.`;
    return { question, answer: number % divisor === 0 ? 'yes' : 'no' };
  },
};
