import { answerValue, conclusionOf } from '../src/answers/answer-value.ts';
import { isGiven } from '../src/answers/limits.ts';
import type { NormalAnswer } from '../src/answers/normal-answer.ts';
import { normalise, sameAnswer } from '../src/answers/normalise.ts';

/**
 * Whether a model's visible text gives the expected value. The text is read like the engine reads answers; if a
 * sentence does not mark its answer ("The shortest is Jack.", "6 × 7 = 42"), its last value of the expected form
 * counts.
 */
export function scoreAnswer(text: string, question: string, expected: string): boolean {
  const wanted = normalise(expected);
  const value = answerValue(text, question);
  if (value !== undefined && sameAnswer(value, wanted)) return true;
  if (conclusionOf(text) !== undefined) return false;
  const last = lastValue(text, wanted, question);
  return last !== undefined && sameAnswer(normalise(last), wanted);
}

const patterns: Partial<Record<NormalAnswer['kind'], RegExp>> = {
  number: /-?\d[\d,]*(?:\.\d+)?(?:\/\d+)?/g,
  time: /\d{1,2}:\d{2}(?:\s?[ap]\.?m\b)?/gi,
  truth: /\b(?:yes|no|true|false)\b/gi,
  text: /\p{L}[\p{L}\p{N}'’-]*/gu,
  choice: /(?<![\p{L}'’])\p{L}(?![\p{L}'’])/gu,
};

function lastValue(text: string, wanted: NormalAnswer, question: string): string | undefined {
  const pattern = patterns[wanted.kind];
  // Several words are not a single value.
  if (pattern === undefined || (wanted.kind === 'text' && wanted.key.includes(' '))) return undefined;
  const line = text.replaceAll('−', '-').trim().split('\n').at(-1) ?? '';
  const last = [...line.matchAll(pattern)].at(-1);
  if (last === undefined) return undefined;
  const written = last[0].replace(/,+$/, '');
  // `less than 12` gives no 12.
  const isValue = wanted.kind !== 'number' || isGiven(line, last.index, last.index + written.length, question);
  return isValue ? written : undefined;
}
