import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useEffect } from 'react';
import { IconButton } from '../../components/button.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import type { ChosenEffort } from '../../run/effort.ts';
import { RunCard } from '../../run/run-card.tsx';
import { hasEnded } from '../../run/run-state.ts';
import { useRun } from '../../run/use-run.ts';
import { AnswerActions } from './answer-actions.tsx';
import styles from './ask.module.css';
import { strings } from './strings.ts';
import { shownVersion, type Turn } from './thread.ts';

type TurnViewProps = {
  turn: Turn;
  last: boolean;
  onRetry(effort: ChosenEffort): void;
  onShow(version: number): void;
  onRunning(running: boolean): void;
};

/** A question and the shown one of its answers. */
export function TurnView({ turn, last, onRetry, onShow, onRunning }: TurnViewProps) {
  const words = useStrings(strings);
  const format = useFormat();
  const version = shownVersion(turn);
  const count = turn.versions.length;
  return (
    <section className={styles.turn}>
      <h2 className="visually-hidden">{words.you}</h2>
      <p className={styles.question}>{turn.question}</p>
      {count > 1 && (
        <div className={styles.versions}>
          <IconButton label={words.earlier} disabled={turn.shown === 0 || !last} onClick={() => onShow(turn.shown - 1)}>
            <ChevronLeft />
          </IconButton>
          {words.version(format.number(turn.shown + 1), format.number(count))}
          <IconButton
            label={words.later}
            disabled={turn.shown === count - 1 || !last}
            onClick={() => onShow(turn.shown + 1)}
          >
            <ChevronRight />
          </IconButton>
        </div>
      )}
      {version !== undefined && (
        <Answer
          key={version.id}
          id={version.id}
          others={turn.versions.filter(({ id }) => id !== version.id).map(({ id }) => id)}
          onRetry={last ? onRetry : undefined}
          onRunning={last ? onRunning : undefined}
        />
      )}
    </section>
  );
}

function Answer({
  id,
  others,
  onRetry,
  onRunning,
}: {
  id: string;
  others: readonly string[];
  onRetry: ((effort: ChosenEffort) => void) | undefined;
  onRunning: ((running: boolean) => void) | undefined;
}) {
  const run = useRun(id);
  const running = run.fault === undefined && !hasEnded(run);
  useEffect(() => {
    onRunning?.(running);
  }, [running, onRunning]);
  return <RunCard run={run} actions={<AnswerActions id={id} text={run.text} others={others} onRetry={onRetry} />} />;
}
