import { ListTree } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Fault, Loading } from '../components/states.tsx';
import { useStrings } from '../i18n/strings.ts';
import { LiveThoughts } from './live-thoughts.tsx';
import styles from './run-card.module.css';
import { runCardStrings } from './run-card.strings.ts';
import { RunControls } from './run-controls.tsx';
import { shortAnswer } from './run-figures.ts';
import { Candidates, RunStatus, WrongLines } from './run-live.tsx';
import { AnswerText, DraftChange, RunProblems, RunSummary } from './run-outcome.tsx';
import { hasEnded, type RunState } from './run-state.ts';
import { Thoughts } from './thoughts.tsx';
import { AnswerCalls } from './tool-card.tsx';
import { VerdictLine } from './verdict-badge.tsx';

/**
 * One response, from waiting to its answer: what it is at, budget, answers on the way, crossed-out lines, the settled
 * answer and how it came about. `actions` stand under an ended one; `controls` is false where they stand elsewhere.
 */
export function RunCard({ run, actions, controls = true }: { run: RunState; actions?: ReactNode; controls?: boolean }) {
  const words = useStrings(runCardStrings);
  const ended = hasEnded(run);
  const thought = (run.response?.reasoning.effective.budget_tokens ?? 0) > 0;
  const seesLines = run.steps.some(({ text }) => text !== null);
  if (run.fault !== undefined) return <Fault fault={run.fault} />;
  if (run.response === undefined) {
    return <Loading>{run.link === 'live' ? words.loading : words.unreachable}</Loading>;
  }
  return (
    <article
      className={styles.card}
      aria-label={words.answer}
      aria-busy={!ended}
      data-status={run.response.status}
      data-verdict={ended ? run.response.verdict?.kind : undefined}
    >
      {!ended && <RunStatus run={run} />}
      {!ended && controls && <RunControls run={run} />}
      {!ended && <LiveThoughts run={run} />}
      {!ended && <Candidates run={run} />}
      {!ended && !seesLines && <WrongLines run={run} />}
      <AnswerCalls run={run} />
      <AnswerText run={run} />
      {run.endedAt !== undefined && run.text !== '' && (
        <p className="visually-hidden" role="status">
          {words.ended(shortAnswer(run))}
        </p>
      )}
      <RunProblems run={run} />
      {ended && (
        <div className={styles.outcome}>
          {run.response.verdict !== null && (
            <VerdictLine verdict={run.response.verdict} warnings={run.response.warnings} />
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
