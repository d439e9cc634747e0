import { withoutBold } from './markup.ts';
import type { NormalAnswer } from './normal-answer.ts';
import { hasSeveralSentences } from './sentences.ts';

/** Characters and words of a name or a short phrase: two right answers that are longer seldom have the same words. */
const longestText = 80;
const longestList = 400;
const mostWords = 5;
const mostWordsOfName = 8;
/** Of a list: of single words, and of phrases. */
const mostItems = 40;
const mostPhrases = 12;

/** What makes a sentence of a phrase. */
const clause =
  /\b(?:is|are|was|were|am|been?|being|ha[sd]|have|do|does|did|can|could|will|would|shall|should|must|might|that|which|who|because|since|i(?= \p{L}{2})|you|we|your?|my|our|me|us|let['’]s|\p{L}{1,8}n['’]t|\p{L}{1,8}['’](?:m|re|ve|ll|d))\b/iu;
const small = /^(?:of|the|an?|and|or|in|on|at|to|for|by|de|del|della|di|da|du|des|la|le|les|van|von|der|den|el|al)$/i;

/**
 * True for an answer in words: free text that no other right answer would have word for word, so that it can't be put to a
 * vote. A name, a short phrase and a short list are none; a number, a date, yes or no, a choice, JSON never are.
 */
export function isInWords(value: NormalAnswer, written: string): boolean {
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
  const words = text.match(/\p{L}[\p{L}'’-]+/gu) ?? [];
  const isName = words.every((word) => /^\p{Lu}/u.test(word) || small.test(word));
  if (words.length > (isName ? mostWordsOfName : mostWords) || (!isName && isClause(text))) return true;
  return words.some((word) => words.filter((other) => other === word).length > 2);
}

/** One word is none: a girl may be called Will, and `f-i-n-i-s` is spelt. */
function isClause(text: string): boolean {
  return /\S\s+\S/.test(text) && clause.test(text);
}
