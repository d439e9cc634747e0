import { z } from 'zod';
import { abstain, defineCheck, fail, pass } from './check.ts';

/** The thought works with the question's numbers. Some may be there to distract, so one left out proves nothing. */
export const questionNumbers = defineCheck({
  name: 'question-numbers',
  description: 'The thought uses the numbers of the question; it fails where it computes and uses none of them.',
  judges: 'line',
  options: z.object({}),
  run({ question, thought }) {
    // Years only say when it was: `In 2019 and 2020 …`
    const asked = new Set(
      numbersOf(question.replace(/\b(?:in|since|of|from|to|by|until|and)\s+(?:19|20)\d\d\b(?![.,]?\d)/gi, ' ')),
    );
    if (asked.size < 2 || !/\d\s*[+\-−–×x*·÷/]\s*\d/.test(thought)) return abstain('nothing to compare');
    const used = new Set([...numbersOf(thought), ...numbersOf(joinedDigits(thought))]);
    const missing = [...asked].filter((number) => !used.has(number));
    if (missing.length === asked.size) return fail(`none of ${missing.join(', ')} is used`, { line: 0 });
    return missing.length === 0 ? pass('all numbers are used') : abstain(`${missing.join(', ')} not used`);
  },
});

export function numbersOf(text: string): string[] {
  const plain = text.replace(/(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d]|,\d)/g, (number) => number.replaceAll(',', ''));
  return (plain.match(/\d+(?:\.\d+)?/g) ?? []).map((number) => String(Number(number)));
}

/** `9 1 3` as `913`: digits written one by one. */
export function joinedDigits(text: string): string {
  return text.replace(/(?<![\d.])\d(?: \d)+(?![\d.])/g, (digits) => digits.replaceAll(' ', ''));
}
