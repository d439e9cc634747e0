import type { TraceStep } from '../../../../src/contracts/responses/trace.ts';
import { useServiceSentence } from '../../i18n/service-sentences.ts';
import { phaseNames } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import { ComputedLegend, ComputedText } from '../../run/computed-text.tsx';
import { strings } from './strings.ts';
import styles from './thought.module.css';
import { type ThoughtLine, thoughtLines } from './thought-lines.ts';

/** A thought line by line. The line that a check found wrong is crossed out, with the reason beside it. */
export function Thought({
  step,
  revised,
  putRight,
  empty,
}: {
  step: TraceStep;
  revised: TraceStep | undefined;
  putRight: boolean;
  /** Stands where there are no lines. */
  empty: string;
}) {
  const words = useStrings(strings);
  const names = useStrings(phaseNames);
  const inWords = useServiceSentence();
  const lines = thoughtLines(step, revised, { putRight });
  const marks: Partial<Record<ThoughtLine['state'], string>> = {
    correction: names.forced,
    replaced: words.before,
    'put-right': words.putRight,
    new: words.isNew,
  };
  if (lines.length === 0) return <p className={styles.none}>{empty}</p>;
  return (
    <>
      {lines.some(({ computed }) => computed.length > 0) && <ComputedLegend />}
      <ol className={styles.lines}>
        {lines.map((line) => {
          const crossed = line.state === 'wrong' || line.state === 'taken-back' || line.state === 'replaced';
          const mark = marks[line.state];
          return (
            <li key={`${line.number} ${line.state === 'replaced'}`} data-state={line.state}>
              <span className={styles.number} aria-hidden="true">
                {line.number}
              </span>
              <span className={styles.text}>
                {crossed ? (
                  <>
                    <span className="visually-hidden">{words.crossedOut} </span>
                    <del>
                      <ComputedText text={line.text} computed={line.computed} />
                    </del>
                  </>
                ) : (
                  <ComputedText text={line.text} computed={line.computed} changed={line.changed} />
                )}
                {line.reason !== undefined && (
                  <span className={styles.reason}>
                    <b>{line.reason.name}</b> {inWords(line.reason.detail)}
                  </span>
                )}
              </span>
              {mark !== undefined && <span className={styles.mark}>{mark}</span>}
            </li>
          );
        })}
      </ol>
    </>
  );
}
