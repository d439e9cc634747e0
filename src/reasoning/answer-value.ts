import type { NormalAnswer } from './normal-answer.ts';
import { normalise } from './normalise.ts';

const marked = [
  /\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}/g,
  /####\s*([^\n]+)/g,
  /\b(?:final\s+)?answers?\b\s*(?:is|are|:|=|would be|should be)\s*:?\s*\**\s*((?:[^.\n]|\.(?=\S))+)/gi,
];
const asksForNumber =
  /\bhow (many|much|far|long|old|tall|heavy|fast)\b|\b(calculate|compute|evaluate)\b|\bwhat is the (total|sum|difference|product|average|remainder|number|cost|price)\b/i;
const anyNumber = /-?[$€£]?\d[\d,]*(?:\.\d+)?(?:\/\d+)?%?/g;

/** What a thought concludes (`So the answer is X.`, `\boxed{X}`, `#### X`), as written; undefined where it says none. */
export function conclusionOf(text: string): string | undefined {
  for (const pattern of marked) {
    const last = [...text.matchAll(pattern)].at(-1)?.[1]?.trim().replace(/\*+$/, '');
    if (last !== undefined && last !== '') return last;
  }
  return undefined;
}

/**
 * What an answer says, normalised; undefined for free text, which can't be put to a vote. A short answer is its own value;
 * in a longer one a marked value, a single one in bold type, or the last number for a question that asks for one.
 */
export function answerValue(answer: string, question: string): NormalAnswer | undefined {
  const text = answer.trim();
  if (text === '') return undefined;
  const json = text.startsWith('{') ? jsonAnswer(text) : undefined;
  const written = json ?? conclusionOf(text);
  if (written !== undefined) {
    const value = normalise(written);
    return value.kind === 'text' ? fromSentence(written, question) : value;
  }
  const bold = [...text.matchAll(/\*\*([^*\n]{1,60})\*\*/g)].map((match) => match[1] ?? '');
  if (bold.length === 1 && bold[0] !== undefined) return normalise(bold[0].replace(/:$/, ''));
  const whole = normalise(text);
  if (whole.kind !== 'text') return whole;
  return fromSentence(text, question);
}

/** The one `answer` of a JSON object, where it has one. */
function jsonAnswer(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Object.keys(parsed).length !== 1) return undefined;
    const answer: unknown = Reflect.get(parsed, 'answer');
    return typeof answer === 'string' || typeof answer === 'number' || typeof answer === 'boolean'
      ? String(answer)
      : undefined;
  } catch {
    return undefined;
  }
}

const longestText = 80;

function fromSentence(text: string, question: string): NormalAnswer | undefined {
  const numbers = text.match(anyNumber) ?? [];
  const last = numbers.at(-1);
  if (last !== undefined && (asksForNumber.test(question) || (numbers.length === 1 && text.length <= longestText))) {
    return normalise(last.replace(/,$/, ''));
  }
  return text.length <= longestText ? normalise(text) : undefined;
}
