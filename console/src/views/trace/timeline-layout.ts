import type { TraceStep, Verdict } from '../../../../src/contracts/responses/trace.ts';
import { verdictOf } from './trace-steps.ts';

/** One step as a bar of the chart. Times in ms since the trace began. */
export type TimelineBar = {
  index: number;
  phase: TraceStep['phase'];
  start: number;
  end: number;
  running: boolean;
  tokens: number;
  verdict: Verdict;
};

/** A row of the chart: the draft, one chain with its revisions, or what belongs to none (vote, answer). */
export type TimelineLane = {
  key: string;
  kind: 'draft' | 'chain' | 'decision';
  sample: number | null;
  bars: TimelineBar[];
};

export type Timeline = {
  lanes: TimelineLane[];
  /** ms from the first step's start to the last one's end. */
  span: number;
  /** Tokens decoded up to a moment, as corners of a line: within a step they come evenly. */
  spent: { at: number; tokens: number }[];
  tokens: number;
};

/**
 * Lays a trace out in time. `now` (epoch ms) is the end of the steps that still run; of the tokens `decoded` so far, those
 * that no ended step has are theirs, in equal parts: chains of one wave go on side by side.
 */
export function layoutTimeline(
  steps: readonly TraceStep[],
  options: { running: ReadonlySet<number>; now: number; decoded?: number | undefined },
): Timeline {
  if (steps.length === 0) return { lanes: [], span: 0, spent: [], tokens: 0 };
  const from = Math.min(...steps.map((step) => step.started_at));
  const ended = steps.filter(({ index }) => !options.running.has(index)).reduce((sum, { tokens }) => sum + tokens, 0);
  const open = Math.max(0, (options.decoded ?? 0) - ended) / Math.max(1, options.running.size);
  const bars = steps.map((step) => {
    const running = options.running.has(step.index);
    const start = step.started_at - from;
    const end = running ? Math.max(start, options.now - from) : start + step.duration_ms;
    const { index, phase, sample } = step;
    const tokens = running ? Math.max(step.tokens, Math.floor(open)) : step.tokens;
    return { sample, bar: { index, phase, start, end, running, tokens, verdict: verdictOf(step.checks) } };
  });
  const lanes = new Map<string, TimelineLane>();
  for (const { sample, bar } of bars) {
    const lane = laneOf(bar.phase, sample);
    const known = lanes.get(lane.key) ?? { ...lane, bars: [] };
    known.bars.push(bar);
    lanes.set(lane.key, known);
  }
  const all = bars.map(({ bar }) => bar);
  return {
    lanes: [...lanes.values()].sort(inOrder),
    span: Math.max(...all.map(({ end }) => end)),
    spent: spentOver(all),
    tokens: all.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

function laneOf(phase: TraceStep['phase'], sample: number | null): Omit<TimelineLane, 'bars'> {
  if (phase === 'draft') return { key: 'draft', kind: 'draft', sample: null };
  // The answer replays a chain; it belongs to the decision.
  if (sample === null || phase === 'vote' || phase === 'answer')
    return { key: 'decision', kind: 'decision', sample: null };
  return { key: `chain-${sample}`, kind: 'chain', sample };
}

const order = { draft: 0, chain: 1, decision: 2 };
function inOrder(one: TimelineLane, other: TimelineLane): number {
  return order[one.kind] - order[other.kind] || (one.sample ?? 0) - (other.sample ?? 0);
}

function spentOver(bars: readonly TimelineBar[]): Timeline['spent'] {
  const corners = [...new Set(bars.flatMap(({ start, end }) => [start, end]))].sort((one, other) => one - other);
  const at = (moment: number) =>
    bars.reduce((sum, { start, end, tokens }) => {
      if (moment >= end) return sum + tokens;
      return moment <= start ? sum : sum + (tokens * (moment - start)) / (end - start);
    }, 0);
  return corners.map((moment) => ({ at: moment, tokens: at(moment) }));
}
