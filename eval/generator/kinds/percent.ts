import type { QuestionKind } from '../question.ts';

const bases = [20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 240, 260, 300, 360, 400, 500, 600, 700, 800];

export const percent: QuestionKind = {
  name: 'pct',
  share: 155,
  make(random) {
    const rate = random.pick([5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 80]);
    const base = random.pick(bases.filter((each) => (each * rate) % 100 === 0));
    const part = (base * rate) / 100;
    const [question, value] = random.pick<[string, number]>([
      [`What is ${rate}% of ${base}?`, part],
      [`Find ${rate} percent of ${base}.`, part],
      [`A jacket costs $${base}. It is on sale for ${rate}% off. What is the sale price in dollars?`, base - part],
    ]);
    return { question, answer: String(value) };
  },
};
