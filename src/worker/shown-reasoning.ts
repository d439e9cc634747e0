import type { Job, LogLine } from '../contracts/responses/job.ts';
import { shownThought, winningThought } from '../contracts/responses/response-from-log.ts';
import { responseJob } from '../contracts/responses/response-job.ts';
import { summarisedStep, type TraceStep } from '../contracts/responses/trace.ts';
import { answeredAtOnce } from '../reasoning/summary.ts';
import type { WorkerDependencies } from './dependencies.ts';
import type { StepDelta } from './live-steps.ts';
import { endedSteps } from './trace-writer.ts';
import type { WireWriter } from './wire-writer.ts';

/** The reasoning that the client of a response sees while it runs, as far as the request asked for it. */
export type ShownReasoning = {
  isWanted(): boolean;
  /** Whether the thoughts of all chains are logged while they are sampled. */
  isLive(): boolean;
  /** Parts of the summary that an earlier attempt's steps have not written yet. */
  resume(): LogLine[];
  /** A step begins. The first chain's thought is shown while it is sampled. */
  begin(step: TraceStep): void;
  thought(delta: StepDelta): LogLine[];
  /** A step has ended: its thought is complete, and its part of the summary is known. */
  end(step: TraceStep): LogLine[];
  /** The answer is known: writes the winning thought if another one was shown, and the encrypted reasoning. */
  settle(steps: readonly TraceStep[]): LogLine[];
};

export function createShownReasoning(options: {
  job: Job;
  log: readonly LogLine[];
  wire: WireWriter;
  dependencies: Pick<WorkerDependencies, 'summarise' | 'seal'>;
}): ShownReasoning {
  const { job, log, wire, dependencies } = options;
  const { effective, include, summary: mode, scopes, background, request } = responseJob(job);
  const isAskedFor = mode !== null || include.reasoning_text || include.encrypted_content;
  // A fast answer has no reasoning.
  let isFast = effective.budget_tokens === 0;
  // A client that waits for the whole response needs only the winning thought, which keeps the log short.
  const isLive = include.reasoning_text && (background || request.stream === true);
  const ended: TraceStep[] = [];
  let hasThought = false;
  /** The index of the step whose thought is shown. */
  let shown: number | undefined;

  const part = (step: TraceStep): string[] => {
    // So has an answer without thinking that `auto` tried and kept.
    isFast ||= step.decided?.effort === 'none';
    hasThought ||= step.phase === 'think' && step.text !== null && step.text !== '';
    if (isFast || mode === null) return [];
    const summarised = summarisedStep(step, scopes);
    const text = dependencies.summarise(summarised, { before: [...ended], mode });
    ended.push(summarised);
    return text === undefined ? [] : [text];
  };

  return {
    isWanted: () => isAskedFor && !isFast,
    isLive: () => isLive && !isFast,
    resume() {
      const parts = endedSteps(log).flatMap(part);
      return parts.slice(wire.summaryParts()).flatMap((text) => wire.summary(text));
    },
    begin(step) {
      const isFirst = shown === undefined && step.phase === 'think' && !hasThought;
      if (!isFast && isLive && isFirst) shown = step.index;
    },
    thought: ({ index, text }) => (index === shown ? wire.thought(text) : []),
    end(step) {
      const lines = step.index === shown ? wire.endThought() : [];
      return [...lines, ...part(step).flatMap((text) => wire.summary(text))];
    },
    settle(steps) {
      const thought = winningThought(steps);
      const text = include.reasoning_text ? shownThought(steps) : '';
      const sealed = thought !== '' && include.encrypted_content && dependencies.seal?.(thought, job.owner);
      return wire.reasoning({
        ...(mode === null ? {} : { summary: answeredAtOnce }),
        ...(text === '' ? {} : { text }),
        ...(sealed ? { encrypted: sealed } : {}),
      });
    },
  };
}
