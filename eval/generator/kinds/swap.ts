import { people } from '../people.ts';
import type { QuestionKind } from '../question.ts';

const colors = ['red', 'blue', 'green', 'yellow', 'purple', 'pink', 'brown', 'black', 'white'];

export const swap: QuestionKind = {
  name: 'swap',
  share: 173,
  make(random) {
    const names = people(random, 3);
    const start = random.some(colors, names.length);
    const balls = new Map(names.map((name, index) => [name, start[index] ?? '']));
    const [a, b, c] = names.map((name) => `${name} has a ${balls.get(name)} ball`);
    const swaps = Array.from({ length: random.integer(2, 3) }, (_, index) => {
      const [first = '', second = ''] = random.some(names, 2);
      const [mine, theirs] = [balls.get(first) ?? '', balls.get(second) ?? ''];
      balls.set(first, theirs).set(second, mine);
      return `${index === 0 ? 'First' : 'Then'}, ${first} and ${second} swap balls.`;
    });
    const asked = random.pick(names);
    const question = `${a}, ${b}, and ${c}. ${swaps.join(' ')} What color is ${asked}'s ball now?`;
    return { question, answer: balls.get(asked) ?? '' };
  },
};
