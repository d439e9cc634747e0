import type { QuestionKind } from '../question.ts';

export const expression: QuestionKind = {
  name: 'expr',
  share: 237,
  make(random) {
    const [a, b] = [random.integer(2, 19), random.integer(2, 19)];
    const [c, d] = [random.integer(2, 19), random.integer(2, 19)];
    const [text, value] = random.pick<[string, number]>([
      [`${a} + ${b} - ${c} + ${d}`, a + b - c + d],
      [`(${a} + ${b}) × (${c} - ${d})`, (a + b) * (c - d)],
      [`${a} + ${b} × ${c}`, a + b * c],
      [`(${a} + ${b}) × ${c}`, (a + b) * c],
      [`${a} × ${b} - ${c} × ${d}`, a * b - c * d],
    ]);
    const question = random.pick([`Evaluate ${text}.`, `Compute ${text}.`, `What is ${text}?`]);
    return { question, answer: String(value) };
  },
};
