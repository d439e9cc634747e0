import { isGiven } from './limits.ts';
import type { NormalAnswer } from './normal-answer.ts';
import { normalise } from './normalise.ts';
import {
  asksForNumber,
  asksForWords,
  asksYesOrNo,
  beyondQuestion,
  hasSeveralSentences,
  hideStops,
  showStops,
} from './question.ts';
import { limitsOf, numberInWords, type SentenceValue, sentenceValues } from './sentence-values.ts';

/** Text without the asterisks of bold type; those of a power (`2**3`) stay. */
function withoutBold(text: string): string {
  return text.replace(/(?<![\w)])\*\*(?=\S)|(?<=\S)\*\*(?!\w)/g, '');
}

const fence = /^[ \t]*```[^\n]*\n[\s\S]*?(?:^[ \t]*```[ \t]*$|(?![\s\S]))/gm;
const onlyPlainFence = /^```(?:json|text|plaintext)?[ \t]*\n([^`]*?)\n?[ \t]*```$/i;
const signs = [
  /\bdef \w+\(|\bfunction\b[^\n(]{0,40}\([^\n)]{0,80}\)\s*\{|=>\s*[{(]/,
  /^[ \t]*(?:print|console\.log|printf|println!?)\(/m,
  /^[ \t]*(?:#include\b|import \w|from \w+ import\b|(?:const|let|var) \w+ ?=)/m,
  /^[ \t]*(?:public|private|static|class) \w[^\n]*[{:][ \t]*$/m,
];

/** A text without its fenced code. What stands alone in a fence that names no language but JSON is the text itself. */
function withoutFences(text: string): { text: string; hadCode: boolean } {
  const only = onlyPlainFence.exec(text)?.[1];
  if (only !== undefined) return { text: only.trim(), hadCode: false };
  const rest = text.replace(fence, '');
  return { text: rest.trim(), hadCode: rest !== text };
}

/** A piece of code, or a text about one. */
function isCode(text: string): boolean {
  return signs.some((sign) => sign.test(text));
}

/** Characters and words of a name or a short phrase: two right answers that are longer seldom have the same words. */
const longestText = 80;
const longestList = 400;
const mostWords = 5;
const mostWordsOfName = 8;
/** Of a list: of single words, and of phrases. */
const mostItems = 40;
const mostPhrases = 12;

/** Characters of a phrase in scripts that put no spaces between words. */
const unspaced: ReadonlyArray<readonly [most: number, script: RegExp]> = [
  [12, /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  [30, /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu],
];

/** What makes a sentence of a phrase. */
const clause =
  /\b(?:is|are|was|were|am|been?|being|ha[sd]|have|do|does|did|can|could|will|would|shall|should|must|might|that|which|who|because|since|i(?= \p{L}{2})|you|we|your?|my|our|me|us|let['’]s|\p{L}{1,8}n['’]t|\p{L}{1,8}['’](?:m|re|ve|ll|d))\b/iu;
const small = /^(?:of|the|an?|and|or|in|on|at|to|for|by|de|del|della|di|da|du|des|la|le|les|van|von|der|den|el|al)$/i;

/**
 * True for an answer in words: free text that no other right answer would have word for word, so that it can't be put to a
 * vote. A name, a short phrase and a short list are none; a number, a date, yes or no, a choice, JSON never are.
 */
function isInWords(value: NormalAnswer, written: string): boolean {
  const text = withoutBold(written).trim();
  if (value.kind === 'list')
    return text.length > longestList || hasSeveralSentences(text) || isWordyList(value.key.split(', '));
  return value.kind === 'text' && isWordy(text);
}

function isWordyList(items: readonly string[]): boolean {
  if (items.length > mostItems) return true;
  if (items.every((item) => /^[-\d/. ]+$/.test(item))) return false;
  const phrases = items.filter((item) => item.includes(' '));
  if (phrases.length > mostPhrases || items.some(isClause)) return true;
  return items.length >= 6 && new Set(items).size * 3 <= items.length;
}

function isWordy(text: string): boolean {
  if (text.length > longestText || text.includes('\n') || hasSeveralSentences(text)) return true;
  if (unspaced.some(([most, script]) => (text.match(script)?.length ?? 0) > most)) return true;
  const words = text.match(/\p{L}[\p{L}'’-]+/gu) ?? [];
  const isName = words.every((word) => /^\p{Lu}/u.test(word) || small.test(word));
  if (words.length > (isName ? mostWordsOfName : mostWords) || (!isName && isClause(text))) return true;
  return words.some((word) => words.filter((other) => other === word).length > 2);
}

/** One word is none: a girl may be called Will, and `f-i-n-i-s` is spelt. */
function isClause(text: string): boolean {
  return /\S\s+\S/.test(text) && clause.test(text);
}

const marked = [
  /\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}/g,
  /####\s*(?!\s|(?:final\s+)?answer)([^\n]+)/gi,
  /\b(?:final\s+)?answers?\b\s*(?:(?:is|are|would be|should be)(?!n['’]t\b)|:|=)\s*:?\s*\**\s*((?:[^.\n]|\.(?=\S))+)/gi,
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
  const { index = 0 } = bold[0] ?? {};
  if (value.kind === 'number' && !isGiven(text, index, index + 4 + written.length, question)) return undefined;
  // Only a limit: `It is **not** 12`, `**at least 5** buses`.
  if (value.kind === 'text' && limitsOf(`${written} 12`).length > 0) return undefined;
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
  return asksForNumber(question) ? valuesOf(text, question).length === 1 : beyondQuestion(text, question) !== undefined;
}

const longestMarked = 160;

function fromSentence(text: string, question: string): NormalAnswer | undefined {
  const isNumber = asksForNumber(question);
  const beyond = isNumber ? undefined : beyondQuestion(text, question);
  const said = beyond ?? text;
  // `at least 5` may be 5, asked for the least.
  const mayBeNumber = beyond === undefined || limitsOf(beyond).length > 0;
  const hasNumber = mayBeNumber && !asksForWords(question) && !asksYesOrNo(question);
  const values = hasNumber ? valuesOf(isNumber ? withSpaces(withoutBold(said)) : withoutBold(said), question) : [];
  const isOnly = values.length === 1 && text.length <= longestText && !names(text, question);
  const last = isNumber || isOnly ? values.at(-1)?.value : undefined;
  const found = last ?? (isNumber && values.length === 0 ? numberInWords(text, question) : undefined);
  // `There are less than 12.` is an answer of its own; with more numbers or sentences it is free text.
  const isShort = values.length < 2 && text.length <= longestMarked && !text.includes('\n');
  if (found !== undefined && (found.kind !== 'text' || isShort)) return found;
  const value = normalise(said);
  return isInWords(value, said) || (value.kind === 'list' && asksForWords(question)) ? undefined : value;
}

/** The numbers of a sentence that may be its value: without those that it only compares its answer with, where it has one. */
function valuesOf(text: string, question: string): SentenceValue[] {
  const all = sentenceValues(text, question);
  const own = all.filter(({ beside }) => !beside);
  return own.every(({ value }) => value?.kind === 'text') ? all : own;
}

/** A number stands apart also where its script, or Korean, writes what surrounds it without a space: `共有 42 个`, `12 입니다`. */
function withSpaces(text: string): string {
  return text.replace(besideNumber, ' ');
}

const letters = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}`;
const besideNumber = new RegExp(`(?<=[${letters}])(?=[-−$€£¥]?\\d)|(?<=[\\d%])(?=[${letters}])`, 'gu');

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
