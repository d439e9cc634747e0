import { defineLineCheck, right, wrong } from './line-check.ts';
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
        if (zeros(expected) !== zeros(named)) yield wrong(number, sum, `this column is ${expected.join(' + ')}`);
        else if (Number(digit) !== Number(total) % 10)
          yield wrong(number, digit, `${total} ends in ${Number(total) % 10}`);
        else if (Number(carried ?? 0) !== Math.floor(Number(total) / 10)) {
          yield wrong(number, carried ?? digit, `${total} carries ${Math.floor(Number(total) / 10)}`);
        } else yield right(number);
        written = digit + written;
        carry = Number(carried ?? 0);
        place += 1;
      }
      const rest = /: write the carry (\d)\.?$/i.exec(text)?.[1];
      if (rest !== undefined && numbers !== undefined) {
        if (Number(rest) !== carry) yield wrong(number, rest, `the carry is ${carry}`);
        written = rest + written;
        carry = 0;
      }
      const read = reading.exec(text)?.[1];
      if (read !== undefined && written !== '') {
        const all = (carry > 0 ? String(carry) : '') + written;
        if (Number(read) !== Number(all)) yield wrong(number, read, `the digits read ${all}`);
        else yield right(number);
      }
    }
  },
});
