import type { Fraction } from 'mathjs';
import { decimalOf, exactValue } from './exact-arithmetic.ts';
import { defineLineCheck, inPlaceOf, right, type Statement, wrong } from './line-check.ts';
import { isDoubted, numberEnd } from './number-end.ts';

const amount = String.raw`([$€£]?)(\d+(?:,\d{3})*(?:\.\d+)?)`;
/** What goes before may make it a part of a sum: `10 minus half of 6`. Bounded, as it is looked for from every place. */
const alone = String.raw`(?<=^\W{0,20}|[.:;(]\s|\b(?:is|so|then|because|since|thus|hence|therefore|now|first|next|find|also|but),? |\b(?:is|=) [$€£]?[\d.,]+(?:,| and|, and) )`;
/** `half of $1 is 50 cents` */
const inOthers = String.raw`(?!\s*(?:cents?|dimes?|nickels?|pence|(?:milli)?seconds?|minutes?|hours?|days?|weeks?|months?|inch(?:es)?|feet|(?:milli|centi|kilo)?(?:meters?|grams?|liters?)|[mck]?[mgl]|ounces?)\b)`;
const said = `(?:of )?${amount},? (?:which )?is ${amount}${numberEnd}${inOthers}`;
const percentOf = new RegExp(`${alone}(\\d+(?:\\.\\d+)?)(?:%| percent) ${said}`, 'gi');
const partOf = new RegExp(
  `${alone}(half|a third|one third|a quarter|one quarter|a fifth|a tenth|twice|double|triple) ${said}`,
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
      if (isDoubted(text)) continue;
      const judge = (found: RegExpExecArray, expression: string): Statement[] => {
        const [shown, , currency = '', base = '', otherCurrency = '', part = ''] = found;
        const isSameCurrency = currency === otherCurrency || currency === '' || otherCurrency === '';
        if (!isSameCurrency || [base, part].some(isAmbiguous)) return [];
        if (is(expression, part)) return [right(number)];
        const repair = inPlaceOf(part, text, written(expression), found.index + shown.length - part.length);
        return [wrong(number, part, `not so: ${shown}`, repair)];
      };
      for (const found of text.matchAll(percentOf)) yield* judge(found, `${found[1]}/100*${plain(found[3] ?? '')}`);
      for (const found of text.matchAll(partOf)) {
        yield* judge(found, `${parts[found[1]?.toLowerCase() ?? '']}*${plain(found[3] ?? '')}`);
      }
    }
  },
});

/** `1.000` is a thousand where the comma is the decimal sign. */
function isAmbiguous(number: string): boolean {
  return /^[1-9]\d{0,2}\.\d{3}$/.test(number);
}

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
  const scaled = (value: Fraction): number => decimalOf(value) * 10 ** decimals;
  return exact.equals(shown) || (!Number.isInteger(scaled(exact)) && Math.abs(scaled(exact) - scaled(shown)) < 1);
}
