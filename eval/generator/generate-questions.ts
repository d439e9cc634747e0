import { questionKinds } from './index.ts';
import type { Question, QuestionKind } from './question.ts';
import { createRandom } from './random.ts';

/** How many duplicates are drawn before a kind is considered exhausted (there are only 97 questions about primes). */
const maxRedraws = 200;

/**
 * `count` different questions in random order, so that the first n are a fair sample, with each kind in its share.
 * Fewer are returned only if a kind has no more different questions.
 * @param options.without question texts to leave out (the fixed evaluation set, when calibrating)
 */
export function generateQuestions(options: {
  seed: string;
  count: number;
  kinds?: readonly string[];
  without?: ReadonlySet<string>;
}): Question[] {
  const kinds = questionKinds.filter((kind) => options.kinds?.includes(kind.name) ?? true);
  const questions: Question[] = [];
  for (const { kind, count } of apportion(kinds, options.count)) {
    const random = createRandom(`${options.seed}/${kind.name}`);
    const seen = new Set(options.without);
    for (let made = 0, redraws = 0; made < count && redraws < maxRedraws; ) {
      const { question, answer } = kind.make(random);
      if (seen.has(question)) {
        redraws += 1;
        continue;
      }
      seen.add(question);
      questions.push({ kind: kind.name, question, answer });
      made += 1;
      redraws = 0;
    }
  }
  return createRandom(`${options.seed}/order`).some(questions, questions.length);
}

/** Largest remainder method: whole numbers in proportion to the shares that add up to `total`. */
function apportion(kinds: readonly QuestionKind[], total: number): Array<{ kind: QuestionKind; count: number }> {
  const shares = kinds.reduce((sum, kind) => sum + kind.share, 0);
  const quotas = kinds.map((kind) => ({ kind, exact: (total * kind.share) / shares }));
  const left = total - quotas.reduce((sum, { exact }) => sum + Math.floor(exact), 0);
  const byRemainder = quotas.toSorted((a, b) => (b.exact % 1) - (a.exact % 1));
  const favoured = new Set(byRemainder.slice(0, left).map(({ kind }) => kind));
  return quotas.map(({ kind, exact }) => ({ kind, count: Math.floor(exact) + (favoured.has(kind) ? 1 : 0) }));
}
