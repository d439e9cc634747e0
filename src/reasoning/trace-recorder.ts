import type { TraceStep } from '../contracts/responses/trace.ts';
import type { StrategyEvent } from './strategy.ts';

export type StepPatch = Partial<Omit<TraceStep, 'index' | 'phase' | 'sample' | 'started_at' | 'duration_ms'>>;

/** A step that has begun; `done` gives its last event. */
export type OpenStep = {
  index: number;
  summary: string;
  added: StrategyEvent;
  delta(piece: { text: string; expression?: string | undefined }): StrategyEvent;
  done(patch: StepPatch): StrategyEvent & { type: 'step-done' };
};

/** Numbers the steps of one request and keeps those that are done. */
export type TraceRecorder = {
  begin(step: { phase: TraceStep['phase']; sample: number | null; summary: string } & StepPatch): OpenStep;
  /** In order of their index, an earlier attempt's included. */
  steps(): readonly TraceStep[];
};

export function createTraceRecorder(options: { now(): number; finished: readonly TraceStep[] }): TraceRecorder {
  const done = new Map(options.finished.map((step) => [step.index, step]));
  const used = new Set(done.keys());
  /** The lowest free number: a step that an earlier attempt left open is written over, so the trace has no gaps. */
  const nextIndex = (): number => {
    let index = 0;
    while (used.has(index)) index += 1;
    used.add(index);
    return index;
  };
  return {
    begin(given) {
      const open: TraceStep = {
        duration_ms: 0,
        tokens: 0,
        text: null,
        stop_reason: null,
        answer: null,
        confidence: null,
        checks: [],
        prompt: null,
        ...given,
        index: nextIndex(),
        started_at: options.now(),
      };
      return {
        index: open.index,
        summary: open.summary,
        added: { type: 'step-added', step: open },
        delta: ({ text, expression }) => ({
          type: 'step-delta',
          index: open.index,
          text,
          ...(expression !== undefined && { expression }),
        }),
        done(patch) {
          const step = { ...open, ...patch, duration_ms: Math.max(0, options.now() - open.started_at) };
          done.set(step.index, step);
          return { type: 'step-done', step };
        },
      };
    },
    steps: () => [...done.values()].sort((a, b) => a.index - b.index),
  };
}
