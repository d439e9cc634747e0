import { distance } from 'fastest-levenshtein';

/** Beyond it the two have hardly anything in common. */
const furthest = 0.75;

/**
 * The word of the question that was to be spelled: the one in quotation marks or named by `the word`, else the one that is
 * nearest to `spelled` (Levenshtein, as a part of the longer one's length), if no other is as near. In lower case.
 */
export function nearestWord(spelled: string, question: string): string | undefined {
  const named = /["“]([a-z]+)["”]|\bword ([a-z]+)\b/i.exec(question);
  const one = named?.[1] ?? named?.[2];
  if (one !== undefined) return one.toLowerCase();
  const words = [...new Set(question.toLowerCase().match(/[a-z]{2,}/g) ?? [])];
  const near = words
    .map((word) => ({ word, far: distance(spelled.toLowerCase(), word) / Math.max(spelled.length, word.length) }))
    .sort((a, b) => a.far - b.far);
  const [first, second] = near;
  if (first === undefined || first.far > furthest) return undefined;
  return second?.far === first.far ? undefined : first.word;
}
