import type { Repair } from './check.ts';
import { defineLineCheck, inPlaceOf, right, type Statement, wrong } from './line-check.ts';
import { nearestWord } from './nearest-word.ts';

const dashed = /(?<![\w-])([a-z](?:-[a-z]){1,})(?![\w-])/i;
const spaced = /\bletters of "?([a-z]+)"? (?:are|is) ([a-z](?: [a-z])+)\b/i;
const numbered = /(?<!['’]s, )\b((?:\d+ [a-z], )+\d+ [a-z])\b(?!['’])/i;
/** `1 C, 3 O` may be atoms. */
const ofLetters = /\b(?:letters?|spell\w*|words?|backwards?|revers\w*|characters?|vowels?|consonants?|alphabet\w*)\b/i;
/** `The path starts with M` is of no word. */
const ofOrder = /\b(?:sort\w*|(?:starts?|begins?|starting|beginning) with)\b/i;
const counted = /\bcount (?:each|every|the)? ?"?([a-z])"?s?: ((?:[a-z](?: \(\d+\))?, )+[a-z](?: \(\d+\))?)/i;

/** Words spelled letter by letter: against the question's words, turned round, joined, numbered, counted. */
export const spelling = defineLineCheck({
  name: 'spelling',
  description:
    'A word that a line spells is one of the question’s, and its letters are numbered, turned round, joined and counted rightly.',
  *statements({ lines, question }) {
    const words = new Set((question.toLowerCase().match(/\p{L}+/gu) ?? []).filter((word) => word.length > 1));
    /** The letters of the last line that spelled something. */
    let letters: string | undefined;
    let counts: Map<string, number> | undefined;
    const isOfLetters = ofLetters.test(question);
    const areListed = isOfLetters || ofOrder.test(question);
    for (const { number, text } of lines) {
      const spelled = spaced.exec(text)?.[2]?.replaceAll(' ', '') ?? (isOfLetters ? numberedLetters(text) : undefined);
      const dashes = [...text.matchAll(new RegExp(dashed, 'gi'))];
      // Of two it is not known which one is spoken of.
      const run = dashes.length === 1 ? dashes[0]?.[1] : undefined;
      const joined = run?.replaceAll('-', '').toLowerCase();
      if (spelled !== undefined) {
        const shown = spaced.exec(text)?.[2];
        const repair = (word: string): Repair | undefined =>
          shown !== undefined
            ? inPlaceOf(shown, text, [...word].join(' '))
            : {
                at: numbered.exec(text)?.index ?? 0,
                text: [...word].map((letter, index) => `${index + 1} ${letter}`).join(', '),
              };
        yield* spells(number, { letters: spelled.toLowerCase(), shown: shown ?? spelled, words, question, repair });
        yield* numbersOf(number, text);
        letters = spelled.toLowerCase();
      } else if (joined !== undefined && run !== undefined && /\b(last .*first|revers|backward)/i.test(text)) {
        if (letters !== undefined) {
          const turned = [...letters].reverse().join('');
          const repair = inPlaceOf(run, text, [...turned].join('-'));
          yield joined === turned || joined === letters
            ? right(number)
            : wrong(number, run, `${letters} turned round is not ${joined}`, repair);
        }
        letters = joined;
      } else if (joined !== undefined && run !== undefined && /\bspell/i.test(text)) {
        const repair = (word: string) => inPlaceOf(run, text, [...word].join('-'));
        yield* spells(number, { letters: joined, shown: run, words, question, repair });
        letters = joined;
      }
      const whole = /^joined: ([a-z]+)\.?$/i.exec(text)?.[1];
      if (whole !== undefined && letters !== undefined) {
        yield whole.toLowerCase() === letters
          ? right(number)
          : wrong(number, whole, `the letters make ${letters}`, inPlaceOf(whole, text, letters));
      }
      const count = counted.exec(text);
      if (count !== null) {
        counts = new Map();
        yield* countsOf(number, text, count, letters, counts);
      }
      yield* says(number, text, { letters, counts, words: areListed ? words : new Set() });
    }
  },
});

function* spells(
  line: number,
  said: {
    letters: string;
    shown: string;
    words: ReadonlySet<string>;
    question: string;
    /** With this word instead. */
    repair: (word: string) => Repair | undefined;
  },
): Generator<Statement> {
  const { letters, shown, words, question, repair } = said;
  if (words.has(letters) || words.has([...letters].reverse().join(''))) yield right(line);
  else if (words.size > 0) {
    const word = nearestWord(letters, question);
    yield wrong(line, shown, `${letters} is no word of the question`, word === undefined ? undefined : repair(word));
  }
}

