import { withoutBold } from './markup.ts';
import type { NormalAnswer } from './normal-answer.ts';
import { normalise } from './normalise.ts';
import { sentenceValues } from './sentence-values.ts';

/** Full stops that end no sentence: of a title; of initials, where no word follows that begins a sentence. */
const innerStops = [
  /\b(?:Dr|Mr|Mrs|Ms|Prof|St|Mt|Jr|Sr|Gen|Col|Capt|Lt|Sgt|Rev|Gov|Sen|Rep|vs|approx|ca)\.(?= )/g,
  /\b\p{Lu}\.(?= \p{Lu}\.)/gu,
  /(?<=(?:\p{Lu}\p{Ll}+|\p{Lu}[.\u2024]) \p{Lu})\.(?= \p{Lu}\p{Ll})(?! (?:The|It|This|That|These|Those|There|So|Thus|Because|Since|As|He|She|They|We|You|In|If|All|Its?|Here|Hence|Therefore|However|But|And)\b)/gu,
];
/** Stands for such a stop while the sentence's end is looked for. */
const stopMark = '\u2024';
const marked = [
  /\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}/g,
  /####\s*(?!\s|(?:final\s+)?answer)([^\n]+)/gi,
  /\b(?:final\s+)?answers?\b\s*(?:is|are|:|=|would be|should be)\s*:?\s*\**\s*((?:[^.\n]|\.(?=\S))+)/gi,
  /^[ \t]*#*[ \t]*(?:final[ \t]+)?answers?[ \t]*\n\s*([^\n]+)/gim,
];
const asksForNumber =
  /\bhow (many|much|far|long|old|tall|heavy|fast)\b|\b(calculate|compute|evaluate)\b|\bwhat is the (total|sum|difference|product|average|remainder|number|cost|price)\b/i;

/** What a thought concludes (`So the answer is X.`, `\boxed{X}`, `#### X`), as written; undefined where it says none. */
export function conclusionOf(text: string): string | undefined {
  const plain = innerStops.reduce(
    (rest, stop) => rest.replace(stop, (found) => found.replace('.', stopMark)),
    withoutBold(text),
  );
  for (const pattern of marked) {
    const last = [...plain.matchAll(pattern)].at(-1)?.[1]?.trim().replace(/\*+$/, '');
    if (last !== undefined && last !== '') return last.replaceAll(stopMark, '.');
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
    return isSentence(value, written, question) ? fromSentence(written, question) : value;
  }
  const bold = boldValue(text, question);
  if (bold !== undefined) return bold;
  const whole = normalise(text);
  return isSentence(whole, text, question) ? fromSentence(text, question) : whole;
}

/** The only words in bold type of a short answer; of a longer one, which may be free text, a number where one was asked for. */
function boldValue(text: string, question: string): NormalAnswer | undefined {
  const bold = [...text.matchAll(/\*\*([^*\n]{1,60})\*\*(\s*:)?/g)];
  const [, written = '', colon] = bold[0] ?? [];
  const isLabel = colon !== undefined || /:$/.test(written);
  if (bold.length !== 1 || isLabel) return undefined;
  const value = normalise(written);
  const isShort = text.length <= longestMarked && !text.includes('\n');
  return isShort || (value.kind === 'number' && asksForNumber.test(question)) ? value : undefined;
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

/** No value of a known form; a sentence with one number has commas and an `and` too, but lists no numbers. */
function isSentence(value: NormalAnswer, text: string, question: string): boolean {
  if (value.kind === 'text') return true;
  return value.kind === 'list' && asksForNumber.test(question) && sentenceValues(text).length === 1;
}

const longestText = 80;
const longestMarked = 160;

function fromSentence(text: string, question: string): NormalAnswer | undefined {
  const isShort = text.length <= longestText;
  const values = sentenceValues(withoutBold(text));
  const last = values.at(-1);
  if (
    last !== undefined &&
    (asksForNumber.test(question) || (values.length === 1 && isShort && !names(text, question)))
  ) {
    if (last.value !== undefined) return last.value;
    return isShort ? normalise(text) : undefined;
  }
  return isShort ? normalise(text) : undefined;
}

const opening =
  /^(?:So|Thus|Therefore|Hence|Then|It|This|That|There|They|He|She|We|You|I|The|An?|In|By|At|After|Each|Answer|Result|Total|Value)$/;

/** Asked who or which one it is, `Paris has 2 airports` says Paris; a name that the question has is none. */
function names(text: string, question: string): boolean {
  if (!/\b(?:who|whose|whom|where|which)\b/i.test(question)) return false;
  const words = text.slice(0, text.search(/\d/)).match(/[\p{L}'’]+/gu) ?? [];
  const asked = question.toLowerCase();
  return words.some(
    (word, at) => /^\p{Lu}/u.test(word) && !(at === 0 && opening.test(word)) && !asked.includes(word.toLowerCase()),
  );
}
