const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
export const scales: Readonly<Record<string, number>> = {
  hundred: 100,
  thousand: 1000,
  million: 1_000_000,
  billion: 1_000_000_000,
  trillion: 1_000_000_000_000,
};
const parts = ['half', 'third', 'quarter', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];
const ordinal = /^(?:first|second|\w+th|third)\b/;

/** A number written in words at the text's start, as an expression, with what follows: `thirty-one apples`, `two thirds`. */
export function readNumberWords(text: string): { value: string; rest: string; isPart: boolean } | undefined {
  const words = text.toLowerCase().split(/[\s-]+/);
  if (words[0] === 'half') return { value: '1/2', rest: words.slice(1).join(' '), isPart: true };
  if (/^an?$/.test(words[0] ?? '') && isCounted(words[1])) words[0] = 'one';
  const whole = wholeNumber(words);
  if (whole === undefined) return undefined;
  const { value, length } = whole;
  const dividing = part(words[length], value === 1);
  if (dividing !== undefined) {
    return { value: `${value}/${dividing}`, rest: words.slice(length + 1).join(' '), isPart: true };
  }
  const added =
    words[length] === 'and' && /^an?$/.test(words[length + 1] ?? '') ? part(words[length + 2], true) : undefined;
  if (added !== undefined) {
    return { value: `${value} + 1/${added}`, rest: words.slice(length + 3).join(' '), isPart: false };
  }
  if (ordinal.test(words[length] ?? '')) return undefined;
  return { value: String(value), rest: words.slice(length).join(' '), isPart: false };
}

function isCounted(word = ''): boolean {
  return word in scales || word === 'dozen' || word === 'half' || part(word, true) !== undefined;
}

/** The 3 of `third` and, of several, `thirds`. */
function part(word = '', single: boolean): number | undefined {
  const name = single ? word : word === 'halves' ? 'half' : /s$/.test(word) ? word.slice(0, -1) : '';
  if (name === 'fourth') return 4;
  const index = parts.indexOf(name);
  return index < 0 ? undefined : index + 2;
}

function wholeNumber(words: readonly string[]): { value: number; length: number } | undefined {
  let total = 0;
  let group = 0;
  let length = 0;
  let ceiling = Number.POSITIVE_INFINITY;
  /** What may still be added to the group is below this. */
  let room = 100;
  for (const [at, word] of words.entries()) {
    const one = ones.indexOf(word);
    const ten = tens.indexOf(word);
    const scale = scales[word] ?? 0;
    if (one >= 0 && one < room && (one > 0 || at === 0)) {
      group += one;
      room = 0;
    } else if (ten >= 0 && room === 100) {
      group += (ten + 2) * 10;
      room = 10;
    } else if (scale === 100 && group > 0 && group < 100) {
      group *= 100;
      room = 100;
    } else if (scale > 100 && scale < ceiling && group > 0) {
      total += group * scale;
      ceiling = scale;
      group = 0;
      room = 100;
    } else if (!(word === 'and' && at > 0 && room === 100 && isSmall(words[at + 1]))) break;
    length = at + 1;
  }
  return length === 0 ? undefined : { value: total + group, length };
}

function isSmall(word = ''): boolean {
  return ones.indexOf(word) > 0 || tens.includes(word);
}

/** A word that is a number's. */
export function isNumberWord(word: string): boolean {
  return ones.includes(word) || tens.includes(word) || word in scales;
}
