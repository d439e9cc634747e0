import { people, things } from '../people.ts';
import type { QuestionKind } from '../question.ts';
import type { Random } from '../random.ts';

type Problem = (random: Random) => [question: string, answer: number];

/** Two-step problems of everyday life. */
export const wordProblem: QuestionKind = {
  name: 'word',
  share: 411,
  make(random) {
    const [question, answer] = random.pick(problems)(random);
    return { question, answer: String(answer) };
  },
};

const problems: readonly Problem[] = [
  (random) => {
    const [rows, trees, cut] = [random.integer(3, 12), random.integer(3, 12), random.integer(2, 9)];
    const question = `A farmer has ${rows} rows of trees with ${trees} trees in each row. ${cut} trees are cut down. How many trees remain?`;
    return [question, rows * trees - cut];
  },
  (random) => {
    const [speed, hours, more] = [random.integer(4, 20) * 5, random.integer(2, 9), random.integer(2, 30)];
    const question = `A train travels at ${speed} kilometers per hour for ${hours} hours. It then travels ${more} more kilometers. How far does it travel in total?`;
    return [question, speed * hours + more];
  },
  (random) => {
    const [[name, other], thing] = [people(random, 2), random.pick(things)];
    const [given, kept, bought] = [random.integer(2, 19), random.integer(2, 40), random.integer(2, 12)];
    const question = `${name} has ${given + kept} ${thing}. ${name} gives ${given} ${thing} to ${other} and then buys ${bought} more. How many ${thing} does ${name} have now?`;
    return [question, kept + bought];
  },
  (random) => {
    const [[name], thing] = [people(random, 2), random.pick(things)];
    const [boxes, each] = [random.integer(2, 12), random.integer(3, 19)];
    const away = random.integer(1, Math.min(19, boxes * each));
    const question = `${name} buys ${boxes} boxes of ${thing}. Each box holds ${each} ${thing}. ${name} gives away ${away} of them. How many ${thing} are left?`;
    return [question, boxes * each - away];
  },
  (random) => {
    const [name] = people(random, 2);
    const [wage, hours, days] = [random.integer(6, 20), random.integer(2, 9), random.integer(2, 6)];
    const question = `${name} earns $${wage} per hour and works ${hours} hours a day. How much does ${name} earn in ${days} days, in dollars?`;
    return [question, wage * hours * days];
  },
  (random) => {
    const [pencils, erasers] = [random.integer(2, 6), random.integer(2, 6)];
    const [pencil, eraser] = [random.integer(5, 20), random.integer(5, 20)];
    const question = `One pencil costs ${pencil} cents and one eraser costs ${eraser} cents. How many cents do ${pencils} pencils and ${erasers} erasers cost?`;
    return [question, pencils * pencil + erasers * eraser];
  },
  (random) => {
    const [[name, other], thing] = [people(random, 2), random.pick(things)];
    const [count, more] = [random.integer(5, 40), random.integer(2, 20)];
    const question = `${name} has ${count} ${thing}. ${other} has ${more} more ${thing} than ${name}. How many ${thing} do they have together?`;
    return [question, 2 * count + more];
  },
  (random) => {
    const [name] = people(random, 2);
    const [price, count] = [random.integer(3, 12), random.integer(2, 12)];
    const paid = (Math.floor((price * count) / 10) + 1) * 10;
    const question = `A ticket costs $${price}. ${name} buys ${count} tickets and pays with $${paid}. How much change does ${name} get in dollars?`;
    return [question, paid - price * count];
  },
  (random) => {
    const [[name, other], thing] = [people(random, 2), random.pick(things)];
    const count = random.integer(6, 35);
    const question = `${name} has twice as many ${thing} as ${other}. ${other} has ${count} ${thing}. How many ${thing} do they have in total?`;
    return [question, 3 * count];
  },
  (random) => {
    const [name, other] = people(random, 2);
    const [age, older, years] = [random.integer(5, 20), random.integer(2, 15), random.integer(2, 9)];
    const question = `${name} is ${age} years old. ${other} is ${older} years older than ${name}. How old will ${other} be in ${years} years?`;
    return [question, age + older + years];
  },
  (random) => {
    const [name, second, third] = people(random, 3);
    const each = random.integer(4, 35);
    const eaten = random.integer(2, Math.min(19, each));
    const question = `${name}, ${second} and ${third} share ${each * 3} cookies equally. ${name} then eats ${eaten} of them. How many does ${name} have left?`;
    return [question, each - eaten];
  },
  (random) => {
    const [name] = people(random, 2);
    const [pages, weeks] = [random.integer(3, 12), random.integer(2, 9)];
    const question = `${name} reads ${pages} pages every day. How many pages does ${name} read in ${weeks} weeks?`;
    return [question, pages * 7 * weeks];
  },
  (random) => {
    const [name] = people(random, 2);
    const [saved, weekly, weeks] = [random.integer(5, 40), random.integer(6, 20), random.integer(2, 9)];
    const question = `${name} wants to buy a bike for $${saved + weekly * weeks}. ${name} saves $${weekly} a week and already has $${saved}. How many weeks does ${name} need to save?`;
    return [question, weeks];
  },
];
