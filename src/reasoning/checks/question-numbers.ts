import { z } from 'zod';
import { abstain, defineCheck, fail, pass } from './check.ts';
import { withoutLatex } from './latex-line.ts';

/** The thought works with the question's numbers. Some may be there to distract, so one left out proves nothing. */
export const questionNumbers = defineCheck({
  name: 'question-numbers',
  description: 'The thought uses the numbers of the question; it fails where it computes and uses none of them.',
  judges: 'line',
  options: z.object({}),
  run({ question, thought }) {
    // Years only say when it was: `In 2019 and 2020 …`
    const asked = new Set(
      numbersOf(
        withoutLatex(question.replace(picture, ' ')).replace(
          /\b(?:in|since|of|from|to|by|until|and)\s+(?:19|20)\d\d\b(?![.,]?\d)/gi,
          ' ',
        ),
      ),
    );
    if (asked.size < 2 || !/\d\s*[+\-−–×x*·÷/]\s*\d/.test(thought)) return abstain('nothing to compare');
    const plain = withoutLatex(thought);
    const used = new Set([...numbersOf(plain), ...numbersOf(joinedDigits(plain))]);
    const missing = [...asked].filter(
      (number) => !writings(number).some((one) => used.has(one)) && !isInWords(number, plain),
    );
    if (missing.length === asked.size) return fail(`none of ${missing.join(', ')} is used`, { line: 0 });
    return missing.length === 0 ? pass('all numbers are used') : abstain(`${missing.join(', ')} not used`);
  },
});

/** `[asy] … [/asy]` draws a figure. */
const picture = /\[asy\][\s\S]*?(?:\[\/asy\]|$)/g;
const words = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');

/** $1.08 is 108 cents, 95 percent is 0.95, of 575 the hundreds are 500. */
function writings(number: string): string[] {
  const value = Number(number);
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)));
  return [value, value * 100, value / 100, Math.floor(value / unit) * unit].map((one) =>
    String(Number(one.toFixed(9))),
  );
}

function isInWords(number: string, text: string): boolean {
  const word = words[Number(number)];
  return word !== undefined && new RegExp(`\\b${word}\\b`, 'i').test(text);
}

export function numbersOf(text: string): string[] {
  const plain = text.replace(/(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d]|,\d)/g, (number) => number.replaceAll(',', ''));
  return (plain.match(/\d+(?:\.\d+)?/g) ?? []).map((number) => String(Number(number)));
}

/** `9 1 3` as `913`: digits written one by one. */
export function joinedDigits(text: string): string {
  return text.replace(/(?<![\d.])\d(?: \d)+(?![\d.])/g, (digits) => digits.replaceAll(' ', ''));
}