function numberedLetters(text: string): string | undefined {
  return numbered.exec(text)?.[1]?.replace(/[\d, ]/g, '');
}

function* numbersOf(line: number, text: string): Generator<Statement> {
  const list = numbered.exec(text)?.[1];
  if (list === undefined) return;
  const numbers = (list.match(/\d+/g) ?? []).map(Number);
  const bad = numbers.find((one, index) => one !== index + 1);
  if (bad !== undefined) yield wrong(line, String(bad), 'the letters are not numbered one by one');
}

function* countsOf(
  line: number,
  text: string,
  [, letter = '', list = '']: RegExpExecArray,
  letters: string | undefined,
  counts: Map<string, number>,
): Generator<Statement> {
  const items = list.split(', ').map((item) => /^([a-z])(?: \((\d+)\))?$/i.exec(item));
  const gone = items
    .map((item) => item?.[1] ?? '')
    .join('')
    .toLowerCase();
  const repair = inPlaceOf(list, text, counting(letters ?? gone, letter.toLowerCase()));
  if (letters !== undefined && gone !== letters) {
    yield wrong(line, list, `${gone} is not ${letters}`, repair);
    return;
  }
  let count = 0;
  for (const item of items) {
    const [, one = '', mark] = item ?? [];
    const counts = one.toLowerCase() === letter.toLowerCase();
    if (counts) count += 1;
    if (counts !== (mark !== undefined) || (mark !== undefined && Number(mark) !== count)) {
      yield wrong(line, mark ?? one, `${one} is not counted rightly`, repair);
      return;
    }
  }
  counts.set(letter.toLowerCase(), count);
  yield right(line);
}

/** The letters gone through, each `letter` counted. */
function counting(letters: string, letter: string): string {
  let count = 0;
  return [...letters]
    .map((one) => {
      if (one !== letter) return one;
      count += 1;
      return `${one} (${count})`;
    })
    .join(', ');
}

/** Sentences about the letters just spelled. */
function* says(
  line: number,
  text: string,
  said: {
    letters: string | undefined;
    counts: ReadonlyMap<string, number> | undefined;
    /** Of the question. */
    words: ReadonlySet<string>;
  },
): Generator<Statement> {
  const { letters, counts, words } = said;
  const times = /\bletter "?([a-z])"? (?:appears|occurs) (\d+) times?/i.exec(text);
  if (times !== null && letters !== undefined) {
    const letter = times[1]?.toLowerCase() ?? '';
    const count = counts?.get(letter) ?? [...letters].filter((one) => one === letter).length;
    yield count === Number(times[2])
      ? right(line)
      : wrong(
          line,
          times[2] ?? '',
          `${letter} is ${count} ${count === 1 ? 'time' : 'times'} in ${letters}`,
          inPlaceOf(times[2] ?? '', text, count),
        );
  }
  const nth = /^number (\d+) is ([a-z])\.?$/i.exec(text);
  if (nth !== null && letters !== undefined) {
    const is = letters[Number(nth[1]) - 1];
    yield is === nth[2]?.toLowerCase()
      ? right(line)
      : wrong(
          line,
          nth[2] ?? '',
          `letter ${nth[1]} of ${letters} is ${is ?? 'none'}`,
          inPlaceOf(nth[2] ?? '', text, is),
        );
  }
  const last = /^the last number is (\d+)\.?$/i.exec(text)?.[1];
  if (last !== undefined && letters !== undefined) {
    yield Number(last) === letters.length
      ? right(line)
      : wrong(
          line,
          last,
          `${letters} has ${letters.length} ${letters.length === 1 ? 'letter' : 'letters'}`,
          inPlaceOf(last, text, letters.length),
        );
  }
  for (const [, word = '', first = ''] of text.matchAll(/\b([a-z]+)"? (?:starts|begins) with "?([a-z])\b/gi)) {
    // `She starts with a dozen`, `the word starts with b`: only of a word that the question has is it said.
    if (!words.has(word.toLowerCase()) || /^(?:word|letter|name|it|that|which|one|list|she|he|they|who)$/i.test(word))
      continue;
    if (/\b(?:no|not|never|neither|nor|if)\b|n['’]t\b/i.test(text)) continue;
    // `The game starts with a song`
    if (/\bwith a\s+\w/i.test(text)) continue;
    yield word.toLowerCase().startsWith(first.toLowerCase())
      ? right(line)
      : wrong(line, first, `${word} does not start with ${first}`);
  }
}
