import { z } from 'zod';
import { abstain, defineCheck, fail, pass } from './check.ts';
import { equationsOf } from './equations.ts';
import { standingLines } from './thought-lines.ts';

/** Every whole expression around an equals sign in thought and answer, evaluated exactly. */
export const arithmetic = defineCheck({
  name: 'arithmetic',
  description:
    'Re-evaluates every equation of the thought and the answer exactly; rounding, remainders and unit conversions abstain.',
  judges: 'line',
  options: z.looseObject({}),
  run({ thought, answer }) {
    const held: number[] = [];
    for (const line of standingLines(thought)) {
      for (const equation of equationsOf(line.text)) {
        if (equation.verdict === 'fail') {
          const detail = `${equation.left} is not ${equation.right}`;
          return fail(detail, { line: line.number, wrong: equation.right });
        }
        if (equation.verdict === 'pass') held.push(line.number);
      }
    }
    for (const line of standingLines(answer)) {
      const wrong = equationsOf(line.text).find((equation) => equation.verdict === 'fail');
      if (wrong !== undefined)
        return fail(`the answer says that ${wrong.left} is ${wrong.right}`, { wrong: wrong.right });
    }
    return held.length === 0 ? abstain('no equation to judge') : pass(`${held.length} equations hold`, { held });
  },
});
