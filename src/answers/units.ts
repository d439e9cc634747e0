import { exactValue } from '../evaluator/exact-arithmetic.ts';
import { currencies } from './notation.ts';

type Dimension = 'time' | 'length' | 'mass' | 'volume' | 'money';
type Measures = Readonly<Record<string, readonly [factor: number, ...names: string[]]>>;

/** Units that convert exactly into one another: how many of the first each holds, then its other names. */
const measures: ReadonlyArray<readonly [Dimension, Measures]> = [
  [
    'time',
    {
      ms: [1, 'msec', 'millisecond'],
      second: [1000, 's', 'sec'],
      minute: [60_000, 'min'],
      hour: [3_600_000, 'h', 'hr'],
      day: [86_400_000],
      week: [604_800_000, 'wk'],
    },
  ],
  ['time', { month: [1, 'mo'], year: [12, 'yr'], decade: [120], century: [1200] }],
  [
    'length',
    {
      mm: [10, 'millimeter', 'millimetre'],
      cm: [100, 'centimeter', 'centimetre'],
      inch: [254, 'in', 'inche'],
      foot: [3048, 'ft', 'feet'],
      yard: [9144, 'yd'],
      m: [10_000, 'meter', 'metre'],
      km: [10_000_000, 'kilometer', 'kilometre'],
      mile: [16_093_440, 'mi'],
    },
  ],
  ['mass', { mg: [1, 'milligram'], g: [1000, 'gram', 'gramme'], kg: [1_000_000, 'kilogram', 'kilo'] }],
  ['mass', { ounce: [1, 'oz'], pound: [16, 'lb', 'gbp'] }],
  [
    'volume',
    { ml: [1, 'milliliter', 'millilitre'], cl: [10, 'centiliter', 'centilitre'], l: [1000, 'liter', 'litre'] },
  ],
  ['volume', { cup: [1], pint: [2, 'pt'], quart: [4, 'qt'], gallon: [16, 'gal'] }],
  ['money', { cent: [1, '¢'], dollar: [100, 'usd', 'us dollar'] }],
  ['money', { euro: [1, 'eur'] }],
  ['money', { yen: [1, 'jpy'] }],
];
/** Measures that convert into none of those exactly, or differently from country to country. */
const otherMeasures =
  'c|fortnights?|centuries|pence|penny|pennies|nickels?|dimes?|quarters?|rupees?|paise|shillings?|stone|tons?|tonnes?|tsp|tbsp|teaspoons?|tablespoons?|degrees?|dozens?|pairs?|tens|hundreds?|thousands?';
/** Between one measure and a larger one that it is often converted to. */
export const conversionFactors: readonly number[] = [3, 7, 12, 16, 24, 30, 36, 52, 60, 100, 365, 1000, 1440, 3600];

const money = new Set(['cent', ...currencies.values()]);
const known = new Map(
  measures.flatMap(([dimension, units], kind) =>
    Object.entries(units).flatMap(([unit, [factor, ...names]]) =>
      [unit, ...names].map((name) => [name, { unit, dimension, kind, factor }] as const),
    ),
  ),
);
const wholeNames = new Map([
  ['mph', 'mile per hour'],
  ['kph', 'km per hour'],
  ['kmh', 'km per hour'],
  ['percent', '%'],
  ['per cent', '%'],
  ['°', 'degree'],
  ['celsius', 'degree celsius'],
  ['fahrenheit', 'degree fahrenheit'],
]);

/** Words behind a number that are not of its unit, and all after them: `12 left`, `12 apples are left`, `5 feet tall`. */
const notUnit =
  /(?:^|\s)(?:left|remaining|remain|remains|total|altogether|overall|in|on|at|from|to|for|with|by|when|if|now|today|only|is|are|was|were|be|has|have|will|can|because|since|so|that|which|who|as|than|times|long|tall|high|wide|deep|old|away|apart|each|of|the)(?:\s|$).*$/;
