import type { TraceStep } from '../../../src/contracts/responses/trace.ts';
import { ScrollRegion } from '../components/scroll-region.tsx';
import { useFormat } from '../i18n/format.ts';
import { useServiceSentence } from '../i18n/service-sentences.ts';
import { activities } from '../i18n/statuses.ts';
import { useStrings } from '../i18n/strings.ts';
import { ComputedLegend } from './computed-text.tsx';
import styles from './live-thoughts.module.css';
import { runStrings } from './run.strings.ts';
import type { RunState } from './run-state.ts';
import { ThoughtLineList } from './thought-line-list.tsx';
import { type ThoughtStep, thoughtSteps } from './thought-lines.ts';

/**
 * What a running response thinks, a column for each chain, line by line as it is written; for a key without full traces what
 * each step came to. Each column stays at its end by itself (it is laid out from its foot), unless a reader scrolls up in it.
 */
export function LiveThoughts({ run }: { run: RunState }) {
  const words = useStrings(runStrings);
  const chains = chainsOf(thoughtSteps(run.steps));
  if (chains.length === 0) return null;
  const computes = chains.some(({ steps }) =>
    steps.some(({ lines }) => lines.some((line) => line.computed.length > 0)),
  );
  return (
    <section aria-label={words.liveThoughts}>
      <div className={styles.columns} data-many={chains.length > 1 || undefined}>
        {chains.map((chain) => (
          <Chain key={chain.sample} chain={chain} run={run} />
        ))}
      </div>
      {computes && <ComputedLegend />}
    </section>
  );
}

type ChainSteps = { sample: number; steps: readonly ThoughtStep[] };

function Chain({ chain: { sample, steps }, run }: { chain: ChainSteps; run: Pick<RunState, 'running' | 'answering'> }) {
  const { running, answering } = run;
  const words = useStrings(runStrings);
  const activity = useStrings(activities);
  const inWords = useServiceSentence();
  const format = useFormat();
  const name = words.sample(format.number(sample + 1));
  const now = steps.findLast(({ step }) => running.has(step.index))?.step;
  const answer = steps.findLast(({ step }) => step.answer !== null)?.step.answer;
  const tokens = steps.reduce((sum, { step }) => sum + step.tokens, 0);
  return (
    <div className={styles.column}>
      <p className={styles.head}>
        <b>{name}</b>
        <span>
          {now === undefined ? (answer ?? '') : activity[answering ? 'answer' : now.phase]}
          {tokens > 0 && ` · ${words.tokens(format.number(tokens))}`}
        </span>
      </p>
      <ScrollRegion label={name} className={styles.scroll}>
        <div>
          {steps.map(({ step, lines, calls }) => (
            <div key={step.index} className={styles.step} data-phase={step.phase}>
              {step.text === null && step.call === undefined && inWords(step.summary)}
              <ThoughtLineList lines={lines} calls={calls} running={running} />
            </div>
          ))}
          {now !== undefined && <span className={styles.cursor} data-phase={now.phase} aria-hidden="true" />}
        </div>
      </ScrollRegion>
    </div>
  );
}

/** The steps of each chain, in the order in which they began. */
function chainsOf(steps: readonly ThoughtStep[]): ChainSteps[] {
  const ofChains = steps.filter(({ step }) => isThought(step));
  return [...new Set(ofChains.map(({ step }) => step.sample ?? 0))].map((sample) => ({
    sample,
    steps: ofChains.filter(({ step }) => step.sample === sample),
  }));
}

function isThought({ phase, sample }: TraceStep): boolean {
  return sample !== null && phase !== 'draft' && phase !== 'vote' && phase !== 'answer';
}
