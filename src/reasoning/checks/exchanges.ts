import { conclusionOf } from '../answer-value.ts';
import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';

const holding = /\b([A-Z][a-z]+) has (?:an? |the )?([a-z]+)/g;
/** `After swapping, Ann has …`: an exchange of someone, who is not named or is named otherwise. */
const otherExchange = /\b(?:swap|trad|exchang|switch|giv|gave|took|take|pass|now|then)\w*/i;
const exchange = /^([A-Z][a-z]+) and ([A-Z][a-z]+) (?:swap|trade|exchange)/;
const asked = /\b(?:[Ww]hat|[Ww]hich)\b[^.?]*?\b([A-Z][a-z]+)(?:'s|’s)?\b/;

/** Who has what, kept through exchanges: each line by the line before it, the first by the question. */
export const exchanges = defineLineCheck({
  name: 'exchanges',
  description: 'Who has what after each exchange follows from what each had before.',
  *statements({ lines, question }) {
    let has = holdings(question);
    if (has.size < 2 || !otherExchange.test(question)) return;
    /** An exchange was told in another form: who has what since then is not known for sure. */
    let isLost = false;
    for (const { number, text } of lines) {
      const said = holdings(text);
      if (said.size < 2 && otherExchange.test(text)) isLost = true;
      if (said.size >= 2) {
        const swap = exchange.exec(text);
        if (isLost || (swap === null && otherExchange.test(text))) {
          // A miss is better than a false alarm.
          isLost = true;
          continue;
        }
        const expected = swap === null ? has : swapped(has, swap[1] ?? '', swap[2] ?? '');
        const differs = [...said].find(([name, thing]) => expected.get(name) !== thing);
        if (differs !== undefined) {
          const [name, thing] = differs;
          const isThing = [...has.values()].includes(thing) || !isWordOf(thing, question);
          if (!isThing || notThings.test(thing) || tellsStart(text, said, question)) continue;
          const is = expected.get(name);
          const place = text.indexOf(thing, text.indexOf(`${name} has `, text.indexOf(':') + 1));
          yield wrong(number, thing, `${name} has ${is ?? 'nothing'}`, inPlaceOf(thing, text, is, place));
          return;
        }
        has = expected;
        yield right(number);
      }
      const concluded = conclusionOf(text);
      const name = asked.exec(question.split(/(?<=[.!?])\s+/).at(-1) ?? '')?.[1];
      const is = name === undefined ? undefined : has.get(name);
      if (!isLost && concluded !== undefined && is !== undefined && [...has.values()].includes(concluded)) {
        const repair = inPlaceOf(concluded, text, is);
        yield concluded === is ? right(number) : wrong(number, concluded, `${name} has ${is}`, repair);
      }
    }
  },
});

/** `Ann has now …`, `Ann has swapped …` */
const notThings =
  /^(?:no|now|nothing|been|got|one|two|three|both|to|then|still|only|just|swapped|traded|exchanged|switched|received|given|taken)$/;

function isWordOf(word: string, text: string): boolean {
  return new RegExp(`\\b${word}\\b`).test(text);
}

/** True where the line goes back to what the question gives. */
function tellsStart(text: string, said: ReadonlyMap<string, string>, question: string): boolean {
  const first = holdings(question);
  return (
    /start|initial|before|at first|original|beginning/i.test(text) &&
    [...said].every(([name, thing]) => first.get(name) === thing)
  );
}

function holdings(text: string): Map<string, string> {
  return new Map([...text.matchAll(holding)].map(([, name = '', thing = '']) => [name, thing]));
}

function swapped(has: ReadonlyMap<string, string>, a: string, b: string): Map<string, string> {
  const after = new Map(has);
  const [first, second] = [has.get(a), has.get(b)];
  if (first !== undefined && second !== undefined) after.set(a, second).set(b, first);
  return after;
}