/** What may follow a unit and leaves it the same where only one writing has it. */
const added = /^ (?:of|ago|later|earlier|before|after|early|late|celsius|fahrenheit)\b/;

/** Symbols whose case tells them apart: `mW` and `MW`, `Mb` and `MB`. */
const casedSymbol = /^(?:[mM](?:W|Hz|Pa|J|V|A|N|C|F|Ω|eV)h?|[kKMGT]i?[bB])$/;

/** One name for all of a unit's: `kilograms` and `kg`, `m²` and `square metres`, `km/h` and `kilometres per hour`; undefined for no unit. */
export function unitName(written: string): string | undefined {
  if (casedSymbol.test(written)) return written;
  const text = written.toLowerCase().replace(/\.$/, '').replace(/\s+/g, ' ').trim();
  const alone = known.get(text)?.unit ?? wholeNames.get(text);
  if (alone !== undefined) return alone;
  const [amount = '', ...per] = text
    .replace(/ (?:an?|each|every) (?=\p{L})/gu, ' per ')
    .split(/\s*\/\s*|(?:^|\s+)per\s+/);
  const ofPart = / of (?:the )?(\p{L}[\p{L} -]*)$/u.exec(amount);
  const parts = [named(ofPart === null ? amount : amount.slice(0, ofPart.index)), ...per.map(named)];
  const of = ofPart === null || parts[0] === '' ? '' : ` of ${named(ofPart[1] ?? '')}`;
  const unit = `${parts[0]}${of}${per.length === 0 ? '' : ` per ${parts.slice(1).join(' per ')}`}`.trim();
  return unit === '' ? undefined : (wholeNames.get(unit) ?? unit);
}

function named(text: string): string {
  const plain = text
    .replace(/^in (?=tall|long|wide|high|deep)/, 'inch ')
    .replace(notUnit, '')
    .trim();
  if (plain === '') return '';
  const degree = /^(?:°|deg|degrees?)\s*(c|f|celsius|fahrenheit|centigrade)?$/.exec(plain);
  if (degree !== null)
    return degree[1] === undefined ? 'degree' : degree[1].startsWith('f') ? 'degree fahrenheit' : 'degree celsius';
  const power = /^(?:(square|sq|cubic|cu)\.? )?(.+?)(?:\^?([23²³]))?$/.exec(plain);
  const raised = power?.[1] ?? power?.[3];
  const words = (power?.[2] ?? plain).split(' ').map(singular);
  const unit = words
    .map((word, at) => (words.length === 1 || at === 0 ? (known.get(word)?.unit ?? word) : word))
    .join(' ');
  if (raised === undefined) return unit;
  return `${/^[s2²]/.test(raised) ? 'square' : 'cubic'} ${unit}`;
}

/** No word of it is cut off as not the unit's. */
export function isPlainUnit(text: string): boolean {
  return !notUnit.test(text);
}

/** `mile` of `miles`, `inch` of `inches`; a word that isn't in the plural stays. */
export function singular(word: string): string {
  return word
    .replace(/ies$/, 'y')
    .replace(/(ss|x|ch|sh)es$/, '$1')
    .replace(/([^s])s$/, '$1');
}

/** What a unit measures; undefined for one that converts into no other (`apple`, `square m`). */
export function measureOf(unit: string): { kind: number; factor: number } | undefined {
  return known.get(unit);
}

/** A unit of measure, money, a percentage or a degree, alone or in a power or rate: it can't be a counted thing. */
export function isMeasure(unit: string): boolean {
  return unit
    .replace(/^(?:square|cubic) /, '')
    .split(' per ')
    .every((part) => known.has(part) || part === '%' || /^degree(?: |$)/.test(part));
}

/** What a unit is of, by any of its names; units of one dimension can't stand for one another. */
export function dimensionOf(unit: string): Dimension | undefined {
  return unit === 'ton' ? 'mass' : known.get(unit)?.dimension;
}

