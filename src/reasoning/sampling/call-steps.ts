import type { TraceCall, TraceStep } from '../../contracts/responses/trace.ts';
import type { MadeCall, ToolEvent } from '../../core/language-model.ts';
import type { StrategyContext, StrategyEvent } from '../strategy.ts';
import type { OpenStep, TraceRecorder } from '../trace-recorder.ts';
import type { Sample } from './sample.ts';

/** The chain that calls are made in: its step's phase, and its number on the trace. */
type Chain = { of: TraceCall['of']; sample: number | null };

/** The steps of one chain's calls. */
export type CallSteps = {
  /** Calls that an earlier attempt made in this chain, which continues after them. */
  readonly made: readonly MadeCall[];
  /** What they had cost. */
  readonly spent: Sample['usage'];
  /** What was thought and said before them. */
  readonly thought: string;
  /** On the chain's own step. */
  patch(): { calls?: number[] };
  /** `usage`: of the chain so far. */
  take(event: ToolEvent, usage: Sample['usage']): StrategyEvent[];
};

type Attempt = Pick<StrategyContext, 'finishedSteps' | 'interruptedCalls'>;

/** Steps of calls whose chain has not ended: an attempt that died made them. */
export function openCalls({ finishedSteps }: Pick<Attempt, 'finishedSteps'>): TraceStep[] {
  const taken = new Set(finishedSteps.flatMap(({ calls }) => calls ?? []));
  return finishedSteps.filter(({ call, index }) => call !== undefined && !taken.has(index));
}

/** Opens and ends the steps of a chain's calls on the trace. */
export function createCallSteps(trace: TraceRecorder, attempt: Attempt, chain: Chain): CallSteps {
  const isOwn = ({ call, sample }: TraceStep) => call?.of === chain.of && sample === chain.sample;
  const ended = openCalls(attempt).filter(isOwn);
  const interrupted = (attempt.interruptedCalls ?? []).filter(isOwn);
  const steps = [...ended, ...interrupted].sort((a, b) => a.started_at - b.started_at || a.index - b.index);
  const made = steps.flatMap((step) => madeCall(step));
  const spent = { thinking: 0, forced: 0, answer: 0 };
  for (const { usage } of ended) {
    for (const kind of ['thinking', 'forced', 'answer'] as const) spent[kind] += usage?.[kind] ?? 0;
  }
  const indexes = ended.map(({ index }) => index);
  let last = { ...spent };
  let open: OpenStep | undefined;
  const begin = ({ call }: ToolEvent): OpenStep => {
    const step = trace.begin({
      phase: 'tool',
      sample: chain.sample,
      summary: `Calls ${call.name}.`,
      text: call.thought === '' ? null : call.thought,
      call: traceCall(call, chain.of),
    });
    indexes.push(step.index);
    return step;
  };
  return {
    made,
    spent,
    thought: made.map(({ thought, text }) => thought + text).join(''),
    patch: () => (indexes.length === 0 ? {} : { calls: [...indexes] }),
    take(event, usage) {
      if (event.type === 'tool-start') {
        open = begin(event);
        return [open.added];
      }
      const begun = open ?? begin(event);
      const isNew = open === undefined;
      open = undefined;
      const more = {
        thinking: usage.thinking - last.thinking,
        forced: usage.forced - last.forced,
        answer: usage.answer - last.answer,
      };
      last = { ...usage };
      const { output, isError, interrupted, call } = event;
      const done = begun.done({
        summary: isError ? `Called ${call.name}, which failed.` : `Called ${call.name}.`,
        call: { ...traceCall(call, chain.of), output, error: isError, ...(interrupted && { interrupted }) },
        usage: more,
      });
      return isNew ? [begun.added, done] : [done];
    },
  };
}

function traceCall({ id, name, arguments: args, turn, text }: ToolEvent['call'], of: TraceCall['of']): TraceCall {
  return { id, name, arguments: args, output: null, error: false, of, turn, text };
}

function madeCall({ call, text }: TraceStep): MadeCall[] {
  if (call === undefined) return [];
  const { id, name, arguments: args, turn, output, error } = call;
  const about = { id, name, arguments: args, turn, thought: text ?? '', text: call.text };
  return [output === null ? about : { ...about, result: { output, isError: error } }];
}
