import type { QuestionKind } from '../question.ts';

const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

export const weekday: QuestionKind = {
  name: 'weekday',
  share: 164,
  make(random) {
    const start = random.integer(0, 6);
    const ahead = random.integer(2, 39);
    const question = random.pick([
      `If today is ${days[start]}, which day is it ${ahead} days from now?`,
      `What day of the week is ${ahead} days after ${days[start]}?`,
      `Today is ${days[start]}. What day will it be in ${ahead} days?`,
    ]);
    return { question, answer: days[(start + ahead) % 7] ?? '' };
  },
};
