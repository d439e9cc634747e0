import type { ThinkingStop } from '../../contracts/responses/reasoning.ts';
import type { FinishReason, ModelEvent, ThinkingRequest, ThoughtSegment } from '../../core/language-model.ts';
import type { SampleCounter, UsageTotals } from '../../core/token-counts.ts';
import type { CallSteps } from './call-steps.ts';
import { type Sample, segmentOf } from './sample.ts';

type Finish = Extract<ModelEvent, { type: 'finish' }>;

/** One sample while its events are read. */
export type SampleReader = {
  /** Its number on the trace. */
  readonly number: number;
  readonly calls: CallSteps;
  readonly counter: SampleCounter;
  readonly segments: readonly ThoughtSegment[];
  readonly text: string;
  /** Why its thought ended, once it has. */
  readonly thinkingStop: ThinkingStop | undefined;
  /** Counts an event's tokens and keeps its text. */
  read(event: ModelEvent): void;
  /** The sample as its last event reports it. */
  finished(finish: Finish): Sample;
  /** What it has said by the deadline. */
  cut(): Sample;
};

/** `begun`: the partial thought that it continues. */
export function createSampleReader({
  number,
  begun,
  calls,
  counter,
}: Pick<SampleReader, 'number' | 'calls' | 'counter'> & { begun: readonly ThoughtSegment[] }): SampleReader {
  const segments = [...begun];
  const logprobs: Sample['answer']['logprobs'][number][] = [];
  const toolCalls: Sample['answer']['toolCalls'][number][] = [];
  let text = '';
  let thinkingStop: ThinkingStop | undefined;
  const sample = (finish: FinishReason | 'deadline', scores: Sample['scores'], stopText?: string): Sample => ({
    number,
    segments,
    answer: { text, logprobs, toolCalls, ...(stopText === undefined ? {} : { stopText }) },
    finish,
    thinkingStop,
    usage: { ...counter.tokens },
    scores,
  });
  return {
    number,
    calls,
    counter,
    segments,
    get text() {
      return text;
    },
    get thinkingStop() {
      return thinkingStop;
    },
    read(event) {
      counter.count(event);
      if (event.type === 'thinking-delta') segments.push(segmentOf(event));
      else if (event.type === 'thinking-end') thinkingStop = event.reason;
      else if (event.type === 'tool-call') toolCalls.push({ name: event.name, arguments: event.arguments });
      else if (event.type === 'answer-delta') {
        text += event.text;
        logprobs.push(...event.logprobs);
      }
    },
    finished: ({ reason, scores, stopText, thinkingStop: stop }) => ({
      ...sample(reason, scores, stopText),
      thinkingStop: stop,
    }),
    cut: () => sample('deadline', {}),
  };
}

/** The thought that a sample continues: what the request gives it, and what an earlier attempt thought before its calls. */
export function begunThought(thinking: ThinkingRequest | undefined, calls: CallSteps): ThoughtSegment[] {
  return [...(thinking?.prefix ?? []), ...(calls.thought === '' ? [] : [{ text: calls.thought }])];
}

/** Counts what a sample's last event reports of its prompt and of the results of tools. */
export function countPrompt(usage: UsageTotals, { usage: reported }: Finish): void {
  usage.addPrompt(reported);
  if (reported.toolTokens !== undefined) usage.add('tool', reported.toolTokens);
}
