import { ListTree, Square, Zap } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { Button } from '../components/button.tsx';
import { Fault, Loading } from '../components/states.tsx';
import { useStrings } from '../i18n/strings.ts';
import { service } from '../service/service.ts';
import { asFault, type ServiceFault } from '../service/service-fault.ts';
import styles from './run-card.module.css';
import { runCardStrings } from './run-card.strings.ts';
import { shortAnswer } from './run-figures.ts';
import { Candidates, RunStatus, WrongLines } from './run-live.tsx';
import { AnswerText, DraftChange, RunProblems, RunSummary } from './run-outcome.tsx';
import { hasEnded, type RunState } from './run-state.ts';
import { Thoughts } from './thoughts.tsx';
import { VerdictBadge } from './verdict-badge.tsx';

/**
 * One response, from waiting to its answer: what it is at, budget, answers on the way, crossed-out lines, the settled
 * answer and how it came about. `actions` stand under an ended one.
 */
export function RunCard({ run, actions }: { run: RunState; actions?: ReactNode }) {
  const words = useStrings(runCardStrings);
  const ended = hasEnded(run);
  const thought = (run.response?.reasoning.effective.budget_tokens ?? 0) > 0;
  if (run.fault !== undefined) return <Fault fault={run.fault} />;
  if (run.response === undefined) {
    return <Loading>{run.link === 'live' ? words.loading : words.unreachable}</Loading>;
  }
  return (
    <article className={styles.card} aria-label={words.answer} aria-busy={!ended} data-status={run.response.status}>
      {!ended && <RunStatus run={run} />}
      {!ended && <Controls run={run} />}
      {!ended && <Candidates run={run} />}
      {!ended && <WrongLines run={run} />}
      <AnswerText run={run} />
      {run.endedAt !== undefined && (
        <p className="visually-hidden" role="status">
          {words.ended(shortAnswer(run))}
        </p>
      )}
      <RunProblems run={run} />
      {ended && (
        <div className={styles.outcome}>
          {run.response.verdict !== null && (
            <p>
              <VerdictBadge verdict={run.response.verdict} />
            </p>
          )}
          <RunSummary run={run} />
          <DraftChange run={run} />
          {thought && <Candidates run={run} />}
          <WrongLines run={run} />
          <Thoughts run={run} />
        </div>
      )}
      {ended && (
        <footer className={styles.actions}>
          {actions}
          {run.trace === 'shown' && (
            <Link className={styles.trace} to={`/trace/${run.response.id}`}>
              <ListTree aria-hidden="true" />
              {words.trace}
            </Link>
          )}
        </footer>
      )}
    </article>
  );
}

/** Answer now, and stop. */
function Controls({ run }: { run: RunState }) {
  const words = useStrings(runCardStrings);
  const [asked, setAsked] = useState<'stop' | 'answer' | undefined>();
  const [fault, setFault] = useState<ServiceFault>();
  const { response, progress } = run;
  if (response === undefined) return null;
  const deliberate = response.reasoning.effective.budget_tokens > 0;
  const thinks = deliberate && progress !== null && progress.phase !== 'queued' && progress.phase !== 'answer';
  const act = async (what: 'stop' | 'answer') => {
    setAsked(what);
    setFault(undefined);
    try {
      await (what === 'stop' ? service.cancel(response.id) : service.answerNow(response.id));
    } catch (error) {
      setAsked(undefined);
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
            disabled={asked !== undefined}
            title={words.answerNowAbout}
            onClick={() => act('answer')}
          >
            {asked === 'answer' ? words.answering : words.answerNow}
          </Button>
        )}
        <Button
          size="small"
          look="danger"
          icon={<Square aria-hidden="true" />}
          disabled={asked === 'stop'}
          onClick={() => act('stop')}
        >
          {asked === 'stop' ? words.stopping : words.stop}
        </Button>
      </div>
      {fault !== undefined && <Fault fault={fault} />}
    </>
  );
}
