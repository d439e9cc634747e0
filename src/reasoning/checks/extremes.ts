import { conclusionOf } from '../answer-value.ts';
import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';
import { numberList } from './number-lists.ts';

const ofList =
  /\b(?<!\b(?:second|third|fourth|fifth|next|2nd|3rd|4th|5th|nth|\d(?:st|nd|rd|th)|two|three|not the)[ -])(smallest|lowest|least|minimum|largest|greatest|biggest|highest|maximum) of (-?[\d.]+(?:, (?:and )?-?[\d.]+|,? and -?[\d.]+)*) is (-?\d+(?:\.\d+)?)/i;
const keeps =
  /(-?\d+(?:\.\d+)?) is (?:greater|larger|less|smaller) than (-?\d+(?:\.\d+)?), so (?:I )?(?:keep|stay with|take) (-?\d+(?:\.\d+)?)/i;
const smallWord = /^(smallest|lowest|least|minimum)$/i;

/** Smallest and largest: of a list that the line names, and as the running best against what the question asks for. */
export const extremes = defineLineCheck({
  name: 'extremes',
  description: 'The smallest or largest that a line names is it, of its list and among what was kept so far.',
  *statements({ lines, question }) {
    const wants = /\b(?:second|third|2nd|3rd|next)[ -](?:\w+est|lowest|least)\b/i.test(question)
      ? undefined
      : /\b(smallest|lowest|least|minimum)\b/i.test(question)
        ? 'min'
        : /\b(largest|greatest|biggest|highest|maximum)\b/i.test(question)
          ? 'max'
          : undefined;
    const picked: number[] = [];
    let rest: number[] | undefined;
    let last: { all: number[]; least: boolean } | undefined;
    let best: number | undefined;
    for (const { number, text } of lines) {
      const start = /^start with (-?\d+(?:\.\d+)?)/i.exec(text)?.[1];
      if (start !== undefined) best = Number(start);
      const list = ofList.exec(text);
      if (list !== null) {
        const [, word = '', items = '', named = ''] = list;
        const numbers = (items.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
        const least = smallWord.test(word);
        // Another end, or all of them once more: not what is left of the list but a list of its own.
        if (last !== undefined && (last.least !== least || sameNumbers(last.all, numbers))) {
          rest = undefined;
          picked.length = 0;
        }
        if (rest === undefined) last = { all: numbers, least };
        if (rest !== undefined && !sameNumbers(rest, numbers)) {
          yield wrong(number, items, `what is left is ${rest.join(', ')}`, inPlaceOf(items, text, rest.join(', ')));
          return;
        }
        const extreme = least ? Math.min(...numbers) : Math.max(...numbers);
        if (extreme !== Number(named)) {
          yield wrong(
            number,
            named,
            `the ${word.toLowerCase()} of ${items} is not ${named}`,
            inPlaceOf(named, text, extreme, list.index + list[0].length - named.length),
          );
          return;
        }
        yield right(number);
        picked.push(extreme);
        rest = without(numbers, extreme);
      }
      const kept = keeps.exec(text);
      if (kept !== null && wants !== undefined) {
        const [, left = '', other = '', keep = ''] = kept;
        const wanted = wants === 'min' ? Math.min(Number(left), Number(other)) : Math.max(Number(left), Number(other));
        if (Number(keep) !== wanted || (best !== undefined && Number(other) !== best)) {
          yield wrong(
            number,
            keep,
            `of ${left} and ${best ?? other} the ${wants === 'min' ? 'smaller' : 'larger'} is to be kept`,
            best === undefined || Number(other) === best
              ? inPlaceOf(keep, text, wanted, kept.index + kept[0].length - keep.length)
              : undefined,
          );
          return;
        }
        best = wanted;
        yield right(number);
      }
      const concluded = conclusionOf(text);
      if (concluded === undefined) continue;
      const answer = numberList(concluded);
      // The last one left needs no picking.
      const all = rest?.length === 1 ? [...picked, ...rest] : picked;
      if (picked.length > 1 && answer.length > 1 && ![picked.join(), all.join()].includes(answer.join())) {
        yield wrong(number, concluded, `picked were ${picked.join(', ')}`, inPlaceOf(concluded, text, all.join(', ')));
      }
      if (
        best !== undefined &&
        wants !== undefined &&
        /^-?\d+(\.\d+)?$/.test(concluded) &&
        Number(concluded) !== best
      ) {
        yield wrong(number, concluded, `${best} was kept last`, inPlaceOf(concluded, text, best));
      }
    }
  },
});

function without(numbers: readonly number[], one: number): number[] {
  const at = numbers.indexOf(one);
  return numbers.filter((_, index) => index !== at);
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  const sorted = (numbers: readonly number[]): string => [...numbers].sort((x, y) => x - y).join();
  return sorted(a) === sorted(b);
}
