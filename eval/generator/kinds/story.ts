import { people, things } from '../people.ts';
import type { QuestionKind } from '../question.ts';
import type { Random } from '../random.ts';

type Story = (random: Random) => [question: string, answer: number];

/** Short stories with one to three steps, some with a number that is irrelevant. */
export const story: QuestionKind = {
  name: 'story',
  share: 418,
  make(random) {
    const [question, answer] = random.pick(stories)(random);
    return { question, answer: String(answer) };
  },
};

const stories: readonly Story[] = [
  (random) => {
    const [[name], [each, count]] = [people(random, 2), pair(random, 2, 12)];
    return [
      `It takes ${name} ${each} minutes to make one toy. How many toys can ${name} make in ${each * count} minutes?`,
      count,
    ];
  },
  (random) => {
    const [[girls, boys], absent] = [pair(random, 10, 30), random.integer(1, 6)];
    const question = `A class has ${girls} girls and ${boys} boys. ${absent} children are absent today. How many children are present?`;
    return [question, girls + boys - absent];
  },
  (random) => {
    const [[name], [yesterday, today], left] = [people(random, 2), pair(random, 10, 75), random.integer(10, 90)];
    const question = `A book has ${yesterday + today + left} pages. ${name} read ${yesterday} pages yesterday and ${today} pages today. How many pages are left to read?`;
    return [question, left];
  },
  (random) => {
    const [[name], [thing, other]] = [people(random, 2), twoThings(random)];
    const [taken, left, floor] = [random.integer(2, 9), random.integer(5, 80), random.integer(10, 60)];
    const question = `There were ${taken + left} ${thing} on a shelf and ${floor} ${other} on the floor. ${name} took ${taken} ${thing} away. How many ${thing} are on the shelf now?`;
    return [question, left];
  },
  (random) => {
    const [[name], [thing, other]] = [people(random, 2), twoThings(random)];
    const [less, more] = [random.integer(10, 50), random.integer(1, 40)];
    const question = `${name} bought ${thing} for $${less + more} and ${other} for $${less}. How much more did ${name} spend on ${thing} than on ${other}?`;
    return [question, more];
  },
  (random) => {
    const [[name], [spent, left], found] = [people(random, 2), pair(random, 10, 50), random.integer(2, 15)];
    const question = `${name} earned $${spent + left} and spent $${spent} of it. Then ${name} found $${found}. How many dollars does ${name} have?`;
    return [question, left + found];
  },
  (random) => {
    const [[name, other], [a, b]] = [people(random, 2), pair(random, 3, 15)];
    const [c, theirs] = [random.integer(3, 15), random.integer(20, 60)];
    const question = `${name} walked ${a} kilometers on Monday, ${b} on Tuesday and ${c} on Wednesday. ${other} walked ${theirs} kilometers in all. How many kilometers did ${name} walk in the three days?`;
    return [question, a + b + c];
  },
  (random) => {
    const [[price, childPrice], [adults, children]] = [pair(random, 3, 12), pair(random, 2, 9)];
    const question = `Tickets cost $${price} for adults and $${childPrice} for children. How much do ${adults} adults and ${children} children pay in dollars?`;
    return [question, price * adults + childPrice * children];
  },
  (random) => {
    const [[name, other, third], [younger, age]] = [people(random, 3), pair(random, 3, 60)];
    const question = `${name} is ${younger} years younger than ${other}. ${other} is ${younger + age} years old and ${third} is ${random.integer(10, 70)}. How old is ${name}?`;
    return [question, age];
  },
  (random) => {
    const [[name], thing, [each, count]] = [people(random, 2), random.pick(things), pair(random, 3, 12)];
    const question = `Each box holds ${each} ${thing}. ${name} has ${each * count} ${thing}. How many boxes does ${name} need?`;
    return [question, count];
  },
  (random) => {
    const [[name], first, [fewer, more]] = [people(random, 2), random.integer(20, 70), pair(random, 2, 12)];
    const question = `${name} scored ${first} points in the first game, ${fewer} fewer in the second and ${more} more than in the first in the third. How many points did ${name} score in all three games?`;
    return [question, 3 * first - fewer + more];
  },
  (random) => {
    const [[name], thing, [each, bags]] = [people(random, 2), random.pick(things), pair(random, 2, 10)];
    const question = `${name} has ${each * bags} ${thing} and puts them equally into ${bags} bags. How many ${thing} are in each bag?`;
    return [question, each];
  },
  (random) => {
    const [[name, other], thing, [given, left]] = [people(random, 2), random.pick(things), pair(random, 10, 60)];
    const question = `${name} had some ${thing}. ${name} gave ${given} of them to ${other} and has ${left} left. How many ${thing} did ${name} have at first?`;
    return [question, given + left];
  },
  (random) => {
    const [[name], thing, [half, more]] = [people(random, 2), random.pick(things), pair(random, 15, 80)];
    const place = random.pick(['at the market', 'at the beach', 'at school', 'at the library']);
    const question = `${name} made ${half * 2} ${thing} and sold half of them ${place}. Then ${name} made ${more} more. How many ${thing} does ${name} have now?`;
    return [question, half + more];
  },
];

function pair(random: Random, from: number, to: number): [number, number] {
  return [random.integer(from, to), random.integer(from, to)];
}

function twoThings(random: Random): [string, string] {
  const thing = random.pick(things);
  return [thing, random.pick(things.filter((other) => other !== thing))];
}
