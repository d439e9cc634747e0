import type { Fraction } from 'mathjs';
import { exactValue } from './exact-arithmetic.ts';
import { defineLineCheck, inPlaceOf, right, type Statement, wrong } from './line-check.ts';

const amount = String.raw`[$€£]?(\d+(?:,\d{3})*(?:\.\d+)?)`;
const percentOf = new RegExp(
  `(\\d+(?:\\.\\d+)?)(?:%| percent) of ${amount},? (?:which )?is (?!\\d+(?:\\.\\d+)? ?[×x*÷/+-])${amount}`,
  'gi',
);
const partOf = new RegExp(
  `\\b(half|a third|one third|a quarter|one quarter|a fifth|a tenth|twice|double|triple) (?:of )?${amount},? (?:which )?is (?!\\d+(?:\\.\\d+)? ?[×x*÷/+-])${amount}`,
  'gi',
);
const parts: Readonly<Record<string, string>> = {
  half: '1/2',
  'a third': '1/3',
  'one third': '1/3',
  'a quarter': '1/4',
  'one quarter': '1/4',
  'a fifth': '1/5',
  'a tenth': '1/10',
  twice: '2',
  double: '2',
  triple: '3',
};

/** Percentages and simple parts said in words. */
export const proportions = defineLineCheck({
  name: 'proportions',
  description: 'Percentages and parts said in words are right (`10% of 80 is 8`, `half of 54 is 27`).',
  *statements({ lines }) {
    for (const { number, text } of lines) {
      const judge = (found: RegExpExecArray, expression: string): Statement => {
        const [shown, , , said = ''] = found;
        if (is(expression, said)) return right(number);
        const repair = inPlaceOf(said, text, written(expression), found.index + shown.length - said.length);
        return wrong(number, said, `not so: ${shown}`, repair);
      };
      for (const found of text.matchAll(percentOf)) yield judge(found, `${found[1]}/100*${plain(found[2] ?? '')}`);
      for (const found of text.matchAll(partOf)) {
        yield judge(found, `${parts[found[1]?.toLowerCase() ?? '']}*${plain(found[2] ?? '')}`);
      }
    }
  },
});

/** Undefined where it has no short decimal writing. */
function written(expression: string): string | undefined {
  const value = exactValue(expression)?.toString() ?? '';
  return /^\d+(\.\d{1,4})?$/.test(value) ? value : undefined;
}

function plain(text: string): string {
  return text.replaceAll(',', '');
}

/** Rounded values pass: how far a chain rounds is its own affair. */
function is(expression: string, said: string): boolean {
  const exact = exactValue(expression);
  const shown = exactValue(plain(said));
  if (exact === undefined || shown === undefined) return true;
  const decimals = /\.(\d+)/.exec(said)?.[1]?.length ?? 0;
  const scaled = (value: Fraction): number => Number(value.toString(20)) * 10 ** decimals;
  return exact.equals(shown) || (!Number.isInteger(scaled(exact)) && Math.abs(scaled(exact) - scaled(shown)) < 1);
}