/** What may stand behind a number as its measure, singular and plural, as a regular expression. `in` is mostly the preposition. */
export const measurePattern = `(?:${[...known.keys()]
  .filter((name) => /^[a-z]+$/.test(name) && name !== 'in')
  .map((name) => (name.length === 1 ? name : `${name}(?:e?s)?`))
  .join('|')}|${otherMeasures})`;
/** Words by which a number stands for another one: `2 dozen`, `5 tens`, `1.5 million`, `2 pm`, `3 squared`. */
export const scalePattern =
  '(?:am|pm|ad|bce?|ce|below|zero|noon|midnight|night|morning|afternoon|evening|clock|dozens?|score|gross|pairs?|couples?|tens|hundreds?|thousands?|[mb]illions?|trillions?|(?:ten|hundred|thousand)ths?|half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|squared|cubed|factorial|percent|percentage|pct|per)';

/** `kJ`, `MHz`, `nm`: a case of its own each. */
const scientific =
  /^(?:[kMGTcdmµμnp]?(?:m|g|s|A|K|mol|Hz|N|Pa|J|W|C|V|F|Ω|eV|L|l|cal|B|bit|byte)|bar|atm|amu|u|°[CF]?|ohms?)$/;
const everyday = new RegExp(`^${measurePattern}$`, 'i');
const scale = new RegExp(`^${scalePattern}$`, 'i');

/** A measure as written behind a number, also one of physics or one that converts only roughly. */
export function isMeasureWord(word: string): boolean {
  return everyday.test(word) || scientific.test(word);
}

export function isScaleWord(word: string): boolean {
  return scale.test(word);
}

/** May be written right behind its number: `5km`, `3am`. */
export function isAttachedUnit(word: string): boolean {
  // `20KM` may be a side of a triangle.
  if (/^\p{Lu}{2,}$/u.test(word)) return /^(?:USD|EUR|GBP|AM|PM)$/.test(word);
  return isMeasureWord(word) || isScaleWord(word) || /^(?:in|mph|kmh)$/.test(word);
}

/** Each may be a unit or an unknown: `3 m`. */
export const letterUnits: ReadonlySet<string> = new Set(['m', 'g', 'l', 's', 'h', 'c', 'd']);

export function isLetterUnit(unit: string): boolean {
  return letterUnits.has(unit.charAt(0)) && /^.(?!\p{L})/u.test(unit);
}

export function isSameUnit(one: string, other: string): boolean {
  const [a, b] = [one, other].map((unit) => unit.replace(/ie$/, 'y'));
  if (a === undefined || b === undefined || a === b) return true;
  // In lower case alone, a symbol may stand for either.
  if (a.toLowerCase() === b.toLowerCase()) return [a, b].some((unit) => unit === unit.toLowerCase());
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  const rest = long.startsWith(`${short} `) ? long.slice(short.length) : '';
  if (added.test(rest)) return true;
  if (isMeasure(short) && !money.has(short)) return false;
  // `12 red apples` are apples; `12 dollars per day` are dollars, but 60 miles per hour are no miles.
  const isAdjective = long.endsWith(` ${short}`) && !/ (?:per|of) |\b(?:fewer|less)\b/.test(long);
  return isAdjective || rest.startsWith(' per ');
}

/** An amount in the smallest unit of its kind, where both units are of one: 2 hours are 120 minutes. */
export function isSameAmount(a: { key: string; unit: string }, b: { key: string; unit: string }): boolean {
  const [one, other] = [measureOf(a.unit), measureOf(b.unit)];
  if (one === undefined || other === undefined || one.kind !== other.kind) return false;
  const inSmallest = (key: string, factor: number) => exactValue(`(${key})*${factor}`)?.toFraction();
  const amount = inSmallest(a.key, one.factor);
  return amount !== undefined && amount === inSmallest(b.key, other.factor);
}
