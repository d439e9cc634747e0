import { Equal, Split } from 'lucide-react';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import type { Choice } from '../../run/effort.ts';
import { effortStrings } from '../../run/effort-control.strings.ts';
import { columnNames } from './columns.ts';
import styles from './compare.module.css';
import { allAgree, type Outcome } from './difference.ts';
import { strings } from './strings.ts';

/** The differences in answer and cost, in one line. */
export function DifferenceLine({ outcomes, columns }: { outcomes: readonly Outcome[]; columns: readonly Choice[] }) {
  const words = useStrings(strings);
  const efforts = useStrings(effortStrings).efforts;
  const format = useFormat();
  const agree = allAgree(outcomes);
  const first = outcomes[0];
  const last = outcomes.at(-1);
  if (first === undefined || last === undefined) return null;
  const Icon = agree ? Equal : Split;
  const names = columnNames(columns, efforts);
  const name = (index: number) => names[index] ?? '';
  const moreTokens = last.outputTokens - first.outputTokens;
  const moreMs = last.workMs === undefined || first.workMs === undefined ? undefined : last.workMs - first.workMs;
  return (
    <p className={styles.difference} role="status" data-agree={agree}>
      <Icon aria-hidden="true" />
      <span>
        {agree
          ? words.same(first.answer)
          : outcomes.map(({ answer }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: one per column
              <span key={index}>
                {index > 0 && ' · '}
                {name(index)}: <strong>{answer || words.nothing}</strong>
              </span>
            ))}
        {'. '}
        <span className={styles.cost}>
          {words.cost(
            name(outcomes.length - 1),
            name(0),
            signed(moreTokens),
            moreMs === undefined ? undefined : signedTime(moreMs),
          )}
        </span>
      </span>
    </p>
  );

  /** What is told as nothing has no sign. */
  function signedTime(ms: number): string {
    const time = format.duration(Math.abs(ms));
    return time === format.duration(0) ? time : `${ms < 0 ? '−' : '+'}${time}`;
  }

  function signed(value: number): string {
    return `${value < 0 ? '−' : '+'}${format.number(Math.abs(value))}`;
  }
}
