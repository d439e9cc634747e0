import type { QuestionKind } from '../question.ts';

export const clock: QuestionKind = {
  name: 'clock',
  share: 140,
  make(random) {
    const start = random.integer(1, 12) * 60 + random.integer(0, 11) * 5;
    const hours = random.pick([0, 1, 1, 2, 3, 4]);
    const minutes = random.integer(1, 11) * 5;
    const hoursText = hours === 0 ? '' : `${hours} hour${hours === 1 ? '' : 's'} and `;
    const span = `${hoursText}${minutes} minutes`;
    const question = random.pick([
      `It is ${onTheClock(start)}. What time will it be in ${span}?`,
      `What time is ${span} after ${onTheClock(start)}?`,
      `A film starts at ${onTheClock(start)} and lasts ${span}. When does it end?`,
    ]);
    return { question, answer: onTheClock(start + hours * 60 + minutes) };
  },
};

/** Minutes since midnight as a time on a twelve-hour clock, without am and pm. */
function onTheClock(minutes: number): string {
  const hour = ((Math.floor(minutes / 60) + 11) % 12) + 1;
  return `${hour}:${String(minutes % 60).padStart(2, '0')}`;
}
