import type { AnswerRequest, LanguageModel, ModelEvent } from '../../core/language-model.ts';
import type { RunState } from '../run-state.ts';
import type { StrategyEvent } from '../strategy.ts';
import { type FastProbe, withEvent } from './fast-probe.ts';

/** A fast answer while it is read. */
export type Reading = {
  events: AsyncIterator<ModelEvent>;
  read: ModelEvent[];
  probe: FastProbe;
  /** What the model threw at the deadline: what came before it is all that there will be. */
  fault: unknown;
};

/** Reads on while it has not ended and `goesOn`; its tokens are counted as a draft's. At the deadline it ends. */
export async function* readOn(
  reading: Reading,
  { context, usage }: RunState,
  goesOn: (probe: FastProbe) => boolean,
): AsyncGenerator<StrategyEvent, void, void> {
  try {
    while (reading.probe.finish === undefined && goesOn(reading.probe)) {
      const next = await reading.events.next();
      if (next.done) break;
      reading.read.push(next.value);
      const before = reading.probe.counted;
      reading.probe = withEvent(reading.probe, next.value);
      usage.add('draft', reading.probe.counted - before);
      yield { type: 'usage', usage: usage.snapshot() };
    }
  } catch (error) {
    context.signal.throwIfAborted();
    if (context.deadline?.aborted !== true) throw error;
    reading.fault = error;
  }
}

/** The model, whose next run gives what was read of this one, and then the rest of it, as the request wants the answer. */
export function replayed(
  model: LanguageModel,
  run: Pick<Reading, 'read' | 'events' | 'fault'> & { answer: AnswerRequest },
): LanguageModel {
  let begun = false;
  return {
    ...model,
    generate(...parameters) {
      if (begun) return model.generate(...parameters);
      begun = true;
      return replay(run);
    },
  };
}

async function* replay({
  read,
  events,
  fault,
  answer,
}: Parameters<typeof replayed>[1]): AsyncGenerator<ModelEvent, void, void> {
  try {
    for (const event of read) yield asAsked(event, answer);
    if (fault !== undefined) throw fault;
    for (let next = await events.next(); !next.done; next = await events.next()) yield asAsked(next.value, answer);
  } finally {
    await events.return?.().catch(() => undefined);
  }
}

/** Alternatives that only the decision needed are left out. */
function asAsked(event: ModelEvent, { topLogprobs }: AnswerRequest): ModelEvent {
  if (event.type !== 'answer-delta') return event;
  const logprobs = event.logprobs.map(({ top, ...own }) =>
    topLogprobs === undefined || top === undefined ? own : { ...own, top: top.slice(0, topLogprobs) },
  );
  return { ...event, logprobs };
}
