import { z } from 'zod';
import type { CreateResponse } from '../../contracts/responses/create-response.ts';
import { decidedReasoning, type EffectiveReasoning } from '../../contracts/responses/reasoning.ts';
import type { Warning } from '../../contracts/responses/response.ts';
import { type EffortTable, levelOf } from '../../contracts/service/effort-table.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import {
  answerShare,
  mostWithoutThinking,
  thinkingAllowed,
  tokenMargins,
  usableOutput,
} from '../../core/token-ledger.ts';
import { conflict, type ReasoningChoice } from './resolve-reasoning.ts';

export type ReasoningPlan = { effective: EffectiveReasoning; answerTokens: number; warnings: Warning[] };

/** Tokens throughout. `contextLeft` is what the prompt leaves, 1 or more. */
type PlanInput = {
  request: CreateResponse;
  choice: ReasoningChoice;
  table: EffortTable;
  contextLeft: number;
  /** What an answer may have where the request names no cap. */
  defaultAnswerTokens: number;
  /** The strategies that there are, to see which options each uses; undefined: all use all. */
  strategies?: ReadonlyArray<{ name: string; options: z.ZodType }> | undefined;
  /** What the model's own responses have shown of how long its chains are. */
  learnedLength?: number | undefined;
  /** Of the model: values can be computed in its thoughts; it expects that. */
  compute: { possible: boolean; usual: boolean };
};

/**
 * Spends the tokens of a request: the answer's reserve comes first, out of the context and out of `max_output_tokens`,
 * and thinking gets at most what is left.
 * @throws ServiceError `conflicting_parameters`, `context_length_exceeded` where a reserve that was asked for can't be had
 */
export function planReasoning(input: PlanInput): ReasoningPlan {
  const { request, choice } = input;
  checkStrategy(request, choice);
  const asked = request.reasoning?.answer_reserve_tokens ?? undefined;
  const most = request.max_output_tokens ?? undefined;
  if (asked !== undefined && most !== undefined && asked > most) {
    throw conflict('max_output_tokens', 'reasoning.answer_reserve_tokens');
  }
  if (asked !== undefined && asked > input.contextLeft) {
    throw new ServiceError({
      code: 'context_length_exceeded',
      message: `The answer's reserve of ${asked} tokens does not fit into the context: the input leaves ${input.contextLeft} tokens.`,
      param: 'reasoning.answer_reserve_tokens',
    });
  }
  // Of a context that is hardly larger than the usual reserve, half is left for thinking, as of `max_output_tokens`.
  const room = Math.min(most ?? input.contextLeft, input.contextLeft);
  const reserve = asked ?? answerShare(room, input.table.answer_reserve_tokens);
  return choice.thinks ? deliberate(input, reserve, asked) : fast(input, reserve, asked);
}

function fast(input: PlanInput, reserve: number, asked: number | undefined): ReasoningPlan {
  const { request, choice } = input;
  const answerTokens = answerTokensOf(input, reserve, asked);
  return {
    effective: {
      effort: choice.effort,
      strategy: 'direct',
      budget_tokens: 0,
      answer_reserve_tokens: reserve,
      samples: 1,
      max_revisions: 0,
      max_answer_tokens: answerTokens,
      deadline_ms: request.reasoning?.deadline_ms ?? null,
      compute: 'off',
    },
    answerTokens,
    warnings: [...beyondContext(input, answerTokens), ...ignoredByFast(request)],
  };
}

/** What a fast answer leaves out of what the request asks for. */
function ignoredByFast({ reasoning }: CreateResponse): Warning[] {
  const ignored = (['samples', 'max_revisions', 'checks'] as const).filter((name) => reasoning?.[name]);
  const message = 'Not applied. A fast answer has one sample, without checks or revisions.';
  return [
    ...ignored.map((name) => ({ field: `reasoning.${name}`, message })),
    ...(reasoning?.compute === 'on'
      ? [{ field: 'reasoning.compute', message: 'A fast answer has no thought to compute values in.' }]
      : []),
  ];
}

/** Visible tokens at most: as asked, else the usual, as far as the context goes. */
function answerTokensOf(
  { request, contextLeft, defaultAnswerTokens }: PlanInput,
  reserve: number,
  asked: number | undefined,
): number {
  return Math.min(request.max_output_tokens ?? asked ?? Math.max(defaultAnswerTokens, reserve), contextLeft);
}

/** `usable`: the most tokens that the request can use. */
function beyondContext({ request, contextLeft }: PlanInput, usable: number): Warning[] {
  const most = request.max_output_tokens ?? 0;
  if (most <= Math.max(contextLeft, usable)) return [];
  const message = `The context leaves ${contextLeft} tokens after the input, so the answer cannot reach ${most}.`;
  return [{ field: 'max_output_tokens', message }];
}

/** Whether a strategy has this option: one that has not runs one chain, or no revision. */
function uses({ strategies }: PlanInput, name: string, option: 'samples' | 'max_revisions'): boolean {
  const options = strategies?.find((strategy) => strategy.name === name)?.options;
  return !(options instanceof z.ZodObject) || Object.hasOwn(options.shape, option);
}

