import { CircleAlert, Lightbulb, TriangleAlert, Zap } from 'lucide-react';
import { Suspense } from 'react';
import { Folded } from '../components/folded.tsx';
import { lazyComponent } from '../components/lazy-component.tsx';
import { useFormat } from '../i18n/format.ts';
import { useServiceSentence } from '../i18n/service-sentences.ts';
import { useStrings } from '../i18n/strings.ts';
import styles from './run.module.css';
import { runStrings } from './run.strings.ts';
import { runFigures } from './run-figures.ts';
import { hasEnded, type RunState } from './run-state.ts';

const Markdown = lazyComponent(async () => (await import('../components/markdown.tsx')).Markdown);

/** The settled answer; while it streams, and once it is whole. */
export function AnswerText({ run }: { run: RunState }) {
  if (run.text === '') return null;
  return (
    <div className={styles.answer} dir="auto">
      <Folded open={!hasEnded(run) || run.endedAt !== undefined}>
        <Suspense fallback={<p className={styles.plain}>{run.text}</p>}>
          <Markdown text={run.text} />
        </Suspense>
      </Folded>
    </div>
  );
}

/** “Thought for 4.2 s, 312 of 1,344 tokens”, why thinking ended, and the tokens that the budget does not count. */
export function RunSummary({ run }: { run: RunState }) {
  const words = useStrings(runStrings);
  const format = useFormat();
  const { response } = run;
  if (response === undefined || !hasEnded(run)) return null;
  const { thinkingTokens, beside, outputTokens, thinkingMs, workMs, wholeSeconds } = runFigures(run);
  const budget = response.reasoning.effective.budget_tokens;
  const allowed = budget > 0;
  /** A server may count no thought tokens. */
  const thought = allowed && (thinkingTokens > 0 || response.thinking_stop !== null);
  const spent = thinkingTokens === 0 ? undefined : words.budgetOf(format.number(thinkingTokens), format.number(budget));
  const ms = thought ? thinkingMs : workMs;
  const time = ms === undefined ? undefined : format.duration(ms);
  const text = thought ? words.thought(time, spent) : words.answered(time, format.number(outputTokens));
  const apart = (['draft', 'forced', 'discarded'] as const)
    .filter((phase) => beside[phase] > 0)
    .map((phase) => words.beside[phase](format.number(beside[phase])));
  const Icon = thought ? Lightbulb : Zap;
  return (
    <p className={styles.summary}>
      <Icon aria-hidden="true" />
      {text}
      {workMs === undefined && wholeSeconds !== undefined && `, ${words.withWait(format.seconds(wholeSeconds))}`}
      {thought && response.thinking_stop !== null && (
        <span className={styles.detail}> · {words.stops[response.thinking_stop]}</span>
      )}
      {thought && apart.length > 0 && <span className={styles.beside}>{words.besideBudget(apart.join(', '))}</span>}
    </p>
  );
}

/** Whether thinking changed the draft. Drafts are trace: without a trace there is nothing to tell. */
export function DraftChange({ run }: { run: RunState }) {
  const words = useStrings(runStrings);
  const draft = run.steps.find(({ phase }) => phase === 'draft')?.answer;
  const settled =
    run.steps.findLast(({ phase, answer }) => phase === 'answer' && answer !== null)?.answer ??
    run.steps.findLast(({ phase, answer }) => phase === 'vote' && answer !== null)?.answer;
  if (!hasEnded(run) || draft == null || settled == null || run.response?.status !== 'completed') return null;
  if (draft.length > 40 || settled.length > 40) return null;
  // Where every attempt failed a check, thinking has confirmed nothing.
  if (draft === settled && run.response.warnings.some(({ field }) => field === 'output')) return null;
  return <p className={styles.change}>{draft === settled ? words.keptDraft : words.changedDraft(draft, settled)}</p>;
}

/** What went wrong or was cut, in words; and what the service warns of: failed checks, options that were not applied. */
export function RunProblems({ run }: { run: RunState }) {
  const words = useStrings(runStrings);
  const inWords = useServiceSentence();
  const { response } = run;
  if (response === undefined) return null;
  const problem = problemOf();
  return (
    <>
      {problem !== undefined && (
        <p className={styles.problem} role={response.status === 'failed' ? 'alert' : undefined}>
          <CircleAlert aria-hidden="true" />
          {problem}
        </p>
      )}
      {response.warnings.length > 0 && (
        <ul className={styles.warnings} aria-label={words.warnings}>
          {response.warnings.map(({ field, message }) => (
            <li key={`${field}${message}`}>
              <TriangleAlert aria-hidden="true" />
              <span>
                {inWords(message)} <code>{field}</code>
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );

  function problemOf(): string | undefined {
    switch (response?.status) {
      case 'cancelled':
        return words.cancelled;
      case 'failed':
        return `${words.failedRun} ${response.error?.message ?? ''}`;
      case 'incomplete':
        return words.incomplete[response.incomplete_details?.reason ?? 'max_output_tokens'];
      default:
        return undefined;
    }
  }
}
