const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const signs: ReadonlyArray<[RegExp, string]> = [
  [/\s*[×*]\s*|\s+x\s+(?=\d)/g, ' times '],
  [/\s*\+\s*/g, ' plus '],
  [/(?<=\d)\s+[-−]\s+(?=\d)/g, ' minus '],
  [/\s*÷\s*|\s+\/\s+/g, ' divided by '],
];

/**
 * A generated question, mechanically reworded as a person would ask it: lower case, number words and operations in
 * words, no punctuation at the end. It stands in for other wordings when phases are fitted; `sets/reworded.jsonl` has
 * real rewordings.
 */
export function sayAsPerson(question: string): string {
  const inWords = signs.reduce((text, [sign, words]) => text.replaceAll(sign, words), question);
  // Lists, decimals, times, prices and text in brackets keep their digits.
  const said = inWords.replaceAll(/(?<![\d.,:$("] ?)\b\d{1,3}\b(?![.:,]?\d|,|%|\))/g, (digits) =>
    numberWords(Number(digits)),
  );
  return said.toLowerCase().replace(/[.?]$/, '');
}

/** For 0 to 999. */
function numberWords(value: number): string {
  if (value < 20) return ones[value] ?? '';
  if (value < 100) return [tens[Math.floor(value / 10)], ones[value % 10]].slice(0, value % 10 === 0 ? 1 : 2).join('-');
  const rest = value % 100;
  return `${ones[Math.floor(value / 100)]} hundred${rest === 0 ? '' : ` ${numberWords(rest)}`}`;
}
