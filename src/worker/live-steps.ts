import type { ComputedValue } from '../contracts/responses/compute.ts';
import type { TraceEvent } from '../contracts/responses/trace.ts';
import type { StrategyEvent } from '../reasoning/strategy.ts';

export type StepDelta = Extract<StrategyEvent, { type: 'step-delta' }>;

/** Gathers the thoughts of all running steps for the trace, so that the log does not get a line for each token. */
type LiveSteps = {
  /**
   * The events to log now; none while a step's text is still gathered. `flush`: other lines are logged at this moment, so the
   * gathered text goes with them.
   */
  delta(piece: StepDelta, options?: { flush: boolean }): TraceEvent[];
  /** The step has ended: its last event has the whole text, so the gathered text is dropped. */
  end(index: number): void;
};

/** An event holds a line of the thought, or so many characters, or what was sampled in so many ms. */
const most = { characters: 80, ms: 250 };
/** Characters: shorter lines are gathered. */
const leastLine = 8;

type Gathered = { text: string; computed: ComputedValue[]; since: number };

export function createLiveSteps(now: () => number): LiveSteps {
  const steps = new Map<number, Gathered>();
  return {
    delta({ index, text, expression }, { flush } = { flush: false }) {
      const gathered = steps.get(index) ?? { text: '', computed: [], since: now() };
      steps.set(index, gathered);
      gathered.text += text;
      const { length } = text.trimStart();
      if (expression !== undefined && length > 0) {
        gathered.computed.push({ at: gathered.text.length - length, length, expression });
      }
      const isLine = text.includes('\n') && gathered.text.trim().length >= leastLine;
      if (!flush && !isLine && gathered.text.length < most.characters && now() - gathered.since < most.ms) return [];
      steps.delete(index);
      const { computed } = gathered;
      const values = computed.length === 0 ? {} : { computed };
      return [{ type: 'trace_step.delta', index, text: gathered.text, ...values }];
    },
    end: (index) => void steps.delete(index),
  };
}
