import { Square, Zap } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from '../components/button.tsx';
import { Fault } from '../components/states.tsx';
import { useFormat } from '../i18n/format.ts';
import { activities } from '../i18n/statuses.ts';
import { useStrings } from '../i18n/strings.ts';
import { service } from '../service/service.ts';
import { asFault, type ServiceFault } from '../service/service-fault.ts';
import { askForAnswer } from './answers-asked.ts';
import { runStrings } from './run.strings.ts';
import styles from './run-card.module.css';
import { runCardStrings } from './run-card.strings.ts';
import { hasEnded, type RunState, shownPhase } from './run-state.ts';

/** Answer now, and stop. */
export function RunControls({ run }: { run: RunState }) {
  const words = useStrings(runCardStrings);
  const activity = useStrings(activities);
  const [stopping, setStopping] = useState(false);
  const [fault, setFault] = useState<ServiceFault>();
  const { response, progress } = run;
  if (response === undefined) return null;
  const deliberate = response.reasoning.effective.budget_tokens > 0;
  const thinks = deliberate && progress !== null && progress.phase !== 'queued' && progress.phase !== 'answer';
  const act = async (ask: (id: string) => Promise<unknown>) => {
    setStopping(ask === service.cancel);
    setFault(undefined);
    try {
      await ask(response.id);
    } catch (error) {
      setStopping(false);
      const told = asFault(error);
      // It ended, or has not begun, in the meantime: what is shown tells so by itself.
      if (told.kind !== 'conflict') setFault(told);
    }
  };
  return (
    <>
      <div className={styles.controls}>
        {thinks && (
          <Button
            size="small"
            icon={<Zap aria-hidden="true" />}
            disabled={stopping || run.answering}
            title={words.answerNowAbout}
            onClick={() => act(askForAnswer)}
          >
            {run.answering ? `${activity.answer}…` : words.answerNow}
          </Button>
        )}
        <Button
          size="small"
          look="danger"
          icon={<Square aria-hidden="true" />}
          disabled={stopping}
          onClick={() => act(service.cancel)}
        >
          {stopping ? `${activity.stopping}…` : words.stop}
        </Button>
      </div>
      {fault !== undefined && <Fault fault={fault} />}
    </>
  );
}

/** A running response in a line that is always in reach: phase, clock, tokens, and how to end it. */
export function RunBar({ run }: { run: RunState }) {
  const words = useStrings(runStrings);
  const activity = useStrings(activities);
  const format = useFormat();
  const elapsed = useElapsed(run);
  const phase = shownPhase(run);
  const used = run.progress?.thinking_tokens ?? 0;
  return (
    <div className={styles.bar}>
      <span className={styles.now} data-phase={phase}>
        <i aria-hidden="true" />
        {activity[phase]}
      </span>
      <span className={styles.clock} role="timer" aria-label={words.clock}>
        {format.clock(elapsed)}
      </span>
      {used > 0 && <span className={styles.used}>{words.tokens(format.number(used))}</span>}
      <RunControls run={run} />
    </div>
  );
}

const tickMs = 100;

/** ms that a response is worked on: from its first step, or while it waits from being asked. Stands still at its end. */
export function useElapsed(run: RunState): number {
  const [now, setNow] = useState(Date.now);
  const stands = hasEnded(run) || run.fault !== undefined;
  useEffect(() => {
    if (stands) return;
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, [stands]);
  const asked = run.response === undefined ? undefined : run.response.created_at * 1000;
  const from = run.steps[0]?.started_at ?? asked;
  return from === undefined ? 0 : Math.max(0, now - from);
}
