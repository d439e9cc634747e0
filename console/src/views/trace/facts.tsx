import type { Response } from '../../../../src/contracts/responses/response.ts';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { shownEffort } from '../../run/effort.ts';
import { effortStrings } from '../../run/effort-control.strings.ts';
import { runFigures } from '../../run/run-figures.ts';
import { VerdictBadge, verdictStrings } from '../../run/verdict-badge.tsx';
import { StatusBadge } from '../jobs/status-badge.tsx';
import { strings } from './strings.ts';
import { layoutTimeline } from './timeline-layout.ts';
import { TokenSplit } from './token-split.tsx';
import styles from './trace.module.css';
import type { TraceSteps } from './trace-steps.ts';

/** Characters: a longer value, as the name of many a model, would make its whole row tall. */
const longFact = 24;

/** The response in figures, and where its tokens went. */
export function Facts({ response, trace }: { response: Response; trace: TraceSteps }) {
  const words = useStrings(strings);
  const { verdict } = useStrings(verdictStrings);
  const { efforts } = useStrings(effortStrings);
  const format = useFormat();
  const { effective } = response.reasoning;
  const { usage, progress, status } = response;
  const { span, tokens } = layoutTimeline(trace.steps, {
    running: trace.running,
    now: 0,
    decoded: trace.decoded,
  });
  // Usage counts what was fed into thoughts too; steps have what was decoded alone.
  const fed = usage?.phases.forced ?? 0;
  const decoded = format.number(usage === null ? tokens : usage.output_tokens - fed);
  const { wholeSeconds, waited, thinkingTokens } = runFigures({ response, steps: trace.steps });
  const thinking =
    usage === null ? (trace.progress?.thinking_tokens ?? progress?.thinking_tokens ?? 0) : thinkingTokens;
  const facts: [string, string | undefined][] = [
    [words.facts.effort, shownEffort(effective, efforts)],
    [words.facts.strategy, effective.strategy],
    [words.facts.model, response.model],
    [words.facts.source, response.answer_source === null ? undefined : words.sources[response.answer_source]],
    [words.facts.thinkingStop, response.thinking_stop === null ? undefined : words.stops[response.thinking_stop]],
    [words.facts.time, span === 0 ? undefined : format.duration(span)],
    [
      words.facts.timeWithWait,
      wholeSeconds === undefined || waited === false ? undefined : format.seconds(wholeSeconds),
    ],
    [words.facts.tokens, fed === 0 ? decoded : words.andFed(decoded, format.number(fed))],
    [words.facts.budget, `${format.number(thinking)} / ${format.number(effective.budget_tokens)}`],
    [words.facts.asked, format.time(response.created_at * 1000)],
  ];
  return (
    <section className={styles.facts} aria-label={words.settings}>
      <dl className={styles.factGrid}>
        <div>
          <dt>{words.facts.status}</dt>
          <dd>
            <StatusBadge status={status} />
          </dd>
        </div>
        {response.verdict !== null && (
          <div className={styles.wide}>
            <dt>{verdict}</dt>
            <dd>
              <VerdictBadge verdict={response.verdict} />
            </dd>
          </div>
        )}
        {facts.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name} className={value.length > longFact ? styles.wide : undefined}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {usage !== null && usage.output_tokens > 0 && <TokenSplit phases={usage.phases} />}
    </section>
  );
}
