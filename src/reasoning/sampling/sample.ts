import type { ComputedValue } from '../../contracts/responses/compute.ts';
import type { IncompleteReason, ThinkingStop } from '../../contracts/responses/reasoning.ts';
import type { TraceStep } from '../../contracts/responses/trace.ts';
import type {
  FinishReason,
  ModelEvent,
  SampleScores,
  ThoughtSegment,
  TokenLogprob,
} from '../../core/language-model.ts';

/** An answer as a model gave it. Without visible text and tool calls it is empty. */
export type SampleAnswer = {
  text: string;
  logprobs: readonly TokenLogprob[];
  toolCalls: ReadonlyArray<{ name: string; arguments: string }>;
  /** The stop text that ended it. */
  stopText?: string;
};

/** One chain of thought with its answer. Tokens. */
export type Sample = {
  number: number;
  /** The whole thought in segments, with the part that it was given to continue. */
  segments: readonly ThoughtSegment[];
  answer: SampleAnswer;
  /** `deadline`: cut by the request's own. */
  finish: FinishReason | 'deadline';
  /** Absent: it did not think. */
  thinkingStop: ThinkingStop | undefined;
  usage: { thinking: number; forced: number; answer: number };
  scores: SampleScores;
};

export function thoughtText(sample: Pick<Sample, 'segments'>): string {
  return sample.segments.map((segment) => segment.text).join('');
}

/** A piece of a thought as it came. */
export function segmentOf({
  text,
  tokenIds,
  expression,
}: Extract<ModelEvent, { type: 'thinking-delta' }>): ThoughtSegment {
  return { text, tokenIds, ...(expression !== undefined && { expression }) };
}

/** What a step keeps of the values that were computed in its thought; nothing where there are none. */
export function computedIn(segments: readonly ThoughtSegment[]): { computed?: ComputedValue[] } {
  const computed: ComputedValue[] = [];
  let end = 0;
  for (const { text, expression } of segments) {
    end += text.length;
    const { length } = text.trimStart();
    if (expression !== undefined) computed.push({ at: end - length, length, expression });
  }
  return computed.length === 0 ? {} : { computed };
}

/** A step's thought in pieces again, so that what was computed in it stays known. */
export function segmentsOf({ text, computed = [] }: Pick<TraceStep, 'text' | 'computed'>): ThoughtSegment[] {
  if (text === null) return [];
  const segments: ThoughtSegment[] = [];
  let from = 0;
  for (const { at, length, expression } of computed) {
    const start = Math.max(from, text.charAt(at - 1) === ' ' ? at - 1 : at);
    if (start > from) segments.push({ text: text.slice(from, start) });
    segments.push({ text: text.slice(start, at + length), expression });
    from = at + length;
  }
  if (from < text.length || segments.length === 0) segments.push({ text: text.slice(from) });
  return segments;
}

/** What a step keeps of an answer that ended so. A tool call has no text, so a later attempt thinks again. */
export function answerText(
  { text, toolCalls, stopText }: SampleAnswer,
  cut: IncompleteReason | undefined,
): Pick<TraceStep, 'answer_text' | 'answer_cut' | 'answer_stop'> {
  if (toolCalls.length > 0) return {};
  return {
    answer_text: text,
    ...(cut !== undefined && { answer_cut: cut }),
    ...(stopText !== undefined && { answer_stop: stopText }),
  };
}

/** Why an answer did not come to its own end; undefined where it did. */
export function cutBy(finish: Sample['finish']): IncompleteReason | undefined {
  if (finish === 'length') return 'max_output_tokens';
  return finish === 'deadline' || finish === 'loop' ? finish : undefined;
}

export function isEmptyAnswer(answer: SampleAnswer): boolean {
  return answer.text.trim() === '' && answer.toolCalls.length === 0;
}
