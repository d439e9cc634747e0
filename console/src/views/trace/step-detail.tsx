import type { TraceStep } from '../../../../src/contracts/responses/trace.ts';
import { Card } from '../../components/card.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useServiceSentence } from '../../i18n/service-sentences.ts';
import { activities, phaseNames } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import { callOfStep } from '../../run/tool-calls.ts';
import { ToolCard } from '../../run/tool-card.tsx';
import { Checks } from './checks.tsx';
import { revisedBy, wasPutRight } from './sample-tree.ts';
import styles from './step-detail.module.css';
import { strings } from './strings.ts';
import { Thought } from './thought.tsx';
import { meanProbability } from './trace-steps.ts';

/** One step in full: its figures, its thought with the wrong line crossed out, its checks. */
export function StepDetail({
  steps,
  step,
  running,
  answering,
}: {
  steps: readonly TraceStep[];
  step: TraceStep;
  running: boolean;
  /** The reader has told the response to answer now. */
  answering: boolean;
}) {
  const words = useStrings(strings);
  const names = useStrings(phaseNames);
  const activity = useStrings(activities);
  const inWords = useServiceSentence();
  const format = useFormat();
  const sure = meanProbability(step.confidence);
  const began = step.started_at - Math.min(...steps.map(({ started_at }) => started_at));
  const stop = step.stop_reason;
  const call = callOfStep(step, { running });
  const made = steps
    .filter(({ index }) => step.calls?.includes(index))
    .flatMap((one) => callOfStep(one, { running: false }) ?? []);
  const figures: [string, string | undefined][] = [
    [words.started, format.duration(began)],
    [words.duration, running ? activity.running : format.duration(step.duration_ms)],
    [words.tokens, format.number(step.tokens)],
    [words.confidence, sure === undefined ? undefined : format.percent(sure)],
    [words.selfCertainty, step.self_certainty === undefined ? undefined : words.nats(step.self_certainty.toFixed(2))],
    [
      words.ended,
      stop === null ? undefined : (Object.entries(words.stops).find(([name]) => name === stop)?.[1] ?? stop),
    ],
  ];
  return (
    <Card className={styles.card ?? ''} aria-live="off">
      <header className={styles.head}>
        <h2>
          <i data-phase={step.phase} aria-hidden="true" />
          {words.step(step.index + 1)} · {names[step.phase]}
        </h2>
        <p className={styles.summary}>{inWords(step.summary)}</p>
      </header>
      <dl className={styles.figures}>
        {figures.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {step.because !== undefined && step.because !== step.summary && (
        <p className={styles.because}>
          <b>{words.because}</b> {inWords(step.because)}
        </p>
      )}
      {call !== undefined && <ToolCard call={call} />}
      <section className={styles.part}>
        <h3>{words.thought}</h3>
        <Thought
          step={step}
          revised={revisedBy(steps, step)}
          putRight={wasPutRight(steps, step)}
          empty={running ? `${activity[answering ? 'answer' : 'think']}…` : words.noThought}
        />
      </section>
      {made.length > 0 && (
        <section className={styles.part}>
          <h3>{words.calls}</h3>
          {made.map((one) => (
            <ToolCard key={one.key} call={one} open={false} />
          ))}
        </section>
      )}
      {step.answer_text !== undefined && step.answer_text.trim() !== '' && (
        <section className={styles.part}>
          <h3>{words.stepAnswer}</h3>
          <p className={styles.answer}>{step.answer_text.trim()}</p>
        </section>
      )}
      <section className={styles.part}>
        <h3>{words.checks}</h3>
        <Checks checks={step.checks} />
      </section>
    </Card>
  );
}