function deliberate(input: PlanInput, reserve: number, asked: number | undefined): ReasoningPlan {
  const { request, choice, table, contextLeft, learnedLength: learned } = input;
  const chains = chainsOf(input);
  const { strategy, samples, max_revisions } = chains;
  const compute = computeOf(input);
  const { allowed, inContext } = thinkingAllowed({
    contextLeft,
    reserve,
    samples,
    maxOutputTokens: request.max_output_tokens ?? undefined,
    compute: compute === 'on',
  });
  const wished = choice.budget === -1 ? allowed : (choice.budget ?? levelOf(table, choice.effort).budget_tokens);
  const budget = Math.min(wished, allowed);
  const answerTokens = answerTokensOf(input, reserve, asked);
  const otherAnswers = samples + max_revisions + 1;
  const warnings: Warning[] = [
    ...(choice.budget === undefined ? [] : loweredBudget(wished, budget)),
    ...(budget === 0
      ? [withoutThinking(input, { inContext, asked, compute: compute === 'on' }), ...ignoredByFast(request)]
      : unusedOptions(request, chains)),
    ...beyondContext(input, usableOutput({ thinking: budget, otherAnswers, reserve, answerTokens })),
  ];
  const effective: EffectiveReasoning = {
    effort: choice.effort,
    ...(choice.effort === 'auto' && { requested: 'auto' }),
    budget_tokens: budget,
    answer_reserve_tokens: reserve,
    ...(budget === 0 ? { strategy: 'direct', samples: 1, max_revisions: 0 } : { strategy, samples, max_revisions }),
    max_answer_tokens: answerTokens,
    deadline_ms: request.reasoning?.deadline_ms ?? null,
    ...(budget > 0 && learned !== undefined && { natural_tokens: learned }),
    compute: budget === 0 ? 'off' : compute,
  };
  const nothing = { effort: 'none', fast_suffices: null, because: 'No tokens are left for thinking.' } as const;
  return {
    effective: budget === 0 && choice.effort === 'auto' ? decidedReasoning(effective, nothing) : effective,
    answerTokens,
    warnings,
  };
}

type Chains = Pick<EffectiveReasoning, 'strategy' | 'samples' | 'max_revisions'>;

/** The strategy with its options, as the request or else the effort sets them. */
function chainsOf(input: PlanInput): Chains {
  const { request, choice, table } = input;
  const level = levelOf(table, choice.effort);
  const strategy = request.reasoning?.strategy ?? level.strategy;
  return {
    strategy,
    samples: uses(input, strategy, 'samples') ? (request.reasoning?.samples ?? level.samples) : 1,
    max_revisions: uses(input, strategy, 'max_revisions')
      ? (request.reasoning?.max_revisions ?? level.max_revisions)
      : 0,
  };
}

function loweredBudget(wished: number, budget: number): Warning[] {
  if (budget >= wished) return [];
  const message = `Lowered from ${wished} to ${budget} tokens, which is what the context and max_output_tokens leave.`;
  return [{ field: 'reasoning.budget_tokens', message }];
}

function withoutThinking(
  { request, table }: PlanInput,
  { inContext, asked, compute }: { inContext: number; asked: number | undefined; compute: boolean },
): Warning {
  const share = asked ?? Math.min(table.answer_reserve_tokens, tokenMargins.leastShared);
  const message =
    inContext === 0
      ? 'Answered fast: input and answer fill the context, and no tokens are left for thinking.'
      : `Answered fast: max_output_tokens (${request.max_output_tokens}) leaves no tokens for thinking. Raise it above ${mostWithoutThinking(share, compute)}, or lower reasoning.answer_reserve_tokens.`;
  return { field: 'reasoning.effort', message };
}

function unusedOptions({ reasoning }: CreateResponse, chains: Chains): Warning[] {
  return (['samples', 'max_revisions'] as const).flatMap((name) => {
    const given = reasoning?.[name] ?? chains[name];
    if (given === chains[name]) return [];
    return [{ field: `reasoning.${name}`, message: `The strategy ${chains.strategy} does not use it.` }];
  });
}

function computeOf({ request, table, compute: { possible, usual } }: PlanInput): 'on' | 'off' {
  const asked = request.reasoning?.compute ?? 'auto';
  const wanted = asked === 'auto' ? usual || table.compute === true : asked === 'on';
  return possible && wanted ? 'on' : 'off';
}

function checkStrategy(request: CreateResponse, choice: ReasoningChoice): void {
  const strategy = request.reasoning?.strategy;
  if (strategy && (strategy === 'direct') === choice.thinks) throw conflict(sourceOf(request), 'reasoning.strategy');
}

function sourceOf(request: CreateResponse): string {
  if (request.mode) return 'mode';
  return request.reasoning?.budget_tokens === 0 ? 'reasoning.budget_tokens' : 'reasoning.effort';
}
