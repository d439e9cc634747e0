import type { Progress } from '../../../../src/contracts/responses/reasoning.ts';
import { Meter } from '../../components/meter.tsx';
import { useFormat } from '../../i18n/format.ts';
import { activities } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import { runStrings } from '../../run/run.strings.ts';
import styles from './job-table.module.css';
import { strings } from './strings.ts';

/** Where a running job is: its place in the queue, or its phase and what is spent of the budget. `answering`: the reader has told it to answer now. */
export function JobProgress({ progress, answering }: { progress: Progress; answering: boolean }) {
  const words = useStrings(strings);
  const runWords = useStrings(runStrings);
  const activity = useStrings(activities);
  const format = useFormat();
  const { phase, step, steps, thinking_tokens: used, budget_tokens: budget, queue_position: place } = progress;
  const where = answering
    ? activity.answer
    : phase === 'queued'
      ? place === null
        ? activity.queued
        : place === 0
          ? runWords.next
          : runWords.ahead(format.number(place))
      : steps === null || steps < 2
        ? activity[phase]
        : words.stepOf(activity[phase], step, steps);
  const text = runWords.budgetOf(format.number(used), format.number(budget));
  const left = progress.eta_ms === null || answering ? '' : ` · ${runWords.left(format.roughly(progress.eta_ms))}`;
  return (
    <span className={styles.progress}>
      <span className={styles.soft}>
        {where}
        {budget > 0 && phase !== 'queued' && ` · ${text}`}
        {left}
      </span>
      {budget > 0 && phase !== 'queued' && <Meter label={runWords.budget} value={used} maximum={budget} text={text} />}
    </span>
  );
}
