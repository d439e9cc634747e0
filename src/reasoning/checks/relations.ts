import { conclusionOf } from '../answer-value.ts';
import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';
import { listItems } from './number-lists.ts';

const fact = /\b([A-Z][a-z]+) is ([a-z]+)er than ([A-Z][a-z]+)/g;
/** One said the other way round: who is shorter than another is one whom that other is taller than. */
const opposites =
  'tall short, old young, fast slow, heavi light, larg small, bigg small, great small, high low, long short, rich poor, strong weak, hott cold, warm cold, wid narrow, thick thin, near farth, clos farth'
    .split(', ')
    .map((pair) => pair.split(' '));

function isOpposite(a: string, b: string): boolean {
  return opposites.some((pair) => a !== b && pair.includes(a) && pair.includes(b));
}

const ranking = /\bfrom ([a-z]+)est to ([a-z]+)est: ([A-Z][A-Za-z, ]+)/i;
const named = /\bthe ([a-z]+)est is ([A-Z][a-z]+)\b/i;

type Fact = { a: string; word: string; b: string };

/** More than these are no puzzle, and the time to follow them grows with their square. */
const mostFacts = 100;

/** Who is taller, older, faster than whom: by the question's facts, and what follows from them. */
export const relations = defineLineCheck({
  name: 'relations',
  description: 'Comparisons of people and things follow from the question’s, and rankings keep to them.',
  *statements({ lines, question }) {
    const facts = [...question.matchAll(fact)].map(([, a = '', word = '', b = '']) => ({ a, word, b }));
    if (facts.length === 0 || facts.length > mostFacts) return;
    const follows = closureOf(facts);
    const all = new Set(facts.flatMap((one) => [one.a, one.b]));
    // Where the question compares in other words too, what does not follow may still be so.
    const isAll = !/\bthan\b|\bas\b|\d|\bsame\b|\bequal/i.test(question.replace(fact, ''));
    let ranked: { top: string; bottom: string; names: string[] } | undefined;
    for (const { number, text } of lines) {
      for (const [, a = '', word = '', b = ''] of text.matchAll(fact)) {
        if (!facts.some((one) => one.word === word)) continue;
        if (/\b(?:if|not|no|nor|whether|either|or|suppose|assume|unless)\b|n['’]t\b|\?/i.test(text)) continue;
        if (follows(a, word, b)) yield right(number);
        else if (!isAll && !follows(b, word, a)) continue;
        else yield wrong(number, b, `that ${a} is ${word}er than ${b} does not follow from the question`);
      }
      const order = ranking.exec(text);
      if (order !== null) {
        const [, top = '', bottom = '', list = ''] = order;
        const names = listItems(list.replace(/\.$/, ''));
        ranked = { top, bottom, names };
        const down = facts.some((one) => one.word === top);
        const word = down ? top : bottom;
        const broken = names.findIndex((name, index) => {
          const before = names[index - 1];
          if (before === undefined) return false;
          return down ? follows(name, word, before) : follows(before, word, name);
        });
        const repair = () => {
          const is = totalOrder(all, (a, b) => (down ? follows(a, word, b) : follows(b, word, a)));
          return inPlaceOf(list, text, is?.join(', '));
        };
        if (broken > 0)
          yield wrong(number, names[broken] ?? '', `${names[broken]} can’t come after ${names[broken - 1]}`, repair());
        else if (names.length !== all.size || names.some((name) => !all.has(name))) {
          yield wrong(number, list, 'the ranking does not hold who is compared', repair());
        } else yield right(number);
      }
      const [, word, one] = named.exec(text) ?? [];
      if (ranked !== undefined && word !== undefined && one !== undefined) {
        const is =
          word.toLowerCase() === ranked.top
            ? ranked.names[0]
            : word.toLowerCase() === ranked.bottom
              ? ranked.names.at(-1)
              : undefined;
        if (is !== undefined) {
          yield is === one
            ? right(number)
            : wrong(number, one, `the ranking says ${is}`, inPlaceOf(one, text, is, text.lastIndexOf(one)));
        }
      }
      const concluded = conclusionOf(text);
      const asked = /\b([a-z]+)est\?/i.exec(question)?.[1];
      if (ranked === undefined || concluded === undefined || asked === undefined) continue;
      const is = asked === ranked.top ? ranked.names[0] : asked === ranked.bottom ? ranked.names.at(-1) : undefined;
      if (is !== undefined && concluded !== is)
        yield wrong(number, concluded, `the ranking says ${is}`, inPlaceOf(concluded, text, is));
    }
  },
});

/** All in their order, if the facts leave only one. */
function totalOrder(all: ReadonlySet<string>, before: (a: string, b: string) => boolean): string[] | undefined {
  const ranked = [...all].map((name) => ({ name, behind: [...all].filter((other) => before(name, other)).length }));
  const order = ranked.toSorted((a, b) => b.behind - a.behind);
  const isTotal = order.every(({ behind }, index) => behind === order.length - 1 - index);
  return isTotal ? order.map(({ name }) => name) : undefined;
}

/** Whether a chain of facts with this word leads from a to b. */
function closureOf(facts: readonly Fact[]): (a: string, word: string, b: string) => boolean {
  const known = new Map<string, ReadonlySet<string>>();
  const reached = (from: string, word: string): ReadonlySet<string> => {
    const seen = new Set([from]);
    for (const name of seen) {
      for (const one of facts) {
        if (one.word === word && one.a === name) seen.add(one.b);
        if (isOpposite(one.word, word) && one.b === name) seen.add(one.a);
      }
    }
    return seen;
  };
  return (a, word, b) => {
    const key = `${word} ${a}`;
    const names = known.get(key) ?? reached(a, word);
    known.set(key, names);
    return a !== b && names.has(b);
  };
}
