import { z } from 'zod';
import type { AnswerVerdict } from '../contracts/responses/answer-verdict.ts';
import type { Prompt } from '../contracts/responses/prompt.ts';
import type {
  AnswerSource,
  EffectiveReasoning,
  IncompleteReason,
  Phase,
  ThinkingStop,
} from '../contracts/responses/reasoning.ts';
import type { TraceStep } from '../contracts/responses/trace.ts';
import { type RunningUsage, thinkingTokens } from '../contracts/responses/usage.ts';
import type { EffortTable } from '../contracts/service/effort-table.ts';
import type { AnswerRequest, LanguageModel, Sampling, TokenLogprob } from '../core/language-model.ts';
import type { Prompts } from './prompts.ts';

/**
 * A plan that spends a thinking budget. Pure: clock, randomness and prompts are handed in, so the same seed and a
 * scripted model give the same events. It knows no queue, no HTTP, no tags.
 */
export type Strategy = {
  name: string;
  description: string;
  /** Its options, as `GET /v1/strategies` shows them. */
  options: z.ZodType;
  /** What its checks are run with. Absent: it runs none. */
  checking?: StrategyDependencies;
  run(context: StrategyContext): AsyncGenerator<StrategyEvent, StrategyOutcome, void>;
};

/**
 * A part of a plan: `draft`: a fast answer first, where a deadline may come before a chain ends. `greedy`: the first chain is
 * greedy where the table says that this pays. `vote`: the leading answer's best chain is chosen, else the one that checks and
 * confidence rank first. `checks`: checks are run. `revise`: what failed is revised. `repair`: a revision puts what a check knows
 * to be right in the wrong line, except where the service computes in the thought. `filter`: answers that a check refuted are
 * dropped. `adaptive`: thinking ends as soon as the vote is settled or nothing can be voted on, else all chains are run.
 */
export const PlanPart = z.enum(['draft', 'greedy', 'vote', 'checks', 'revise', 'repair', 'filter', 'adaptive']);
export type PlanPart = z.infer<typeof PlanPart>;

/** What a strategy does with its budget. */
export type Plan = ReadonlySet<PlanPart>;

/** What a program printed, and whether it failed. */
export type RunPython = (
  code: string,
  options: { signal: AbortSignal },
) => Promise<{ output: string; isError: boolean; durationMs: number }>;

/** What strategies are made with, once per process. */
export type StrategyDependencies = {
  prompts: Prompts;
  /** Runs code in a fresh sandbox. Absent: Python is not available here. */
  runPython?: RunPython;
  /** Posts JSON to a caller's own check and gives its JSON reply. It must vet the address itself. Absent: webhook checks abstain. */
  postCheck?: (url: string, body: unknown, options: { signal: AbortSignal }) => Promise<unknown>;
};

export type StrategyContext = {
  model: LanguageModel;
  prompt: Prompt;
  effective: EffectiveReasoning;
  table: EffortTable;
  /** By name with options: the level's and the request's (chosen-checks.ts). */
  checks: ReadonlyArray<{ type: string; [option: string]: unknown }>;
  /** The strategy's own options as the request gave them; each strategy parses them by its schema. */
  options?: Readonly<Record<string, unknown>>;
  /** Bounds all decoded and fed tokens together (`max_output_tokens`). */
  maxOutputTokens?: number;
  /** `prefix` is what an attempt that died had already shown; it is not shown again. */
  answer: AnswerRequest;
  sampling: Sampling;
  deterministic: boolean;
  /** Epoch ms by which the whole response has to end, answer included. */
  deadlineAt?: number;
  /** Aborted at `deadlineAt`: whatever runs then is cut, and what there is by then is given. */
  deadline?: AbortSignal;
  signal: AbortSignal;
  answerNow: AbortSignal;
  /** Epoch ms. */
  now(): number;
  /** Steps that an earlier attempt has finished; they are kept, not thought again. */
  finishedSteps: readonly TraceStep[];
  /** What earlier attempts decoded and lost when their model's server broke off: it counts in the usage, so it is not granted again. */
  lost?: PhaseUsage;
  /** Steps of calls that an earlier attempt began and that have no result: it died meanwhile. */
  interruptedCalls?: readonly TraceStep[];
};

export type StrategyEvent =
  | { type: 'phase'; phase: Phase; step: number; steps: number | undefined }
  /** Running totals over the whole request. */
  | { type: 'usage'; usage: PhaseUsage }
  | { type: 'step-added'; step: TraceStep }
  /** A live piece of a step's thought, computed from `expression` where there is one; only for readers with scope. */
  | { type: 'step-delta'; index: number; text: string; expression?: string }
  | { type: 'step-done'; step: TraceStep }
  /** Settled text of the answer: never taken back. */
  | { type: 'answer-delta'; text: string; logprobs: readonly TokenLogprob[] }
  | { type: 'tool-call'; name: string; arguments: string };

/** Running totals of a request, as they also cross to the log and the wire. */
export type PhaseUsage = RunningUsage;

export type StrategyOutcome = {
  /** Null when it did not think. */
  thinkingStop: ThinkingStop | null;
  answerSource: AnswerSource;
  /** Null when it did not think, or came to no answer. */
  verdict: AnswerVerdict | null;
  /** Why the answer was cut, if it was. */
  incomplete?: IncompleteReason;
  /** The stop text that ended the answer. */
  stopText?: string;
  usage: PhaseUsage;
  warnings: ReadonlyArray<{ field: string; message: string }>;
};

/** An outcome with what was used; without a verdict if nothing was thought, unless a check of the caller's confirmed the answer. */
export function outcomeOf(
  { verdict = null, ...found }: Omit<StrategyOutcome, 'usage' | 'warnings' | 'verdict'> & Partial<StrategyOutcome>,
  usage: PhaseUsage,
  warnings: StrategyOutcome['warnings'],
): StrategyOutcome {
  const thinkingStop = stopOfThinking(found.thinkingStop, usage);
  const stands = thinkingStop !== null || verdict?.kind === 'verified';
  return { ...found, thinkingStop, verdict: stands ? verdict : null, usage, warnings };
}

/** Why thinking ended; null where it was stopped before its first token. Chains without a thought may agree all the same. */
function stopOfThinking(stop: ThinkingStop | null, usage: PhaseUsage): ThinkingStop | null {
  const isCut = stop === 'user' || stop === 'deadline' || stop === 'budget';
  return isCut && thinkingTokens(usage) === 0 ? null : stop;
}
