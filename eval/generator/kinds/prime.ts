import type { QuestionKind } from '../question.ts';

export const prime: QuestionKind = {
  name: 'prime',
  share: 54,
  make(random) {
    const number = random.integer(4, 100);
    return { question: `Is ${number} a prime number? Answer yes or no.`, answer: isPrime(number) ? 'yes' : 'no' };
  },
};

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return number > 1;
}
