import { type EvaluateCall, wholeOf } from './call-arguments.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months: readonly (readonly [name: string, days: number])[] = [
  ['January', 31],
  ['February', 28],
  ['March', 31],
  ['April', 30],
  ['May', 31],
  ['June', 30],
  ['July', 31],
  ['August', 31],
  ['September', 30],
  ['October', 31],
  ['November', 30],
  ['December', 31],
];

export const monthNames: readonly string[] = months.map(([name]) => name);

const withDays =
  (evaluate: (text: string, days: bigint) => string | undefined): EvaluateCall =>
  ([only, ...others]) => {
    if (only?.kind !== 'sum' || only.added.kind !== 'number' || others.length > 0) return undefined;
    const added = wholeOf(only.added.value);
    return added === undefined ? undefined : evaluate(only.text, added);
  };

/** The position `steps` after `from` in a cycle of `size` positions. */
function around(from: number, steps: bigint, size: number): number {
  return (from + Number(steps % BigInt(size)) + size) % size;
}

export const day = withDays((name, added) => {
  const from = days.findIndex((each) => each.toLowerCase() === name.toLowerCase());
  return from < 0 ? undefined : days[around(from, added, days.length)];
});

/** In a year of 365 days. */
export const date = withDays((text, added) => {
  const [, name, dayOfMonth] = /^(\p{L}+) ([1-9]\d?)$/u.exec(text) ?? [];
  const month = months.findIndex((each) => each[0].toLowerCase() === name?.toLowerCase());
  if (month < 0 || Number(dayOfMonth) > (months[month]?.[1] ?? 0)) return undefined;
  const before = months.slice(0, month).reduce((sum, each) => sum + each[1], 0);
  let rest = around(before + Number(dayOfMonth) - 1, added, 365);
  for (const [found, length] of months) {
    if (rest < length) return `${found} ${rest + 1}`;
    rest -= length;
  }
  return undefined;
});

/** On the clock of the first hour: a 12-hour clock for 1 to 12, a 24-hour clock for 0 and above 12. */
export const time: EvaluateCall = ([only, ...others]) => {
  if (only?.kind !== 'sum' || only.added.kind !== 'text' || others.length > 0) return undefined;
  const [from, added] = [minutesOf(only.text), minutesOf(only.added.text)];
  if (from === undefined || added === undefined || from >= 24 * 60) return undefined;
  const twelveHours = from >= 60 && from < 13 * 60;
  const minutes = (from + added) % ((twelveHours ? 12 : 24) * 60);
  const hour = Math.floor(minutes / 60);
  return `${twelveHours && hour === 0 ? 12 : hour}:${String(minutes % 60).padStart(2, '0')}`;
};

function minutesOf(text: string): number | undefined {
  const [, hours, minutes] = /^(\d{1,3}):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}
