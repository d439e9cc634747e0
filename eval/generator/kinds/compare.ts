import type { QuestionKind } from '../question.ts';

/** Two decimals with the same whole part and a different number of decimal places. */
export const compare: QuestionKind = {
  name: 'compare',
  share: 188,
  make(random) {
    const whole = random.integer(0, 19);
    const [placesA, placesB] = random.pick([
      [2, 1],
      [1, 2],
      [2, 3],
      [1, 3],
    ] as const);
    const a = `${whole}.${random.integer(10 ** (placesA - 1), 10 ** placesA - 1)}`;
    const b = `${whole}.${random.integer(10 ** (placesB - 1), 10 ** placesB - 1)}`;
    const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
    // 4.5 and 4.50 are equal: generate another question.
    if (Number(a) === Number(b)) return compare.make(random);
    const larger = random.chance(0.73);
    const [first, second] = random.chance(0.5) ? [shorter, longer] : [longer, shorter];
    const question = larger
      ? random.pick([
          `Which is larger, ${first} or ${second}?`,
          `Is ${first} or ${second} greater?`,
          `Which number is bigger: ${first} or ${second}?`,
        ])
      : random.pick([
          `Which number is smaller: ${first} or ${second}?`,
          `Is ${first} or ${second} less?`,
          `Which is smaller, ${first} or ${second}?`,
        ]);
    return { question, answer: Number(a) > Number(b) === larger ? a : b };
  },
};
