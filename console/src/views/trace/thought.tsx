import type { TraceStep } from '../../../../src/contracts/trace.ts';
import { useStrings } from '../../i18n/strings.ts';
import { strings } from './strings.ts';
import styles from './thought.module.css';
import { thoughtLines } from './thought-lines.ts';

/** A thought line by line. The line that a check found wrong is crossed out, with the reason beside it. */
export function Thought({
  step,
  revised,
  running,
}: {
  step: TraceStep;
  revised: TraceStep | undefined;
  running: boolean;
}) {
  const words = useStrings(strings);
  const lines = thoughtLines(step, revised);
  if (lines.length === 0) return <p className={styles.none}>{running ? words.thoughtRuns : words.noThought}</p>;
  return (
    <ol className={styles.lines}>
      {lines.map((line) => {
        const crossed = line.state === 'wrong' || line.state === 'taken-back';
        return (
          <li key={line.number} data-state={line.state}>
            <span className={styles.number} aria-hidden="true">
              {line.number}
            </span>
            <span className={styles.text}>
              {crossed ? (
                <>
                  <span className="visually-hidden">{words.crossedOut} </span>
                  <del>{line.text}</del>
                </>
              ) : (
                line.text || ' '
              )}
              {line.reason !== undefined && (
                <span className={styles.reason}>
                  <b>{line.reason.name}</b> {line.reason.detail}
                </span>
              )}
            </span>
            {(line.state === 'new' || line.state === 'correction') && (
              <span className={styles.mark}>{line.state === 'new' ? words.isNew : words.phases.forced}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}
