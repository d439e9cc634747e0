import type { AnsweredRow } from '../answered-row.ts';
import type { Discordance, Estimate } from '../statistics.ts';
import { difference } from '../summary.ts';
import { statesExpression } from './zero-thought.ts';

/** Without checks, compared with all of them. */
const bareArm = 'high:checks=none';
const checkedArm = 'high';
export const controlArms: readonly string[] = [bareArm, checkedArm];

type ControlLift = {
  questions: string;
  n: number;
  bare: number;
  checked: number;
  lift: Estimate & Discordance;
};

/** The effect of all checks together on the control, for questions that state their operation and for the others. */
export function controlLift(rows: readonly AnsweredRow[]): ControlLift[] {
  const groups = [
    { questions: 'do not state their operation', own: rows.filter(({ question }) => !statesExpression(question)) },
    { questions: 'state their operation', own: rows.filter(({ question }) => statesExpression(question)) },
  ];
  return groups.flatMap(({ questions, own }) => {
    const [bare, checked] = [bareArm, checkedArm].map((arm) => own.filter((row) => row.arm === arm));
    const lift = bare === undefined || checked === undefined ? undefined : difference(bare, checked);
    if (bare === undefined || checked === undefined || lift === undefined) return [];
    const right = (some: readonly AnsweredRow[]) => some.filter((row) => row.right).length;
    return [{ questions, n: checked.length, bare: right(bare), checked: right(checked), lift }];
  });
}
