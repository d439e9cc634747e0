import { people, things } from '../people.ts';
import type { QuestionKind } from '../question.ts';

/** A value has to be worked out before it can be compared. */
export const twoStep: QuestionKind = {
  name: 'two-step',
  share: 100,
  make(random) {
    const [name, other] = people(random, 2);
    const thing = random.pick(things);
    const times = random.integer(2, 9);
    const each = random.integer(3, 30);
    const less = random.integer(2, times * each - 1);
    const [question, answer] = random.pick<[string, string]>([
      [
        `${name} has ${times} times as many ${thing} as ${other}. ${other} has ${each} ${thing}. How many more ${thing} does ${name} have than ${other}?`,
        String(times * each - each),
      ],
      [
        `${name} has ${times} boxes with ${each} ${thing} in each box. ${other} has ${less} ${thing}. How many more ${thing} does ${name} have than ${other}?`,
        String(times * each - less),
      ],
      comparison(name, other, [times * each, random.integer(2, 9) * each + 1], [times, each]),
    ]);
    return { question, answer };
  },
};

function comparison(
  name: string,
  other: string,
  [product, rival]: [number, number],
  [times, each]: [number, number],
): [string, string] {
  const question = `${name} has ${times} bags of ${each} coins. ${other} has ${rival} coins. Who has more coins?`;
  return [question, product > rival ? name : other];
}
