import { readDate, readTime } from './dates.ts';
import type { NormalAnswer } from './normal-answer.ts';
import { latexFraction, plainLatex } from './notation.ts';
import { readNumber } from './numbers.ts';
import { isSameAmount, isSameUnit } from './units.ts';

/** Normalises one answer: numbers, fractions, money, units, percent, dates, times, yes and no, choices, lists, JSON; otherwise text. */
export function normalise(written: string): NormalAnswer {
  const text = bare(written);
  return (
    readTruth(text) ??
    readTime(text) ??
    readDate(text) ??
    readNumber(text) ??
    readChoice(text) ??
    readJson(text) ??
    readList(text) ?? { kind: 'text', key: plainText(text) }
  );
}

export function sameAnswer(a: NormalAnswer, b: NormalAnswer): boolean {
  if (a.kind !== b.kind) {
    const items = itemsOf(a);
    return items !== undefined && items === itemsOf(b);
  }
  if (a.unit === undefined || b.unit === undefined) return a.key === b.key;
  const [one, other] = [
    { key: a.key, unit: a.unit },
    { key: b.key, unit: b.unit },
  ];
  return (a.key === b.key && isSameUnit(a.unit, b.unit)) || isSameAmount(one, other);
}

/** The key of a list, also where it is written as a JSON array; undefined for anything else. */
function itemsOf({ kind, key }: NormalAnswer): string | undefined {
  if (kind === 'list') return key;
  if (kind !== 'json' || !key.startsWith('[')) return undefined;
  const items: unknown = JSON.parse(key);
  if (!Array.isArray(items) || items.length < 2) return undefined;
  return items.map((item) => showAnswer(normalise(typeof item === 'object' ? '' : String(item)))).join(', ');
}

/** As the trace and the tally show it. */
export function showAnswer(answer: NormalAnswer): string {
  return answer.unit === undefined ? answer.key : `${answer.key} ${answer.unit}`;
}

/** Without markup, quotes, and the sentence's end. */
function bare(text: string): string {
  const unmarked = plainLatex(withPlainDigits(text.trim()))
    .trim()
    .replace(/^\$\$?([\s\S]*?)\$\$?$/, '$1')
    .replace(/(?<=\d)(?=\\[dt]?frac\{)/g, ' ')
    .replace(latexFraction, '$1/$2')
    .replace(/\\boxed\{([^{}]*)\}/g, '$1')
    .replace(/(\d)(?:\*\*|\s\*\*\s)(?=\d)/g, '$1^')
    .replace(/\*\*|`|\\[()[\]$]/g, '');
  const unquoted = withoutEnd(unmarked, /[.!。！\s]/).replace(/^["'“”‘’]+/, '');
  return withoutEnd(withoutEnd(unquoted, /["'“”‘’]/), /[.!。！\s]/).trim();
}

/** Digits of other scripts (Arabic, Persian, Devanagari, Bengali, full-width) as 0 to 9. */
function withPlainDigits(text: string): string {
  return text.replace(/[٠-٩۰-۹०-९০-৯０-９]/g, (digit) => {
    const code = digit.charCodeAt(0);
    const zero = [0x0660, 0x06f0, 0x0966, 0x09e6, 0xff10].findLast((first) => first <= code) ?? code;
    return String(code - zero);
  });
}

/** From the end, character by character: a pattern for a run at the end tries every run before it. */
function withoutEnd(text: string, last: RegExp): string {
  let end = text.length;
  while (end > 0 && last.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function plainText(text: string): string {
  return text
    .toLowerCase()
    .replace(/[²³]/g, (power) => `^${power}`)
    .normalize('NFKC')
    .replace(/^(the|a|an)\s+/, '')
    .replace(/\s+/g, ' ')
    .replace(/[“”]/g, '"')
    .trim();
}

function readTruth(text: string): NormalAnswer | undefined {
  const word =
    /^(yes|no|true|false)(?:[,;:.]|\s+(?:it|its|they|he|she|we|you|i|this|that|there|because|since|as|not|is|are)\b|$)/i
      .exec(text)?.[1]
      ?.toLowerCase();
  return word !== undefined && text.length <= 40 ? { kind: 'truth', key: word } : undefined;
}

function readChoice(text: string): NormalAnswer | undefined {
  const letter = /^(?:(?:the )?(?:option|choice|letter|answer)\s+)?\(?([A-Za-z])\)?(?:[).:]\s.{0,80})?$/i.exec(
    text,
  )?.[1];
  return letter === undefined ? undefined : { kind: 'choice', key: letter.toLowerCase() };
}

function readJson(text: string): NormalAnswer | undefined {
  if (!/^[{[]/.test(text)) return undefined;
  try {
    return { kind: 'json', key: canonical(JSON.parse(text)) };
  } catch {
    return undefined;
  }
}

/** JSON with sorted keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}

/** Characters. Every item of a list is read like an answer; a longer text is taken as text. */
const longestList = 4_000;

/** Items between commas or on lines of their own, in their order. */
function readList(text: string): NormalAnswer | undefined {
  if (text.length > longestList) return undefined;
  const items = text
    .split(/\n+|,(?!(?<=\d,)\d{3}(?!\d))\s*(?:and\s+)?|(?<!\s)\s+and\s+/)
    .map((item) => item.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, '').trim())
    .filter((item) => item !== '');
  if (items.length < 2 || items.some((item) => item.split(/\s+/).length > 4)) return undefined;
  // `between 10 and 12`, `12 and over`, `13, not 12`
  if (
    /^between\b/i.test(text) ||
    items.some((item, at) => at > 0 && /^(?:not\b|(?:over|above|under|below|up|older|younger)$)/i.test(item))
  )
    return undefined;
  const keys = items.map((item) => (/[,\n]/.test(item) ? plainText(item) : showAnswer(normalise(item))));
  return { kind: 'list', key: keys.join(', ') };
}
