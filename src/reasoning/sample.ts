import type { ThinkingStop } from '../contracts/reasoning.ts';
import type { FinishReason, SampleScores, ThoughtSegment, TokenLogprob } from '../models/language-model.ts';

/** An answer as a model gave it. Visible text or a tool call, else it is empty. */
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
  /** The whole thought in pieces, what it was given to go on from included. */
  segments: readonly ThoughtSegment[];
  answer: SampleAnswer;
  finish: FinishReason;
  /** Absent: it did not think. */
  thinkingStop: ThinkingStop | undefined;
  usage: { thinking: number; forced: number; answer: number };
  scores: SampleScores;
};

export function thoughtText(sample: Pick<Sample, 'segments'>): string {
  return sample.segments.map((segment) => segment.text).join('');
}

/** What a step keeps of an answer. A tool's call is no text: a later attempt that has no call to give thinks again. */
export function answerText({ text, toolCalls }: SampleAnswer): { answer_text?: string } {
  return toolCalls.length === 0 ? { answer_text: text } : {};
}

export function isEmptyAnswer(answer: SampleAnswer): boolean {
  return answer.text.trim() === '' && answer.toolCalls.length === 0;
}
