import { conclusionOf } from '../answer-value.ts';
import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';
import { listItems, sameItems } from './number-lists.ts';

const ordered =
  /\b(alphabetical|increasing|ascending|decreasing|descending|numerical) order(?:(?: is| they are)?:| is| they are|(?=\s+\d))\s+(.+?)\.?$|\bfrom (smallest to largest|lowest to highest|least to greatest|largest to smallest|highest to lowest|greatest to least)(?: is| they are)?:\s+(.+?)\.?$/i;
const selects =
  /\b(?:unique|distinct|different|duplicates?|doubles?|repeat\w*|once|remov\w*|without|except|exclud\w*|only|even|odd|prime|first|last|top|(?:greater|larger|smaller|less|more|longer|shorter) than|start(?:s|ing)?|begin\w*|(?:two|three|four|five|\d+) (?:smallest|largest|biggest|lowest|highest)|of (?:these|those|the following) that)\b/i;
/** What is to be sorted, not what is. */
const isTask =
  /\b(?:to|must|should|will|let me|let us|let['’]s|can|we|i) (?:\w+ )?(?:sort|arrange|order|put|list|place)\b|\bto be (?:sorted|arranged|ordered|put)\b/i;
/** Where capitals come first. */
const otherOrder = /\b(?:ascii|unicode|case[- ]sensitive\w*|uppercase|capitals?)\b/i;
const downwards = /decreasing|descending|largest to|highest to|greatest to/i;

/** A list that a line calls ordered is, and holds the question's items. */
export const sortedOrder = defineLineCheck({
  name: 'sorted-order',
  description: 'A list that a line calls ordered is in that order and holds what the question lists.',
  *statements({ lines, question }) {
    const asked = askedItems(question);
    // `the even ones`, `the three largest`, `without doubles`: not all of them are to be sorted.
    const isSelection = selects.test(question);
    let sortedAs: string[] | undefined;
    if (otherOrder.test(question)) return;
    for (const { number, text } of lines) {
      const concluded = listItems(conclusionOf(text) ?? '');
      if (sortedAs !== undefined && sameItems(concluded, sortedAs) && concluded.join() !== sortedAs.join()) {
        const said = conclusionOf(text) ?? '';
        const order = sortedAs.join(', ');
        yield wrong(number, said, `the order is ${order}`, inPlaceOf(said, text, order));
      }
      const match = ordered.exec(text);
      const order = match?.[1] ?? match?.[3];
      const list = match?.[2] ?? match?.[4];
      if (order === undefined || list === undefined || !list.includes(',')) continue;
      const items = listItems(list);
      if (isTask.test(text) || items.some((item) => item.split(/\s+/).length > longestItem)) continue;
      const missing =
        asked.length > 1 && overlap(asked, items) && !isSelection && !sameItems(folded(asked), folded(items));
      const whole = asked.length > 1 && !isSelection && overlap(asked, items) ? asked : items;
      const repair = () => inPlaceOf(list, text, sorted(whole, order)?.join(', '));
      if (missing) yield wrong(number, list, 'the list does not hold what was to be sorted', repair());
      const broken = items.findIndex((item, index) => index > 0 && !inOrder(items[index - 1] ?? '', item, order));
      if (broken > 0) yield wrong(number, list, `${items[broken]} does not come after ${items[broken - 1]}`, repair());
      else yield right(number);
      sortedAs = items;
    }
  },
});

const longestItem = 3;

/** What the question lists, up to its sentence's end; none where it says more than that: `pear, fig and tell me the first`. */
function askedItems(question: string): string[] {
  const items = listItems(question.replace(/^[^:]*:\s*/, '').replace(/[.?!;](?:\s[\s\S]*)?$/, ''));
  return items.every((item) => item.split(/\s+/).length <= longestItem) ? items : [];
}

/** `Pear` and `pear` are one. */
function folded(items: readonly string[]): string[] {
  return items.map((item) => item.toLowerCase());
}

function overlap(a: readonly string[], b: readonly string[]): boolean {
  return folded(a).filter((item) => folded(b).includes(item)).length * 2 >= a.length;
}

/** Undefined where numbers and words stand in one list: there is no order between them. */
function sorted(items: readonly string[], order: string): string[] | undefined {
  const numbers = items.filter((item) => !Number.isNaN(Number(item.replace(/[$,]/g, ''))));
  if (numbers.length > 0 && numbers.length < items.length) return undefined;
  return items.toSorted((a, b) => (inOrder(a, b, order) ? (inOrder(b, a, order) ? 0 : -1) : 1));
}

function inOrder(before: string, after: string, order: string): boolean {
  const numbers = [before, after].map((item) => Number(item.replace(/[$,]/g, '')));
  const [a = 0, b = 0] = numbers;
  const bothNumbers = !numbers.some(Number.isNaN);
  if (!bothNumbers && !/alphabetical/i.test(order)) return true;
  // Where ä stands among the letters is each language's own affair.
  if (!bothNumbers && /[^\x20-\x7e]/.test(before + after)) return true;
  const difference = bothNumbers
    ? a - b
    : before.toLowerCase() < after.toLowerCase()
      ? -1
      : Number(before.toLowerCase() !== after.toLowerCase());
  return downwards.test(order) ? difference >= 0 : difference <= 0;
}
