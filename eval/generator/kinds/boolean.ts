import type { QuestionKind } from '../question.ts';

const name = (value: boolean) => (value ? 'True' : 'False');

export const boolean: QuestionKind = {
  name: 'bool',
  share: 42,
  make(random) {
    const [a, b, c] = [random.chance(0.5), random.chance(0.5), random.chance(0.5)];
    const [text, value] = random.pick<[string, boolean]>([
      [`not (${name(a)} or ${name(b)})`, !(a || b)],
      [`not ${name(a)} and ${name(b)}`, !a && b],
      [`(${name(a)} or ${name(b)}) and not ${name(c)}`, (a || b) && !c],
      [`${name(a)} and ${name(b)} or ${name(c)}`, (a && b) || c],
    ]);
    const question = random.pick([`Is this True or False: ${text}?`, `Evaluate the boolean expression: ${text}.`]);
    return { question, answer: name(value) };
  },
};
