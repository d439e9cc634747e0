import { right, type Statement, wrong } from './line-check.ts';
import type { ThoughtLine } from './thought-lines.ts';

const asked = /\bis (\d{1,7}) (?:a )?prime\b/i;
const factors = /^(\d+) = (\d+) [×x*] (\d+)(?=[,.])/;
const found = /^(?:no divisor was found|so the answer is (yes|no))\b/i;

/** Whether the question's number is a prime: the factors that a thought names, and what it concludes. */
export function* primality(lines: readonly ThoughtLine[], question: string): Generator<Statement> {
  const whole = Number(asked.exec(question)?.[1] ?? 0);
  if (whole < 2) return;
  const divisor = smallestDivisor(whole);
  const proof = `${whole} = ${divisor} × ${whole / divisor}, so it is not prime.`;
  for (const { number, text } of lines) {
    const [, product, first = '', second = ''] = factors.exec(text) ?? [];
    if (Number(product) === whole && Number(first) * Number(second) !== whole) {
      const isDivisor = Number(first) > 1 && Number(first) < whole && whole % Number(first) === 0;
      const [at, known] = [text.lastIndexOf(second), `${whole / Number(first)}, so it is not prime.`];
      const repair = isDivisor ? { at, text: known } : divisor < whole ? { at: 0, text: proof } : undefined;
      yield wrong(number, second, `${first} × ${second} is not ${whole}`, repair);
    }
    const conclusion = found.exec(text);
    if (conclusion === null) continue;
    const says = (conclusion[1] ?? 'yes').toLowerCase() === 'yes';
    if (says === (divisor === whole)) yield right(number);
    else {
      const repair = { at: 0, text: divisor < whole ? proof : `No divisor was found, so ${whole} is prime.` };
      yield wrong(number, conclusion[1] ?? 'no divisor', `${whole} is ${divisor < whole ? 'not ' : ''}prime`, repair);
    }
  }
}

function smallestDivisor(whole: number): number {
  for (let one = 2; one * one <= whole; one += 1) if (whole % one === 0) return one;
  return whole;
}
