import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';
import { joinedDigits, numbersOf } from './question-numbers.ts';

const digitsLine = /\bdigits are (\d(?: \d)*) and (\d(?: \d)*)\b.*\bI (add|subtract)/i;
const column =
  /^(?:ones|tens|hundreds|(?:ten |hundred )?thousands|(?:ten |hundred )?millions): (\d(?: \+ \d)*) = (\d+), write (\d)(?:, carry (\d))?\.?$/i;
const reading = /^reading the digits(?: from left to right)?: (\d+)\.?$/i;

/** Sums written digit by digit: the digits are the question's, each column takes its own and the carry, and they are read off. */
export const writtenColumns = defineLineCheck({
  name: 'written-columns',
  description:
    'A sum worked out in columns takes the question’s digits, writes and carries them rightly, and reads them off.',
  *statements({ lines, question }) {
    const asked = new Set(numbersOf(question));
    let numbers: readonly [string, string] | undefined;
    let carry = 0;
    let place = 0;
    let written = '';
    for (const { number, text } of lines) {
      const digits = digitsLine.exec(text);
      if (digits !== null) {
        const [, a = '', b = '', way] = digits;
        const pair = [joinedDigits(a), joinedDigits(b)] as const;
        const missing = pair.find((one) => !asked.has(String(Number(one))));
        if (missing !== undefined) yield wrong(number, missing, `${missing} is not in the question`);
        else yield right(number);
        numbers = way?.toLowerCase() === 'add' ? pair : undefined;
        carry = 0;
        place = 0;
        written = '';
        continue;
      }
      const match = column.exec(text);
      if (match !== null && numbers !== undefined) {
        const [, sum = '', total = '', digit = '', carried] = match;
        const own = numbers.flatMap((one) => one.at(-1 - place) ?? []).map(Number);
        const expected = [...own, ...(carry > 0 ? [carry] : [])];
        const named = sum.split(' + ').map(Number);
        const zeros = (list: readonly number[]): string => list.filter((one) => one > 0).join();
        const [ends, carries] = [Number(total) % 10, Math.floor(Number(total) / 10)];
        if (zeros(expected) !== zeros(named)) {
          const repair = expected.length === 0 ? undefined : inPlaceOf(sum, text, expected.join(' + '));
          yield wrong(number, sum, `this column is ${expected.join(' + ')}`, repair);
        } else if (Number(digit) !== ends) {
          yield wrong(number, digit, `${total} ends in ${ends}`, inPlaceOf(digit, text, ends, text.search(/write/i)));
        } else if (Number(carried ?? 0) !== carries) {
          const after = text.search(/carry/i);
          const repair = after === -1 ? undefined : inPlaceOf(carried ?? '', text, carries, after);
          yield wrong(number, carried ?? digit, `${total} carries ${carries}`, repair);
        } else yield right(number);
        written = digit + written;
        carry = Number(carried ?? 0);
        place += 1;
      }
      const rest = /: write the carry (\d)\.?$/i.exec(text)?.[1];
      if (rest !== undefined && numbers !== undefined) {
        if (Number(rest) !== carry) yield wrong(number, rest, `the carry is ${carry}`, inPlaceOf(rest, text, carry));
        written = rest + written;
        carry = 0;
      }
      const read = reading.exec(text)?.[1];
      if (read !== undefined && written !== '') {
        const all = (carry > 0 ? String(carry) : '') + written;
        if (Number(read) !== Number(all))
          yield wrong(number, read, `the digits read ${all}`, inPlaceOf(read, text, all));
        else yield right(number);
      }
    }
  },
});
