import { publishedArms } from '../figures/sections.ts';
import { percent, table } from '../markdown-report.ts';
import type { Report } from '../report-file.ts';

/** Right answers and tokens of two sets of reports, compared by set and effort. */
export function sideBySide(options: { before: readonly Report[]; after: readonly Report[]; model: string }): string {
  const { before, after, model } = options;
  const rows = after
    .filter((report) => report.model === model)
    .flatMap((report) => {
      const earlier = before.find(({ set, model: of }) => set === report.set && of === model);
      return publishedArms.flatMap((name) => {
        const [was, is] = [earlier, report].map((one) => one?.arms.find(({ arm }) => arm === name));
        if (is === undefined) return [];
        const right = (one: typeof is | undefined) =>
          one === undefined ? '' : `${percent(one.accuracy.value)} % of ${one.questions}`;
        const gained = was === undefined ? '' : `${(100 * (is.accuracy.value - was.accuracy.value)).toFixed(1)}`;
        return [
          [
            report.set,
            name,
            right(was),
            right(is),
            gained,
            was?.outputTokens.toFixed(0) ?? '',
            is.outputTokens.toFixed(0),
          ],
        ];
      });
    });
  return table(['set', 'effort', 'right before', 'right after', 'points', 'tokens before', 'tokens after'], rows);
}
