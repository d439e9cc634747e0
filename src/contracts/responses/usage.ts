import { z } from 'zod';

const count = z.int().nonnegative();

/**
 * Decoded tokens by phase; their sum is `output_tokens`. `forced` tokens were inserted, not sampled; `answer` is the
 * visible answer.
 */
export const PhaseTokens = z.object({
  draft: count,
  think: count,
  check: count,
  revise: count,
  forced: count,
  /** Answers of samples that were not chosen. */
  discarded: count,
  answer: count,
});
export type PhaseTokens = z.infer<typeof PhaseTokens>;

/** Running totals of a request in tokens, as a strategy reports them. `tool`: results of tools, which are input; absent: none. */
export const RunningUsage = PhaseTokens.extend({ input: count, cached: count, tool: count.exactOptional() });
export type RunningUsage = z.infer<typeof RunningUsage>;

/** Nothing spent yet. */
export function emptyUsage(): RunningUsage {
  return { input: 0, cached: 0, draft: 0, think: 0, check: 0, revise: 0, forced: 0, discarded: 0, answer: 0 };
}

/** Of two totals of one request, the one with more tokens. */
export function largerUsage(one: RunningUsage, other: RunningUsage): RunningUsage {
  return totalTokens(other) > totalTokens(one) ? other : one;
}

/** Input and output together. */
export function totalTokens({ cached: _, ...counted }: RunningUsage): number {
  return Object.values(counted).reduce((sum, tokens) => sum + tokens, 0);
}

/** The tokens that `budget_tokens` limits: everything sampled while thinking, without drafts and inserted tokens. */
export function thinkingTokens({ think, check, revise }: Pick<PhaseTokens, 'think' | 'check' | 'revise'>): number {
  return think + check + revise;
}

/** Tokens that `max_output_tokens` bounds: everything that was decoded or inserted. */
export function outputTokens({ draft, think, check, revise, forced, discarded, answer }: PhaseTokens): number {
  return draft + think + check + revise + forced + discarded + answer;
}

/**
 * `usage` of a response: OpenAI's fields and our phases. Clients require numbers in the details, so the phases are
 * outside them.
 */
export const ResponseUsage = z.preprocess(
  withPhasesOutside,
  z.object({
    input_tokens: count,
    input_tokens_details: z.object({ cached_tokens: count, cache_write_tokens: count }),
    output_tokens: count,
    output_tokens_details: z.object({
      reasoning_tokens: count.describe(
        'All output tokens except the visible answer: drafts, thoughts, inserted tokens and answers that were not chosen. budget_tokens limits a part of them: the phases think, check and revise.',
      ),
    }),
    total_tokens: count,
    phases: PhaseTokens.extend({
      tool: count
        .exactOptional()
        .describe(
          'Results of tools that the service ran. They are part of input_tokens; the other phases add up to output_tokens.',
        ),
    }),
  }),
);
export type ResponseUsage = z.infer<typeof ResponseUsage>;

/**
 * The `usage` of a response from running totals: `reasoning_tokens` is everything decoded except the visible answer.
 */
export function responseUsage({ input: prompt, cached, tool, ...phases }: RunningUsage): ResponseUsage {
  const input = prompt + (tool ?? 0);
  const output = outputTokens(phases);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: output - phases.answer },
    total_tokens: input + output,
    phases: { ...phases, ...(tool === undefined ? {} : { tool }) },
  };
}

const OldUsage = z.looseObject({ output_tokens_details: z.looseObject({ phases: z.unknown() }) });

/** Responses stored by earlier versions have the phases in `output_tokens_details`. */
function withPhasesOutside(usage: unknown): unknown {
  const old = OldUsage.safeParse(usage);
  return old.success ? { phases: old.data.phases, ...old.data } : usage;
}
