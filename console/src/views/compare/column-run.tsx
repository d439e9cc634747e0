import { useEffect } from 'react';
import { Meter } from '../../components/meter.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { runStrings } from '../../run/run.strings.ts';
import { RunCard } from '../../run/run-card.tsx';
import { useElapsed } from '../../run/run-controls.tsx';
import { runFigures, spentTokens } from '../../run/run-figures.ts';
import { hasEnded, type RunState } from '../../run/run-state.ts';
import { useRun } from '../../run/use-run.ts';
import styles from './compare.module.css';
import { strings } from './strings.ts';

/** One column's response, with the time that it takes; tells its state upwards for the line of differences. */
export function ColumnRun({
  id,
  mostTokens,
  onRun,
}: {
  id: string;
  /** Of all columns, so that their bars have one scale. */
  mostTokens: number;
  onRun(id: string, run: RunState): void;
}) {
  const run = useRun(id);
  useEffect(() => onRun(id, run), [id, run, onRun]);
  return (
    <div className={styles.run}>
      <Clock run={run} />
      <Spent run={run} mostTokens={mostTokens} />
      <RunCard run={run} />
    </div>
  );
}

/** Tokens spent, on the scale of all columns. */
function Spent({ run, mostTokens }: { run: RunState; mostTokens: number }) {
  const words = useStrings(strings);
  const format = useFormat();
  if (run.response === undefined) return null;
  const tokens = spentTokens(run);
  const text = words.tokens(format.number(tokens));
  return (
    <div className={styles.spent}>
      <Meter
        label={words.spent}
        value={tokens}
        maximum={mostTokens}
        text={text}
        look={hasEnded(run) ? 'good' : 'accent'}
      />
      <span>{text}</span>
    </div>
  );
}

/** How long it is worked on, from its first step; in the end the time from being asked too, as Jobs has it. */
function Clock({ run }: { run: RunState }) {
  const words = useStrings(strings);
  const { withWait, noWait } = useStrings(runStrings);
  const format = useFormat();
  const ended = hasEnded(run);
  const elapsed = useElapsed(run);
  const { workMs, wholeSeconds, waited } = runFigures(run);
  const took = ended ? workMs : elapsed;
  if (run.fault !== undefined || run.response === undefined) return null;
  return (
    <p className={styles.clock} data-running={!ended || undefined}>
      <span className="visually-hidden">{words.time} </span>
      {took !== undefined && run.trace === 'shown' && <b>{format.duration(took)}</b>}
      {ended && wholeSeconds !== undefined && (
        <span>{waited === false ? noWait : withWait(format.seconds(wholeSeconds))}</span>
      )}
    </p>
  );
}
