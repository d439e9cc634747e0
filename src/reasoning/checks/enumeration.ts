import { conclusionOf } from '../answer-value.ts';
import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';
import { numberList } from './number-lists.ts';

const asked =
  /\bis it (even|odd|(?:greater|larger|more|less|smaller) than (-?\d+)|(?:divisible by|a multiple of) (\d+))\?/i;
const item = /(-?\d+) (yes|no)(?: \((\d+)\))?/g;

/** Numbers gone through one by one with yes or no: each by what was asked of it, and the count. */
export const enumeration = defineLineCheck({
  name: 'enumeration',
  description:
    'Each yes and no of a list gone through is right by what the line before asks, and the yeses are counted.',
  *statements({ lines, question }) {
    let test: ((value: number) => boolean) | undefined;
    let count: number | undefined;
    // `between 10 and 20` are two, and no list.
    const listed = numberList(question);
    const list = listed.length > 2 ? listed : [];
    for (const { number, text } of lines) {
      test = testOf(text) ?? test;
      const items = [...text.matchAll(item)];
      if (items.length > 1 && test !== undefined) {
        count = 0;
        const gone = items.map((one) => Number(one[1]));
        const counted = { numbers: list.length > 0 ? list : gone, test };
        const repair = () => ({ at: items[0]?.index ?? 0, text: marked(counted.numbers, counted.test) });
        for (const [shown, value = '', verdict = '', mark] of items) {
          const yes = test(Number(value));
          if (yes) count += 1;
          if (
            yes !== (verdict === 'yes') ||
            (mark === undefined ? yes && items.some((one) => one[3] !== undefined) : Number(mark) !== count)
          ) {
            yield wrong(number, shown, `${value} is ${yes ? 'one' : 'none'} of them`, repair());
            return;
          }
        }
        if (list.length > 0 && list.join() !== gone.join())
          yield wrong(number, gone.join(', '), 'these are not the question’s numbers', repair());
        else yield right(number);
      }
      const said =
        /^the count is (\d+)\.?$/i.exec(text)?.[1] ??
        (count === undefined ? undefined : /^\d+$/.exec(conclusionOf(text) ?? '')?.[0]);
      if (said !== undefined && count !== undefined) {
        const repair = inPlaceOf(said, text, count);
        yield Number(said) === count
          ? right(number)
          : wrong(number, said, `${count} ${count === 1 ? 'was' : 'were'} counted`, repair);
      }
    }
  },
});

/** Gone through, the yeses counted. */
function marked(numbers: readonly number[], test: (value: number) => boolean): string {
  let count = 0;
  return numbers
    .map((value) => {
      if (!test(value)) return `${value} no`;
      count += 1;
      return `${value} yes (${count})`;
    })
    .join(', ');
}

function testOf(text: string): ((value: number) => boolean) | undefined {
  const match = asked.exec(text);
  if (match === null) return undefined;
  const [, kind = '', bound, divisor] = match;
  if (kind.toLowerCase() === 'even') return (value) => value % 2 === 0;
  if (kind.toLowerCase() === 'odd') return (value) => value % 2 !== 0;
  if (divisor !== undefined) return (value) => value % Number(divisor) === 0;
  return /greater|larger|more/i.test(kind) ? (value) => value > Number(bound) : (value) => value < Number(bound);
}
