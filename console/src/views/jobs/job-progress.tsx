import type { Progress } from '../../../../src/contracts/responses/reasoning.ts';
import { Meter } from '../../components/meter.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import styles from './job-table.module.css';
import { strings } from './strings.ts';

/** Where a running job is: its place in the queue, or its phase and what is spent of the budget. `answering`: the reader has told it to answer now. */
export function JobProgress({ progress, answering }: { progress: Progress; answering: boolean }) {
  const words = useStrings(strings);
  const format = useFormat();
  const { phase, step, steps, thinking_tokens: used, budget_tokens: budget, queue_position: place } = progress;
  const where = answering
    ? words.answeringNow
    : phase === 'queued'
      ? place === null
        ? words.phases.queued
        : place === 0
          ? words.next
          : words.waiting(format.number(place))
      : steps === null || steps < 2
        ? words.phases[phase]
        : words.stepOf(words.phases[phase], step, steps);
  const text = words.progressText(format.number(used), format.number(budget));
  const left = progress.eta_ms === null || answering ? '' : ` · ${words.eta(format.roughly(progress.eta_ms))}`;
  return (
    <span className={styles.progress}>
      <span className={styles.soft}>
        {where}
        {budget > 0 && phase !== 'queued' && ` · ${text}`}
        {left}
      </span>
      {budget > 0 && phase !== 'queued' && <Meter label={words.progress} value={used} maximum={budget} text={text} />}
    </span>
  );
}
