import { distance } from 'fastest-levenshtein';

/** Beyond it the two have hardly anything in common: then it may be a word that the thought itself has found. */
const furthest = 0.6;
/** For a word that the question names as the one to be spelled. */
const furthestNamed = 0.75;
/** Beyond it a question is no question of one word's letters. */
const mostWords = 300;

/**
 * The word of the question that was to be spelled, in lower case: of those in quotation marks or named by `the word`, if
 * any, and else of all, the one that is nearest to `spelled` (Levenshtein, as a part of the longer one's length), if no
 * other is as near.
 */
export function nearestWord(spelled: string, question: string): string | undefined {
  const words = question.toLowerCase().match(/\p{L}{2,}/gu) ?? [];
  if (words.length > mostWords) return undefined;
  const named = [...question.toLowerCase().matchAll(/["“](\p{L}{2,})["”]|\bword (\p{L}{2,})/gu)];
  return (
    nearest(
      spelled,
      named.map(([, quoted, word]) => quoted ?? word ?? ''),
      furthestNamed,
    ) ?? nearest(spelled, words, furthest)
  );
}

function nearest(spelled: string, words: readonly string[], most: number): string | undefined {
  const [first, second] = [...new Set(words)]
    .map((word) => ({ word, far: distance(spelled.toLowerCase(), word) / Math.max(spelled.length, word.length) }))
    .sort((a, b) => a.far - b.far);
  if (first === undefined || first.far > most) return undefined;
  return second?.far === first.far ? undefined : first.word;
}
