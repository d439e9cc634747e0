/**
 * True where a model's visible text gives the expected answer. The expected answer's form (number, clock time, list, yes or
 * no, spelled word, word) decides how the text is read; exactly one value is read from it, so naming several wins nothing.
 */
export function scoreAnswer(text: string, expected: string): boolean {
  const conclusion = concludedIn(text);
  const wanted = expected.trim();
  switch (formOf(wanted)) {
    case 'number':
      return sameNumber(readNumber(conclusion), readNumber({ text: wanted, marked: true }));
    case 'time':
      return last(conclusion.text.match(timePattern))?.replace(/^0/, '') === wanted.replace(/^0/, '');
    case 'numbers': {
      const [given, right] = [conclusion.text, wanted].map((list) => list.match(numberPattern)?.map(Number));
      return given !== undefined && given.length === right?.length && given.every((each, at) => each === right[at]);
    }
    case 'truth':
      return readTruth(conclusion) === wanted.toLowerCase();
    case 'spelled':
      return spelled(conclusion.text) === spelled(wanted);
    case 'words':
      return wordsOf(conclusion.text).join(' ') === wordsOf(wanted).join(' ');
    case 'word':
      return readWord(conclusion) === wanted.toLowerCase();
  }
}

type Form = 'number' | 'time' | 'numbers' | 'truth' | 'spelled' | 'words' | 'word';
/** What the text concludes with; `marked` where it said so ("The answer is …", JSON, a box). */
type Conclusion = { text: string; marked: boolean };

const numberPattern = /-?\d+(?:\.\d+)?/g;
const timePattern = /\d{1,2}:\d{2}/g;
const valuePattern = /-?\d+(?:\.\d+)?(?:\s*\/\s*\d+)?/g;

function formOf(expected: string): Form {
  if (/^-?[\d,]+(\.\d+)?(\/\d+)?$/.test(expected)) return 'number';
  if (/^\d{1,2}:\d{2}$/.test(expected)) return 'time';
  if (/^-?[\d.]+(, -?[\d.]+)+$/.test(expected)) return 'numbers';
  if (/^(yes|no|true|false)$/i.test(expected)) return 'truth';
  if (/^[a-z](-[a-z])+$/i.test(expected)) return 'spelled';
  return wordsOf(expected).length > 1 ? 'words' : 'word';
}

function concludedIn(text: string): Conclusion {
  const plain = text
    .replaceAll('−', '-')
    .replace(/\*\*|\\[()[\]]|`/g, '')
    .replace(/\\boxed\{([^}]*)\}/g, 'answer is $1')
    .replace(/(?<=\d),(?=\d{3}(?!\d))/g, '');
  const marked = last([...plain.matchAll(/(?:answer"?\s*(?:is|:|=)|####)\s*(?:is|:)?\s*([^\n]+)/gi)]);
  const conclusion = marked?.[1] ?? last(plain.split('\n').filter((line) => line.trim() !== '')) ?? '';
  return { text: conclusion.trim().replace(/[.!}\s]+$/, ''), marked: marked !== undefined };
}

/** What follows an equals sign is the value; else the first number after a marker, or the last one of the line. */
function readNumber({ text, marked }: Conclusion): number | undefined {
  const values = (text.split('=').at(-1) ?? '').replace(/(?<=\d),(?=\d{3}(?!\d))/g, '').match(valuePattern) ?? [];
  const value = marked ? values[0] : last(values);
  if (value === undefined) return undefined;
  const [numerator = Number.NaN, denominator = 1] = value.split('/').map(Number);
  return numerator / denominator;
}

function sameNumber(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
}

function readTruth({ text, marked }: Conclusion): string | undefined {
  const values = text.toLowerCase().match(/\b(yes|no|true|false)\b/g) ?? [];
  // "No, it is not true." says no, "… so yes" says yes.
  return marked || /^(yes|no|true|false)\b/i.test(text) ? values[0] : last(values);
}

function spelled(text: string): string | undefined {
  const letters = text.replace(/["']/g, '').trim().toLowerCase();
  return /^[a-z](?:(?:\s*[-,]\s*|\s+)[a-z])*$/.test(letters) ? letters.replace(/[^a-z]/g, '') : undefined;
}

function readWord({ text, marked }: Conclusion): string | undefined {
  const words = wordsOf(text);
  return marked ? words[0] : last(words);
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
}

function last<Item>(items: readonly Item[] | null | undefined): Item | undefined {
  return items?.at(-1);
}
