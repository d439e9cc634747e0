import { isInWords } from './answer-words.ts';
import { asksForNumber, asksForWords, asksYesOrNo } from './asked-for.ts';
import { isCode, withoutFences } from './code-text.ts';
import { withoutBold } from './markup.ts';
import type { NormalAnswer } from './normal-answer.ts';
import { normalise } from './normalise.ts';
import { beyondQuestion } from './restated-question.ts';
import { numberInWords, sentenceValues } from './sentence-values.ts';
import { hideStops, showStops } from './sentences.ts';

const marked = [
  /\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}/g,
  /####\s*(?!\s|(?:final\s+)?answer)([^\n]+)/gi,
  /\b(?:final\s+)?answers?\b\s*(?:is|are|:|=|would be|should be)\s*:?\s*\**\s*((?:[^.\n]|\.(?=\S))+)/gi,
  /^[ \t]*#*[ \t]*(?:final[ \t]+)?answers?[ \t]*\n\s*([^\n]+)/gim,
];

/** What a thought concludes (`So the answer is X.`, `\boxed{X}`, `#### X`), as written; undefined where it says none. */
export function conclusionOf(text: string): string | undefined {
  const plain = hideStops(withoutBold(text));
  for (const pattern of marked) {
    const last = [...plain.matchAll(pattern)].at(-1)?.[1]?.trim().replace(/\*+$/, '');
    if (last !== undefined && last !== '') return showStops(last);
  }
  return undefined;
}

/**
 * What an answer says, normalised; undefined for an answer in words, which can't be put to a vote: free text, code, several
 * sentences that conclude nothing. A short answer is its own value; in a longer one a marked value, a single one in bold
 * type, what it says beyond the question, or the last number for a question that asks for one.
 */
export function answerValue(answer: string, question: string): NormalAnswer | undefined {
  const { text, hadCode } = withoutFences(answer.trim());
  if (text === '') return undefined;
  const json = text.startsWith('{') ? jsonAnswer(text) : undefined;
  const whole = normalise(text);
  if (json === undefined && whole.kind === 'json') return whole;
  const isNumber = asksForNumber(question);
  if (isCode(text) && !isNumber) return undefined;
  const written = json ?? conclusionOf(text);
  if (written !== undefined) return readValue(written, question);
  // What stands around code is about it.
  if (hadCode && !isNumber) return undefined;
  return boldValue(text, question) ?? readValue(text, question);
}

function readValue(written: string, question: string): NormalAnswer | undefined {
  const truth = asksYesOrNo(question) ? /^["“*]*(yes|no|true|false)\b\s*[,.;:!–—-]/i.exec(written)?.[1] : undefined;
  if (truth !== undefined) return { kind: 'truth', key: truth.toLowerCase() };
  const value = normalise(written);
  return isSentence(value, written, question) ? fromSentence(written, question) : value;
}

/** The only words in bold type of a short answer; of a longer one, which may be free text, a number where one was asked for. */
function boldValue(text: string, question: string): NormalAnswer | undefined {
  const bold = [...text.matchAll(/\*\*([^*\n]{1,60})\*\*(\s*:)?/g)];
  const [, written = '', colon] = bold[0] ?? [];
  const isLabel = colon !== undefined || /:$/.test(written);
  if (bold.length !== 1 || isLabel) return undefined;
  const value = normalise(written);
  const isShort = text.length <= longestMarked && !text.includes('\n') && !isInWords(value, written);
  return isShort || (value.kind === 'number' && asksForNumber(question)) ? value : undefined;
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
  if (value.kind !== 'list') return false;
  if (isInWords(value, text) || asksForWords(question)) return true;
  return asksForNumber(question) ? sentenceValues(text).length === 1 : beyondQuestion(text, question) !== undefined;
}

const longestText = 80;
const longestMarked = 160;

function fromSentence(text: string, question: string): NormalAnswer | undefined {
  const isNumber = asksForNumber(question);
  const beyond = isNumber ? undefined : beyondQuestion(text, question);
  const hasNumber = beyond === undefined && !asksForWords(question) && !asksYesOrNo(question);
  const values = hasNumber ? sentenceValues(withoutBold(text)) : [];
  const isOnly = values.length === 1 && text.length <= longestText && !names(text, question);
  const last = isNumber || isOnly ? values.at(-1)?.value : undefined;
  const found = last ?? (isNumber && values.length === 0 ? numberInWords(text) : undefined);
  if (found !== undefined) return found;
  const said = beyond ?? text;
  const value = normalise(said);
  return isInWords(value, said) || (value.kind === 'list' && asksForWords(question)) ? undefined : value;
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
