import type { QuestionKind } from '../question.ts';

export const divide: QuestionKind = {
  name: 'div',
  share: 219,
  make(random) {
    const divisor = random.integer(2, 12);
    const quotient = random.integer(10, 120);
    if (random.chance(0.3)) {
      const remainder = random.integer(0, divisor - 1);
      const dividend = divisor * quotient + remainder;
      const question = random.pick([
        `What is ${dividend} mod ${divisor}?`,
        `What is the remainder when ${dividend} is divided by ${divisor}?`,
      ]);
      return { question, answer: String(remainder) };
    }
    const dividend = divisor * quotient;
    const question = random.pick([
      `Divide ${dividend} by ${divisor}.`,
      `What is ${dividend} ÷ ${divisor}?`,
      `What is ${dividend} / ${divisor}?`,
      `How many times does ${divisor} go into ${dividend}?`,
    ]);
    return { question, answer: String(quotient) };
  },
};
