import { useFormat } from '../i18n/format.ts';
import { useServiceSentence } from '../i18n/service-sentences.ts';
import { phaseNames } from '../i18n/statuses.ts';
import { useStrings } from '../i18n/strings.ts';
import { ComputedLegend } from './computed-text.tsx';
import styles from './run.module.css';
import { runStrings } from './run.strings.ts';
import type { RunState } from './run-state.ts';
import { ThoughtLineList } from './thought-line-list.tsx';
import { thoughtSteps } from './thought-lines.ts';

/** The thoughts, folded away: every step with its lines, wrong ones crossed out. Says so where the key may not see them. */
export function Thoughts({ run }: { run: RunState }) {
  const words = useStrings(runStrings);
  const names = useStrings(phaseNames);
  const inWords = useServiceSentence();
  const format = useFormat();
  if (run.trace === 'hidden') return <p className={styles.hidden}>{words.thoughtsHidden}</p>;
  const steps = thoughtSteps(run.steps).filter(({ step }) => step.phase !== 'answer');
  if (steps.length === 0 || (run.response?.reasoning.effective.budget_tokens ?? 0) === 0) return null;
  // Only what was thought can be withheld.
  const chains = steps.filter(({ step }) => step.phase === 'think' && step.tokens > 0);
  const withheld = chains.length > 0 && chains.every(({ step }) => step.text === null);
  return (
    <details className={styles.thoughts}>
      <summary>{words.thoughts}</summary>
      <div className={styles.note}>
        <p>{withheld ? words.thoughtsWithheld : words.thoughtsNote}</p>
        {steps.some(({ lines }) => lines.some(({ computed }) => computed.length > 0)) && <ComputedLegend />}
      </div>
      <ol>
        {steps.map(({ step, lines, calls }) => (
          <li key={step.index} data-phase={step.phase}>
            <p className={styles.stepHead}>
              <span>
                {names[step.phase]}
                {step.sample !== null && <small> {words.sample(format.number(step.sample + 1))}</small>}
              </span>
              <small>
                {format.duration(step.duration_ms)}
                {step.tokens > 0 && ` · ${words.tokens(format.number(step.tokens))}`}
              </small>
            </p>
            <p className={styles.stepSummary}>{inWords(step.summary)}</p>
            <ThoughtLineList lines={lines} calls={calls} />
          </li>
        ))}
      </ol>
    </details>
  );
}
