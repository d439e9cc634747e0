import { asksForName } from './asked-for.ts';
import { hideStops, showStops } from './sentences.ts';

/** Characters; a longer sentence is free text. */
const longest = 240;
const copula = /\s(?:is|are|was|were)\s(?:called |named |known as |\p{L}+e[dn] by )?(?:(?:on|in|at) (?=\S+ ?\d))?/iu;
const pronoun = /^(?:it|this|that|these|those|they)$/i;
/** What is said more of a name. */
const apposition = /(?:,\s*(?:which|who|where|with|as|because|since|and|but|the|an?)|\s(?:which|because|since))\s.*$/i;
const empty =
  /^(?:the|an?|of|in|on|at|to|for|by|and|or|it|its|this|that|is|are|was|were|do|does|did|what|which|who|whom|whose|where|when)$/;

/**
 * What a sentence says beyond the question that it repeats: `Paris` of `The capital of France is Paris.`, of `Paris is the
 * capital.` and of `Paris, the capital of France`. Undefined where it can't be told.
 */
export function beyondQuestion(sentence: string, question: string): string | undefined {
  const text = hideStops(sentence.trim());
  if (text.length > longest || !asksForName(question) || /[.!?]\s+\S|\n/.test(text)) return undefined;
  const asked = contentWords(question);
  const said = copula.exec(text);
  if (said === null) {
    const [, name, more = ''] = /^([^,]+),\s+(?:the|an?)\s+([^,]+)$/i.exec(text) ?? [];
    return name !== undefined && isOf(more, asked) ? showStops(name) : undefined;
  }
  const before = text.slice(0, said.index).trim();
  const rest = text.slice(said.index + said[0].length).replace(/[.!?]+$/, '');
  const after = rest.replace(apposition, '').trim();
  const isAskedBefore = pronoun.test(before) || repeats(before, question);
  const isAskedAfter = repeats(rest, question);
  if (isAskedBefore && !isAskedAfter && after !== '') return showStops(after);
  if (isAskedAfter && !isAskedBefore) return showStops(before);
  if (!isAskedBefore) return undefined;
  const offered = offeredWords(question);
  const isOffered = isOf(before, offered);
  if (isOffered === isOf(after, offered)) return undefined;
  return showStops(isOffered ? before : after);
}

/** Nothing is in it that the question has not, or all of the question is in it. */
function repeats(part: string, question: string): boolean {
  const last = /[^.?!\n]*[?.!]*\s*$/.exec(question.trim())?.[0] ?? '';
  const asked = contentWords(last);
  const words = contentWords(part);
  return isOf(part, contentWords(question)) || (asked.length > 1 && asked.every((word) => words.includes(word)));
}

function isOf(part: string, words: readonly string[]): boolean {
  const own = contentWords(part);
  return own.length > 0 && own.every((word) => words.includes(word));
}

function contentWords(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\d]+(?:[.,'’-][\p{L}\d]+)*/gu) ?? [];
  return words.filter((word) => !empty.test(word));
}

/** What may be chosen from: `Which is heavier, a feather or a brick?`, and names. */
function offeredWords(question: string): string[] {
  const last = /[^?!\n]*[?!]*\s*$/.exec(question.trim())?.[0] ?? '';
  const options = /[:,]([^:]*)$/.exec(last)?.[1] ?? '';
  const names =
    question.match(/(?<=[\p{L}\d,:;] )\p{Lu}[\p{L}'’-]+|(?<!\p{L})\p{Lu}[\p{L}'’-]+(?= (?:is|was|has)\b)/gu) ?? [];
  return [...contentWords(options), ...names.map((name) => name.toLowerCase())];
}
