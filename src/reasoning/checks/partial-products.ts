import { right, type Statement, wrong } from './line-check.ts';
import { numbersOf } from './question-numbers.ts';
import type { ThoughtLine } from './thought-lines.ts';

const product = /[×x*·]|\btimes\b|\bmultipl|\bproduct\b/i;
const split = /\bsplit (\d+) into (\d+(?: \+ \d+)+)\.?$/i;
const partial = /^(\d+) [×x*] (\d+) = (?:.* = )?(\d+)\.?$/;
const sum = /^(\d+(?: \+ \d+)+) = \d+\.?$/;
const conclusion = /^so the answer is (\d+)\.?$/i;

/** A product of the question's two numbers by the parts of one: each part is multiplied, and what comes of it is added up. */
export function* partialProducts(lines: readonly ThoughtLine[], question: string): Generator<Statement> {
  const asked = numbersOf(question);
  if (asked.length !== 2 || !product.test(question)) return;
  let factor = '';
  let parts: readonly string[] = [];
  let products = new Map<string, string>();
  for (const { number, text } of lines) {
    const [, whole, into] = split.exec(text) ?? [];
    if (whole !== undefined && into !== undefined) {
      factor = asked.find((_, index) => asked.indexOf(whole) !== index) ?? '';
      parts = asked.includes(whole) ? into.split(' + ') : [];
      products = new Map();
      continue;
    }
    const [, first = '', second = '', value] = partial.exec(text) ?? [];
    if (value !== undefined) {
      if (first === factor) products.set(second, value);
      if (second === factor) products.set(first, value);
    }
    const added = sum.exec(text)?.[1];
    const answer = conclusion.exec(text)?.[1];
    if (parts.length === 0 || (added === undefined && answer === undefined)) continue;
    const said = added ?? answer ?? '';
    const missing = parts.find((part) => !products.has(part));
    if (missing !== undefined) {
      const anew = { at: 0, text: `${factor} × ${missing} = ${Number(factor) * Number(missing)}.` };
      yield wrong(number, said, `${factor} × ${missing} is left out`, anew);
      return;
    }
    const values = parts.map((part) => products.get(part) ?? '');
    const total = values.reduce((all, one) => all + Number(one), 0);
    const holds = added === undefined ? Number(answer) === total : sorted(added.split(' + ')) === sorted(values);
    const anew = { at: 0, text: `${values.join(' + ')} = ${total}.` };
    if (!holds) yield wrong(number, said, `the parts come to ${values.join(' + ')}`, anew);
    else yield right(number);
    // Further sums may be of something else.
    if (added !== undefined) parts = [];
  }
}

function sorted(numbers: readonly string[]): string {
  return numbers.toSorted((a, b) => Number(a) - Number(b)).join();
}
