import { Check, Circle, Minus, X } from 'lucide-react';
import { Badge } from '../components/badge.tsx';
import { Meter } from '../components/meter.tsx';
import { useFormat } from '../i18n/format.ts';
import { useServiceSentence } from '../i18n/service-sentences.ts';
import { activities, phaseNames } from '../i18n/statuses.ts';
import { useStrings } from '../i18n/strings.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import { ComputedText } from './computed-text.tsx';
import styles from './run.module.css';
import { runStrings } from './run.strings.ts';
import { shortAnswer } from './run-figures.ts';
import { hasEnded, type RunState, shownPhase } from './run-state.ts';
import { type ComputedSpan, thoughtSteps } from './thought-lines.ts';

/** What a running response is at: phase, place in the queue, budget being spent. */
export function RunStatus({ run }: { run: RunState }) {
  const words = useStrings(runStrings);
  const activity = useStrings(activities);
  const format = useFormat();
  const { response, progress } = run;
  const phase = shownPhase(run);
  const budget = response?.reasoning.effective.budget_tokens ?? progress?.budget_tokens ?? 0;
  const used = progress?.thinking_tokens ?? 0;
  const deliberate = budget > 0;
  // A fast answer has no phase but its own.
  const doing = activity[deliberate || phase === 'queued' ? phase : 'answer'];
  // Once it writes the answer, it is decided.
  const endsThinking = run.answering && progress?.phase !== 'answer';
  const details = [
    phase === 'revise' ? words.lineWrong : '',
    phase === 'think' && progress?.steps && progress.steps > 1
      ? words.sampleOf(format.number(progress.step), format.number(progress.steps))
      : '',
    progress?.queue_position ? words.ahead(format.number(progress.queue_position)) : '',
    progress?.eta_ms && !endsThinking ? words.left(format.roughly(progress.eta_ms)) : '',
  ].filter((detail) => detail !== '');
  return (
    <div className={styles.status}>
      <p className={styles.doing} role="status">
        <span className={styles.pulse} data-phase={phase} aria-hidden="true" />
        {endsThinking ? activity.answerAsked : doing}
        {details.length > 0 && <span className={styles.detail}> · {details.join(' · ')}</span>}
      </p>
      {deliberate && <PhaseTrack phase={phase} />}
      {deliberate && (
        <div className={styles.budget}>
          <Meter
            label={words.budget}
            value={used}
            maximum={budget}
            text={words.budgetOf(format.number(used), format.number(budget))}
          />
          <span className={styles.figure}>{words.budgetOf(format.number(used), format.number(budget))}</span>
        </div>
      )}
      {run.link === 'reconnecting' && (
        <p className={styles.reconnecting} role="status">
          {words.reconnecting}
        </p>
      )}
    </div>
  );
}

const track = ['draft', 'think', 'check', 'revise', 'answer'] as const;

function PhaseTrack({ phase }: { phase: string }) {
  const words = useStrings(phaseNames);
  return (
    <ol className={styles.track} aria-hidden="true">
      {track.map((name) => (
        <li key={name} data-phase={name} data-now={name === phase || undefined}>
          {words[name]}
        </li>
      ))}
    </ol>
  );
}

/** The answers that came up so far, each with what the checks say of it; revised ones crossed out. */
export function Candidates({ run }: { run: RunState }) {
  const words = useStrings(runStrings);
  const { draft } = useStrings(phaseNames);
  const format = useFormat();
  const candidates = candidatesOf(run.steps, !hasEnded(run));
  if (candidates.length === 0) return null;
  const settled = hasEnded(run) ? shortAnswer(run) : undefined;
  return (
    <ul className={styles.candidates} aria-label={words.candidates}>
      {candidates.map((candidate) => (
        <li key={candidate.sample ?? 'draft'} data-verdict={candidate.verdict}>
          <span className={styles.who}>
            {candidate.sample === null ? draft : words.sample(format.number(candidate.sample + 1))}
          </span>
          {candidate.before.map((answer, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the list only grows
            <del key={index}>{answer}</del>
          ))}
          <CandidateAnswer candidate={candidate} settled={settled} answering={run.answering} />
        </li>
      ))}
    </ul>
  );
}

type CandidateAnswerProps = {
  candidate: Candidate;
  /** The answer that was given in the end: one that came to it by a wrong line is not crossed out. */
  settled: string | undefined;
  answering: boolean;
};

function CandidateAnswer({ candidate, settled, answering }: CandidateAnswerProps) {
  const { answer, running, verdict } = candidate;
  const words = useStrings(runStrings);
  const activity = useStrings(activities);
  if (running && answer === null) return <em>{activity[answering ? 'answer' : 'think']}…</em>;
  const shown = answer ?? words.noAnswer;
  switch (verdict) {
    case 'confirmed':
      return (
        <strong>
          {shown} <Check role="img" aria-label={words.confirmed} />
        </strong>
      );
    case 'pass':
      return (
        <strong>
          {shown} <Circle role="img" aria-label={words.passed} />
        </strong>
      );
    case 'fail':
      return (
        <strong>
          {answer === settled ? shown : <del>{shown}</del>} <X role="img" aria-label={words.failed} />
        </strong>
      );
    case 'unchecked':
      return (
        <strong>
          {shown} <Minus role="img" aria-label={words.unchecked} />
        </strong>
      );
    default:
      verdict satisfies never;
      return null;
  }
}

/** `text` is empty where the key may not see the line. */
type WrongLine = { key: string; text: string; computed: readonly ComputedSpan[]; reason: string };

/** The lines that checks found wrong, crossed out, with the reason; at most the last `limit`. */
export function WrongLines({ run, limit = 3 }: { run: RunState; limit?: number }) {
  const words = useStrings(runStrings);
  const inWords = useServiceSentence();
  const found = thoughtSteps(run.steps).flatMap(({ step, lines }): WrongLine[] => {
    const struck = lines.filter((line) => line.struck !== undefined);
    if (struck.length > 0) {
      return struck.map((line) => ({
        key: `${step.index}-${line.number}`,
        text: line.text,
        computed: line.computed,
        reason: inWords(line.struck ?? ''),
      }));
    }
    const withheld =
      step.text === null && step.checks.some(({ judges, verdict }) => judges === 'line' && verdict === 'fail');
    return withheld ? [{ key: `${step.index}`, text: '', computed: [], reason: words.wrongLine }] : [];
  });
  if (found.length === 0) return null;
  return (
    <ul className={styles.wrong} aria-label={words.wrong}>
      {distinct(found)
        .slice(-limit)
        .map(({ key, text, computed, reason }) => (
          <li key={key}>
            {text !== '' && (
              <del>
                <ComputedText text={text} computed={computed} />
              </del>
            )}
            <Badge look="bad">
              <X aria-hidden="true" /> {reason}
            </Badge>
          </li>
        ))}
    </ul>
  );
}

/** Two samples may fail alike; once is enough to see. */
function distinct(lines: readonly WrongLine[]): WrongLine[] {
  return [...new Map(lines.map((line) => [`${line.text} ${line.reason}`, line])).values()];
}
