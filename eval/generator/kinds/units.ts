import type { QuestionKind } from '../question.ts';

const units = [
  { small: 'centimeters', large: 'meters', factor: 100 },
  { small: 'minutes', large: 'hours', factor: 60 },
  { small: 'seconds', large: 'minutes', factor: 60 },
  { small: 'grams', large: 'kilograms', factor: 1000 },
  { small: 'hours', large: 'days', factor: 24 },
  { small: 'meters', large: 'kilometers', factor: 1000 },
  { small: 'days', large: 'weeks', factor: 7 },
  { small: 'items', large: 'dozens', factor: 12 },
];

export const unitConversion: QuestionKind = {
  name: 'units',
  share: 132,
  make(random) {
    const { small, large, factor } = random.pick(units);
    const count = random.integer(2, 15);
    const rest = random.chance(0.5) ? random.integer(2, factor - 1) : 0;
    const restText = rest === 0 ? '' : ` and ${rest} ${small}`;
    return {
      question: `How many ${small} are in ${count} ${large}${restText}?`,
      answer: String(count * factor + rest),
    };
  },
};
