import { scaleLinear } from 'd3-scale';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { strings } from './strings.ts';
import styles from './timeline.module.css';
import type { Timeline } from './timeline-layout.ts';

/** A budget that is far above what was spent would press the curve flat: then only its number is told. */
const farAbove = 2.5;

/** Tokens so far over the timeline's own axis, with the thinking budget as a line. */
export function TokenCurve({ layout, budget, span }: { layout: Timeline; budget: number; span: number }) {
  const words = useStrings(strings);
  const format = useFormat();
  const shown = budget > 0 && budget <= layout.tokens * farAbove;
  const top = Math.max(1, layout.tokens, shown ? budget : 0) * 1.08;
  const x = scaleLinear([0, span], [0, 1000]);
  const y = scaleLinear([0, top], [100, 0]);
  const corners = layout.spent.map(({ at, tokens }) => `${x(at).toFixed(1)},${y(tokens).toFixed(2)}`);
  return (
    <div className={styles.curve} data-name={words.cumulative}>
      <svg
        viewBox="0 0 1000 100"
        preserveAspectRatio="none"
        role="img"
        aria-label={words.cumulativeLabel(format.number(layout.tokens))}
      >
        <path className={styles.area} d={`M0,100 L${corners.join(' L')} L1000,100 Z`} />
        <path className={styles.line} d={`M${corners.join(' L')}`} vectorEffect="non-scaling-stroke" />
        {shown && <path className={styles.budget} d={`M0,${y(budget)} H1000`} vectorEffect="non-scaling-stroke" />}
      </svg>
      <span className={styles.total} style={{ top: `${y(layout.tokens)}%` }}>
        {format.number(layout.tokens)}
      </span>
      {budget > 0 && (
        <span className={styles.budgetLabel} style={{ top: shown ? `${y(budget)}%` : '0%' }} data-beyond={!shown}>
          {(shown ? words.budgetLine : words.budgetBeyond)(format.number(budget))}
        </span>
      )}
    </div>
  );
}
