import { z } from 'zod';
import { abstain, defineCheck, fail, pass, type Repair } from './check.ts';
import { type Equation, equationsOf } from './equations.ts';
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
      const equations = equationsOf(line.text);
      for (const [index, equation] of equations.entries()) {
        if (equation.verdict === 'fail') {
          const detail = `${equation.left} is not ${equation.right}`;
          const repair = repairOf(line.text, equations.slice(0, index + 1));
          return fail(detail, {
            line: line.number,
            wrong: equation.right,
            ...(repair === undefined ? {} : { repair }),
          });
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

/** The last of these equations with its exact value; its result is the line's that many-th of that number. */
function repairOf(line: string, equations: readonly Equation[]): Repair | undefined {
  const failed = equations.at(-1);
  if (failed?.exact === undefined) return undefined;
  const count = equations.filter((one) => one.right === failed.right).length;
  const results = [...line.matchAll(/=\s*[$€£¥]?(-?\d+(?:\.\d+)?)/g)].filter(([, result]) => result === failed.right);
  const place = results[count - 1];
  return place && { at: place.index + place[0].length - failed.right.length, text: failed.exact };
}
