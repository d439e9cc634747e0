import type { QuestionKind } from '../question.ts';
import type { Random } from '../random.ts';

export const sequence: QuestionKind = {
  name: 'sequence',
  share: 154,
  make(random) {
    const count = random.integer(4, 5);
    const terms = random.pick([even, even, growing, geometric])(random, count);
    const shown = terms.slice(0, -1).join(', ');
    const question = random.pick([
      `What comes next: ${shown}, ?`,
      `Find the next term: ${shown}, ...`,
      `What is the next number in the sequence ${shown}, ...?`,
    ]);
    return { question, answer: String(terms.at(-1)) };
  },
};

/** Steps of equal size, up or down. */
function even(random: Random, count: number): number[] {
  const [start, step] = [random.integer(2, 61), random.integer(2, 12)];
  const rising = Array.from({ length: count + 1 }, (_, index) => start + step * index);
  return random.chance(0.5) ? rising : rising.toReversed();
}

/** Steps that grow by one each time. */
function growing(random: Random, count: number): number[] {
  const [start, step] = [random.integer(2, 9), random.integer(1, 4)];
  return Array.from({ length: count + 1 }, (_, index) => start + step * index + (index * (index - 1)) / 2);
}

function geometric(random: Random, count: number): number[] {
  const [start, factor] = [random.integer(1, 7), random.integer(2, 3)];
  return Array.from({ length: count + 1 }, (_, index) => start * factor ** index);
}
