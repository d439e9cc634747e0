import { z } from 'zod';
import { answerValue, conclusionOf } from '../answers/answer-value.ts';
import type { NormalAnswer } from '../answers/normal-answer.ts';
import { normalise, sameAnswer, showAnswer } from '../answers/normalise.ts';
import { multiplierWords } from '../answers/numbers.ts';
import { givesNumber } from '../answers/sentence-values.ts';
import { conversionFactors } from '../answers/units.ts';
import { abstain, defineCheck, fail, pass } from './check.ts';
import { isTakeBack } from './thought-lines.ts';

/** The answer says what the thought concluded. */
export const agreement = defineCheck({
  name: 'agreement',
  description: 'The answer says what the thought concluded.',
  judges: 'value',
  standard: 'always',
  permanent: true,
  options: z.object({}),
  run({ thought, answer, question }) {
    const concluded = conclusionOf(thought);
    const value = answerValue(answer, question);
    if (concluded === undefined || value === undefined) return abstain('thought or answer has no conclusion to read');
    const conclusion = normalise(concluded);
    // `less than 12` and `12 or 13` have a 12 in them, but don't say that it is 12.
    const isOpen = conclusion.kind === 'number' && value.kind === 'text' && !givesNumber(answer, question);
    if (sameAnswer(conclusion, value) || (!isOpen && isWithin(answer, concluded))) {
      return pass('thought and answer agree');
    }
    // What is concluded before the end may have been in doubt, or of a step.
    if (conclusionOf(ending(thought)) !== concluded) return abstain('the thought goes on behind its conclusion');
    if (conclusion.kind !== value.kind || !isComparable(conclusion, value) || counts.test(concluded))
      return abstain('thought and answer can’t be compared');
    return fail('the answer is not what the thought concludes', {
      wrong: showAnswer(value),
      quoting: `the thought concludes ${showAnswer(conclusion)}, the answer says ${showAnswer(value)}`,
    });
  },
});

/** True where `part` stands in `text`, not as a part of a word or of another number. */
function isWithin(text: string, part: string): boolean {
  const written = part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const whole = `(?<![\\p{L}\\d_−-]|[\\d.][.,/:^]|(?<![\\p{L}\\d])\\.)${written}(?![\\p{L}\\d_]|[.,:]\\d|[/^])`;
  return new RegExp(whole, 'iu').test(text);
}

const lastLines = 2;
/** Not a question that is answered at once: `Is it 12? Yes.` */
const doubts = /\?(?!\W*(?:yes|yeah|yep|indeed|correct|right)\b)|\b(?:perhaps|maybe|might|alternatively)\b/i;
/** `7 dozen` is read as 84, and may be asked for in dozens. */
const counts = new RegExp(String.raw`\b(?:pair|score|${multiplierWords})s?\b`, 'i');

/** The last lines; none where they doubt. */
function ending(thought: string): string {
  const lines = thought.split('\n').filter((line) => line.trim() !== '');
  const ends = lines.slice(-lastLines);
  return ends.some((line) => isTakeBack(line) || doubts.test(line)) ? '' : ends.join('\n');
}

/** False where two that differ in writing may say the same: `3 hours` and `180 minutes`, `0.5` and `50%`, `true` and `yes`. */
function isComparable(a: NormalAnswer, b: NormalAnswer): boolean {
  if (a.kind === 'number') {
    if (a.unit !== undefined && b.unit !== undefined && a.unit !== b.unit) return false;
    // The unit of the other may go without saying.
    const [large = 0, small = 0] = [a, b].map(({ key }) => Math.abs(amountOf(key))).toSorted((x, y) => y - x);
    return a.unit === b.unit || !conversionFactors.includes(Number((large / small).toFixed(6)));
  }
  if (a.kind === 'truth') return /^(?:yes|no)$/.test(a.key) === /^(?:yes|no)$/.test(b.key) || isYes(a) !== isYes(b);
  if (a.kind === 'list') return isPlainList(a.key) && isPlainList(b.key) && sorted(a.key) !== sorted(b.key);
  if (a.kind === 'time' || a.kind === 'date') return !a.key.includes(b.key) && !b.key.includes(a.key);
  // Two names differ; two sentences may mean the same.
  if (a.kind === 'text') {
    return [a, b].every(isPlainText) && !a.key.includes(b.key) && !b.key.includes(a.key);
  }
  return true;
}

/** Of numbers or of words; formulas and intervals are written in many ways. */
function isPlainList(key: string): boolean {
  const items = key.split(', ');
  return items.every((item) => /^-?\d+(?:[./]\d+)?$/.test(item)) || items.every((item) => /^[\p{L} '’-]+$/u.test(item));
}

function isPlainText({ key }: NormalAnswer): boolean {
  return /^[\p{L}\d'’-]+(?: [\p{L}\d'’-]+)?$/u.test(key);
}

function amountOf(key: string): number {
  const [above = '', below = '1'] = key.split('/');
  return Number(above) / Number(below);
}

function isYes({ key }: NormalAnswer): boolean {
  return key === 'yes' || key === 'true';
}

function sorted(list: string): string {
  return list.split(', ').toSorted().join();
}
