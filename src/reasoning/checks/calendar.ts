import { conclusionOf } from '../answer-value.ts';
import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';

const days = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ');
const months = 'january february march april may june july august september october november december'.split(' ');
const chain = /([A-Za-z]+(?:\s*(?:->|→|>)\s*[A-Za-z]+)+)/;

/** Where `3:75` is none. */
const noTime = /\b(ratio|proportion|odds|scale|score)/i;

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
    let last: string | undefined;
    for (const { number, text } of lines) {
      const found = chain.exec(text);
      const steps = found?.[1]?.split(/\s*(?:->|→|>)\s*/) ?? [];
      const cycle = [days, months].find((names) => steps.every((step) => names.includes(step.toLowerCase())));
      if (found !== null && steps.length > 1 && cycle !== undefined) {
        const back = /\b(back|before|earlier)/i.test(text) ? -1 : 1;
        const places = steps.map((step) => cycle.indexOf(step.toLowerCase()));
        const broken = places.findIndex(
          (place, index) => index > 0 && place !== ((places[index - 1] ?? 0) + back + cycle.length) % cycle.length,
        );
        const said = /\b(?:counting|count|go|going|add|adding) (\d+)\b/i.exec(text)?.[1];
        const goesOn = last !== undefined && steps[0]?.toLowerCase() === last.toLowerCase();
        last = steps.at(-1);
        const wholly = () => {
          const from = places[0] ?? 0;
          const count = said === undefined ? steps.length - 1 : Number(said);
          if (count > mostSteps) return undefined;
          const names = Array.from(
            { length: count + 1 },
            (_, step) => cycle.at((from + back * step) % cycle.length) ?? '',
          );
          return { at: found.index, text: names.map(capitalised).join(' -> ') };
        };
        if (broken > 0)
          yield wrong(number, steps[broken] ?? '', `${steps[broken]} does not follow ${steps[broken - 1]}`, wholly());
        else if (said !== undefined && Number(said) !== steps.length - 1) {
          yield wrong(number, last ?? '', `these are ${steps.length - 1} steps, not ${said}`, wholly());
        } else if (cycle === days && start !== undefined && !goesOn && steps[0]?.toLowerCase() !== start) {
          const begin = { at: found.index, text: capitalised(start) };
          yield wrong(number, steps[0] ?? '', `the question begins at ${start}`, begin);
        } else yield right(number);
      }
      const concluded = conclusionOf(text);
      if (concluded === undefined) continue;
      const ofSteps = [days, months].find((names) => names.includes(last?.toLowerCase() ?? ''));
      if (
        last !== undefined &&
        ofSteps?.includes(concluded.toLowerCase()) &&
        concluded.toLowerCase() !== last.toLowerCase()
      ) {
        yield wrong(number, concluded, `the steps end at ${last}`, inPlaceOf(concluded, text, last));
      }
      const time = /^(\d{1,2}):(\d{2})(?:\s*[ap]\.?m\.?)?$/i.exec(concluded);
      if (time !== null && !noTime.test(question)) {
        const there = Number(time[1]) <= 24 && Number(time[2]) < 60;
        yield there
          ? right(number)
          : wrong(number, concluded, 'there is no such time of day', inPlaceOf(concluded, text, carried(time)));
      }
    }
  },
});

/** Sixty minutes and more are hours; undefined where the hours would go beyond the clock's. */
function carried([, hours, minutes]: RegExpExecArray): string | undefined {
  const hour = Number(hours) + Math.floor(Number(minutes) / 60);
  const clock = Number(hours) > 12 ? 23 : 12;
  return hour > clock ? undefined : `${hour}:${String(Number(minutes) % 60).padStart(2, '0')}`;
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
