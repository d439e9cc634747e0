import { conclusionOf } from '../answer-value.ts';
import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';

const days = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ');
const months = 'january february march april may june july august september october november december'.split(' ');
const chain = /([A-Za-z]+(?:\s*(?:->|→|>)\s*[A-Za-z]+)+)/;

/** Where `3:75` is none. */
const noTime =
  /\b(ratio|proportion|odds|scale|scores?|points|verses?|chapter|psalms?|simplif\w+|aspect|mix|mixture|dilut\w+)\b/i;
const asksForTime = /\b(?:what time|when)\b/i;
const backward = /\b(back(?:wards?)?|before|earlier|ago)\b/i;
const forward = /\b(forwards?|ahead|later|after|from now)\b/i;
const countOf = /\b(?:counting|count|go|going|add|adding) (\d+)\b(?![.,:/]\d)(?: +(?:more )?([a-z]+))?/i;
/** Counts that leave days out, or count the first one in. */
const counted =
  /\b(business|work(?:ing|s)?|school|week ?days?|weekends?|includ\w+|inclusive\w*|every|each|except|skip\w*)\b/i;
const ofCalendar = /^(days?|weeks?|fortnights?|months?|quarters?|years?|hours?|minutes?)$/i;
const isNow = new RegExp(`\\b(?:is|be|was) (?:a )?(${days.join('|')})\\b`, 'gi');
/** The question goes on from another day than the one it names. */
const moves = /\b(tomorrow|yesterday|the day (?:before|after)|next day|previous day)\b/i;

/** A line that counts further is not written out. */
const mostSteps = 31;

/** Days and months that follow one another, as many steps as the line says, and times of day that there are. */
export const calendar = defineLineCheck({
  name: 'calendar',
  description:
    'Days or months in a row follow one another, in as many steps as the line counts, and times of day exist.',
  *statements({ lines, question }) {
    const named = days.filter((day) => new RegExp(`\\b${day}\\b`, 'i').test(question));
    const start = named.length === 1 ? named[0] : undefined;
    /** Where the last count ended, and the line it is in. */
    let last: { name: string; index: number } | undefined;
    const begun = new Set<string>();
    for (const [index, { number, text }] of lines.entries()) {
      for (const [, name = ''] of text.matchAll(isNow)) begun.add(name.toLowerCase());
      const found = readChain(text);
      if (found !== undefined) {
        const { names, cycle, at } = found;
        const said = countOf.exec(text);
        const count = said?.[1] === undefined ? undefined : Number(said[1]);
        const judged = judgeSteps(found, text);
        const isBack = judged?.direction === -1;
        const first = names[0] ?? '';
        const goesOn = last?.name.toLowerCase() === first.toLowerCase();
        const isOdd = counted.test(text) || counted.test(question);
        last = judged !== undefined && count !== undefined && !isOdd ? { name: names.at(-1) ?? '', index } : undefined;
        const wholly = () => {
          const from = cycle.indexOf(first.toLowerCase());
          const steps = count ?? names.length - 1;
          if (steps > mostSteps) return undefined;
          const whole = Array.from(
            { length: steps + 1 },
            (_, step) => cycle.at((from + (isBack ? -1 : 1) * step) % cycle.length) ?? '',
          );
          return { at, text: whole.map(capitalised).join(' -> ') };
        };
        if (judged === undefined || isOdd) {
          // In doubt, nothing is said of it.
        } else if (judged.broken !== undefined) {
          const { broken } = judged;
          const detail = `${names[broken]} does not follow ${names[broken - 1]}`;
          yield wrong(number, names[broken] ?? '', detail, wholly());
        } else if (judged.isShort) {
          const steps = names.length - 1;
          const detail = `${steps === 1 ? 'this is 1 step' : `these are ${steps} steps`}, not ${count}`;
          yield wrong(number, names.at(-1) ?? '', detail, wholly());
        } else if (
          cycle === days &&
          start !== undefined &&
          count !== undefined &&
          first.toLowerCase() !== start &&
          !goesOn &&
          !begun.has(first.toLowerCase()) &&
          !moves.test(question)
        ) {
          yield wrong(number, first, `the question begins at ${start}`, { at, text: capitalised(start) });
        } else yield right(number);
      }
      const concluded = conclusionOf(text);
      if (concluded === undefined) continue;
      const ofSteps = [days, months].find((names) => names.includes(last?.name.toLowerCase() ?? ''));
      if (
        last !== undefined &&
        ofSteps?.includes(concluded.toLowerCase()) &&
        concluded.toLowerCase() !== last.name.toLowerCase() &&
        !moves.test(question) &&
        // A line between may go on from there.
        !lines.slice(last.index + 1, index).some((line) => line.text.toLowerCase().includes(concluded.toLowerCase()))
      ) {
        yield wrong(number, concluded, `the steps end at ${last.name}`, inPlaceOf(concluded, text, last.name));
      }
      const time = /^(\d{1,2}):(\d{2})(?:\s*[ap]\.?m\.?)?$/i.exec(concluded);
      if (time !== null && !noTime.test(question)) {
        const isClock = Number(time[1]) <= 24;
        // `72:30` may be hours or minutes that something took.
        if (!isClock && !asksForTime.test(question)) continue;
        yield isClock && Number(time[2]) < 60
          ? right(number)
          : wrong(number, concluded, 'there is no such time of day', inPlaceOf(concluded, text, carried(time)));
      }
    }
  },
});

