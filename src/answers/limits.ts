import { asksForLeast, asksForMost, asksWhatIsNot } from './question.ts';

/** How a text limits a number, as the limited number is shown: `more than 12`. `other` stands for its own words. */
type Relation = 'not' | 'at least' | 'at most' | 'more than' | 'less than' | 'other';

/** `not-done` is the `not` of `does not have 12`. */
export type Limit = Relation | 'not-done';

const up =
  '(?:more|greater|larger|bigger|higher|taller|longer|older|later|further|farther|heavier|faster|above|over|up(?:wards?)?)';
const down =
  '(?:less|fewer|smaller|lower|shorter|younger|earlier|nearer|closer|lighter|slower|cheaper|below|under|down)';
const raw = String.raw;
const no = raw`(?:\b(?:no|not)|n['’]t)(?: \p{L}+){0,2}`;
/** Verbs of `adds up to 12`, which is 12, and of `turns over 12 cards`. */
const addsUp = raw`(?:add|sum|total|com|cam|round|br|go|went|ris|rose|count|get|got|mak|mad|work|climb|jump|mov)\p{L}*(?: [\p{L}'’]+){0,3}`;
const turns = raw`(?:turn|hand|carr|flip|roll|left)\p{L}*`;
const auxiliary = '(?:do|does|did|has|have|had|can|could|will|would|shall|should|must|may|might|need)';
const opinion = '(?:think|believe|suppose|expect|sure|certain|convinced|true|correct|possible|likely)';
/** What is said behind it is no longer denied: `those who do not play are 12`, `he did not pay, so 12`. */
const going = raw`(?!(?:so|and|but|because|then|thus)\b)[\p{L}'’-]+`;
const object = raw`(?!(?:is|are|was|were|equals?|totals?|makes?|gives?|or|if|which|that|who|when|where|while|since|as)\b)${going}`;

/** May stand between the words and the number. */
const roughly =
  '(?: (?:about|around|approximately|roughly|nearly|almost|exactly|the|an?|another|some|even|be|equal to))*';
const opened = raw`[\s"'“‘(*]*(?:\\[([]\s*|\\?\$)?`;

function words(limit: string): RegExp {
  return new RegExp(`(?:${limit})${roughly}${opened}$`, 'iu');
}

function sign(limit: string): RegExp {
  return new RegExp(raw`(?<left>(?<!\p{L})(?:\p{L}|[^\s\p{L}]\S*) ?)?(?:${limit})${opened}$`, 'u');
}

/** What stands before a limited number; the first that fits counts. */
const before: ReadonlyArray<readonly [Limit, RegExp]> = [
  ['at least', words(raw`${no} ${down} than|\b${up} than or equal to|\bat (?:the )?(?:very )?least|\bminimum(?: of)?`)],
  ['at most', words(raw`${no} (?:${up} than|exceed)|\b${down} than or equal to|\bat (?:the )?(?:very )?most`)],
  ['at most', words(raw`\bmaximum(?: of)?|(?<!\b${addsUp} )\bup to|\bwithin`)],
  ['at least', sign(raw`≥|⩾|>=|\\geq?(?:slant)?(?![A-Za-z])`)],
  ['at most', sign(raw`≤|⩽|<=|\\leq?(?:slant)?(?![A-Za-z])`)],
  ['more than', words(raw`\b(?:${up} than|above|beyond|exceed\p{L}*)|(?<!\b${turns} )\bover`)],
  ['less than', words(raw`\b(?:${down} than|under|below)`)],
  // Neither an arrow nor a tag: `=> 12`, `<b>12`.
  ['more than', sign(raw`(?<![-=>]|</?[A-Za-z][^<>]{0,40})>|\\gt(?![A-Za-z])`)],
  ['less than', sign(raw`(?<![-=<])<|\\lt(?![A-Za-z])`)],
  ['not', words(raw`\b(?:rather|other) than|\binstead of|\bnone of`)],
  ['other', words(raw`\b\p{L}{2,}er than|\bbetween(?: [^,;]{0,20}\d[^,;]{0,20} and)?`)],
  ['not', words(raw`\b(?:not|never|neither|nor|cannot)|n['’]t`)],
  ['not', sign(raw`≠|!=|\\neq?(?![A-Za-z])`)],
  ['not', words(raw`(?:\bnot|n['’]t) ${opinion}(?: ${going}){0,6}`)],
  ['not-done', words(raw`(?:\b${auxiliary}(?: not|n['’]t)|\b(?:cannot|can['’]t|won['’]t|never))(?: ${object}){1,3}`)],
];