type Chain = { names: string[]; cycle: readonly string[]; at: number };

/** Days or months with arrows between them; undefined where the line has more steps than these, in another form. */
function readChain(text: string): Chain | undefined {
  const found = chain.exec(text);
  if (found === null) return undefined;
  const names = found[0].split(/\s*(?:->|→|>)\s*/);
  const cycle = [days, months].find((all) => names.every((name) => all.includes(name.toLowerCase())));
  const before = text.slice(0, found.index);
  const behind = text.slice(found.index + found[0].length);
  const isPart =
    /(?:,|\band|->|→|>|…|\.\.)\s*$/i.test(before) && cycle?.some((name) => before.toLowerCase().includes(name));
  if (cycle === undefined || isPart === true || /^\s*(?:->|→|>|…|\.\.|\(|and\b|,\s*[A-Z])/.test(behind))
    return undefined;
  return { names, cycle, at: found.index };
}

type Judged = { direction: 1 | -1; broken?: number; isShort: boolean };

/**
 * Steps of one, as many as are counted. Undefined where the steps may be others: `3 days later: Monday → Thursday`,
 * `January → April → July`.
 */
function judgeSteps({ names, cycle }: Chain, text: string): Judged | undefined {
  const places = names.map((name) => cycle.indexOf(name.toLowerCase()));
  const jumps = places.slice(1).map((place, index) => (place - (places[index] ?? 0) + cycle.length) % cycle.length);
  const all = (jump: number): boolean => jumps.every((one) => one === jump);
  const isBack = backward.test(text);
  const isForward = forward.test(text);
  const isSaid = isBack !== isForward;
  const direction = (isSaid ? isBack : all(cycle.length - 1)) ? -1 : 1;
  const one = direction === 1 ? 1 : cycle.length - 1;
  const others = jumps.flatMap((jump, index) => (jump === one ? [] : [index + 1]));
  const [, written, unit = ''] = countOf.exec(text) ?? [];
  if (written === undefined) {
    // One that is out of a long row is a slip; of a short one it is not known what it counts in.
    if (jumps.length - others.length < 3 || others.length > 1)
      return others.length === 0 ? { direction, isShort: false } : undefined;
    return { direction, isShort: false, ...(others[0] === undefined ? {} : { broken: others[0] }) };
  }
  const count = Number(written);
  if (ofCalendar.test(unit) && !new RegExp(cycle === days ? '^days?$' : '^months?$', 'i').test(unit)) return undefined;
  const total = (jumps.reduce((sum, jump) => sum + jump, 0) * direction) % cycle.length;
  const comesOut = (total - count) % cycle.length === 0;
  // Written step by step, each is judged; otherwise what it comes to.
  if (jumps.length !== count && comesOut && (others.length > 0 || ofCalendar.test(unit))) return undefined;
  return { direction, isShort: jumps.length !== count, ...(others[0] === undefined ? {} : { broken: others[0] }) };
}

/** Sixty minutes and more are hours; undefined where the hours would go beyond the clock's. */
function carried([, hours, minutes]: RegExpExecArray): string | undefined {
  const hour = Number(hours) + Math.floor(Number(minutes) / 60);
  const clock = Number(hours) > 12 ? 23 : 12;
  return hour > clock ? undefined : `${hour}:${String(Number(minutes) % 60).padStart(2, '0')}`;
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