/** `12 apples or more`, `12 at most`. Not `12, more or less`, nor `5, at least 3 of them red`. */
function behind(limit: string): RegExp {
  const ends = raw`\b(?! (?:than|to|likely)\b|\s+\S{0,3}\d)`;
  return new RegExp(raw`^(?: [\p{L}%°$€£¥-]+){0,2}[ ,(]+(?:${limit})${ends}`, 'iu');
}

const after: ReadonlyArray<readonly [Limit, RegExp]> = [
  ['at least', behind(raw`(?<!more |less )or ${up}|and (?:above|over|up|older)|at (?:the )?(?:very )?least`)],
  ['at most', behind(raw`(?<!more |less )or ${down}|and (?:below|under|younger)|at (?:the )?(?:very )?most`)],
  ['at least', /^(?: \p{L}+)?[ (]+minimum(?=\W*$|[,.;)])/iu],
  ['at most', /^(?: \p{L}+)?[ (]+(?:max(?:imum)?|tops)(?=\W*$|[,.;)])/iu],
];

/** Words that lead from an answer to what it is compared with: `13, not 12`, `12, which is less than 20`. */
const besides = /[,(;–—]\s*(?:(?:and|but)\s+)?(?:(?:which|that)\s+(?:is|are|was|were)\s*)?$/i;

/** How what stands behind a number limits it. */
export function limitBehind(rest: string): Limit | undefined {
  return after.find(([, pattern]) => pattern.test(rest.slice(0, 40)))?.[0];
}

/**
 * How a number in a line is limited; undefined where it is said to be the value, also roughly (`about 12`). `relation` is how the
 * number is shown with it, undefined for the side of an inequality. `aside` is true where the line says it beside its answer
 * (`13, not 12`). English and signs only.
 */
export function limitAt(
  line: string,
  at: number,
  end: number,
): { limit: Limit; relation: string | undefined; aside: boolean } | undefined {
  const head = line.slice(Math.max(0, at - 80), at).replace(/\s+/g, ' ');
  for (const [limit, pattern] of before) {
    const found = pattern.exec(head);
    if (found === null) continue;
    const aside = /^(?:rather|instead)/i.test(found[0]) || besides.test(head.slice(0, found.index));
    const written = limit === 'other' ? found[0].trim().toLowerCase() : shown(limit);
    return { limit, relation: found.groups?.['left'] === undefined ? written : undefined, aside };
  }
  // What was read as its unit may have begun with it: `12 hours at`.
  const digits = line.slice(at, end).search(/\d\D*$/);
  const limit = limitBehind(line.slice(digits < 0 ? end : at + digits + 1, end + 40));
  return limit === undefined ? undefined : { limit, relation: shown(limit), aside: false };
}

function shown(limit: Limit): string {
  return limit === 'not-done' ? 'not' : limit;
}

/** It is the first number of `between 10 and 12`. */
export function beginsRange(line: string, at: number, end: number): boolean {
  const rest = line.slice(end, end + 30);
  return (
    /\bbetween (?:about )?$/i.test(line.slice(Math.max(0, at - 20), at)) && /^[^,;]{0,20} and \S{0,3}\d/.test(rest)
  );
}

/**
 * True where a limited number is the value all the same. What is not 12, or more or less than it, is another answer than 12. But
 * the least that is needed is what `at least 12` says of it, and the most that is possible is what `at most 12` says: asked for
 * either, by its name or as what one needs or can have, both mean 12. A question for what was not done may be answered by
 * `She did not sell 12.`
 */
export function isMeant(limit: Limit, question: string): boolean {
  if (limit === 'at least') return asksForLeast(question);
  if (limit === 'at most') return asksForMost(question);
  return limit === 'not-done' && asksWhatIsNot(question);
}

/** A number in a text is not limited, or meant as the value all the same. */
export function isGiven(text: string, at: number, end: number, question: string): boolean {
  const found = limitAt(text, at, end);
  return found === undefined || isMeant(found.limit, question);
}
