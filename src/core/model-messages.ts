import { z } from 'zod';
import { Constraint } from '../contracts/responses/constraint.ts';
import { Prompt } from '../contracts/responses/prompt.ts';
import { ThinkingStop } from '../contracts/responses/reasoning.ts';
import { serverBudgetStates } from '../contracts/service/model-card.ts';
import {
  type GenerateRequest,
  type ModelCapabilities,
  type ModelEvent,
  type ScoreRequest,
  type ScoreResult,
  samplingFields,
  type ToolEvent,
} from './language-model.ts';

/**
 * The port's requests and events as they cross a process border, as JSON. Each schema is held to the port's type by the
 * compiler, both ways.
 */
const count = z.int().nonnegative();
const ThoughtSegmentMessage = z.object({
  text: z.string(),
  tokenIds: z.array(count).exactOptional(),
  fed: z.boolean().exactOptional(),
  expression: z.string().exactOptional(),
});

const CacheScopeMessage = z.object({ owner: z.string(), response: z.string(), ownPrompt: z.boolean() });

export const GenerateRequestMessage = z.object({
  prompt: Prompt,
  samples: z.int().positive(),
  thinking: z
    .object({
      budgetTokens: count,
      perSampleTokens: count.exactOptional(),
      minimumTokens: count.exactOptional(),
      computeTokens: count.exactOptional(),
      prefix: z.array(ThoughtSegmentMessage).exactOptional(),
      ended: z.literal(true).exactOptional(),
    })
    .exactOptional(),
  answer: z.object({
    maxTokens: z.int().positive(),
    reserve: z.int().positive().exactOptional(),
    stop: z.array(z.string()).exactOptional(),
    constraint: Constraint.exactOptional(),
    toolCalls: z.literal('none').exactOptional(),
    topLogprobs: count.exactOptional(),
    spareLogprobs: z.literal(true).exactOptional(),
    prefix: z.array(ThoughtSegmentMessage).exactOptional(),
  }),
  sampling: z.object({
    temperature: z.number().nonnegative().exactOptional(),
    topP: z.number().exactOptional(),
    topK: z.number().exactOptional(),
    minP: z.number().exactOptional(),
    repetitionPenalty: z.number().exactOptional(),
    presencePenalty: z.number().exactOptional(),
    frequencyPenalty: z.number().exactOptional(),
    logitBias: z.record(z.string(), z.number()).exactOptional(),
    seed: z.number().exactOptional(),
  }),
  deterministic: z.boolean(),
  deadlineAt: z.number().exactOptional(),
  cacheScope: CacheScopeMessage.exactOptional(),
});

export const ScoreRequestMessage = z.object({
  prompt: Prompt,
  thinking: z.array(ThoughtSegmentMessage).exactOptional(),
  continuations: z.array(z.string()),
  cacheScope: CacheScopeMessage.exactOptional(),
});

export const ScoreResultMessage = z.object({
  continuations: z.array(z.object({ logprob: z.number(), tokens: count })),
  usage: z.object({ inputTokens: count, cachedTokens: count }),
});

const Logprob = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()).exactOptional() });

export const ModelEventMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('thinking-delta'),
    sample: count,
    text: z.string(),
    tokenIds: z.array(count),
    logprobs: z.array(z.number()),
    forced: z.boolean(),
    expression: z.string().exactOptional(),
  }),
  z.object({ type: z.literal('thinking-end'), sample: count, reason: ThinkingStop }),
  z.object({
    type: z.literal('answer-delta'),
    sample: count,
    text: z.string(),
    tokenIds: z.array(count),
    logprobs: z.array(Logprob.extend({ top: z.array(Logprob).exactOptional() })),
  }),
  z.object({ type: z.literal('tool-call'), sample: count, name: z.string(), arguments: z.string() }),
  z.object({
    type: z.literal('finish'),
    sample: count,
    reason: z.enum(['stop', 'length', 'loop', 'tool-calls', 'empty']),
    stopText: z.string().exactOptional(),
    thinkingStop: ThinkingStop.exactOptional(),
    usage: z.object({
      inputTokens: count,
      cachedTokens: count,
      thinkingTokens: count,
      forcedTokens: count,
      answerTokens: count,
      toolTokens: count.exactOptional(),
    }),
    scores: z.object({
      thinkingMeanLogprob: z.number().exactOptional(),
      answerMeanLogprob: z.number().exactOptional(),
      selfCertainty: z.number().exactOptional(),
    }),
  }),
]);

export const CapabilitiesMessage = z.object({
  thinking: z.boolean(),
  exactBudget: z.boolean(),
  rollback: z.boolean(),
  constraints: z.array(z.enum(['json_object', 'json_schema', 'regex', 'choice'])),
  logprobs: z.boolean(),
  score: z.boolean(),
  tools: z.boolean(),
  compute: z.boolean(),
  computesByDefault: z.literal(true).exactOptional(),
  seed: z.boolean(),
  batching: z.boolean(),
  cacheByOwner: z.boolean().exactOptional(),
  serverBudget: z.enum(serverBudgetStates).exactOptional(),
  parallel: z.int().positive().exactOptional(),
  sampling: z.array(z.enum(samplingFields)).exactOptional(),
  inputs: z.array(z.enum(['image', 'file'])).exactOptional(),
  family: z.string().exactOptional(),
  correction: z.string().exactOptional(),
});

/**
 * Compiles only while every schema takes what the port's type allows and gives what it promises, with every field of it:
 * a schema that lacks an optional one would drop it on the way.
 */
type Same<Port, Message extends Port> = [Port] extends [Readonlike<Message>]
  ? [Complete<Message>] extends [Complete<Port>]
    ? true
    : false
  : false;
type Readonlike<T> = T extends readonly (infer Item)[]
  ? readonly Readonlike<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Readonlike<T[Key]> }
    : T;
type Complete<T> = T extends readonly (infer Item)[]
  ? readonly Complete<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]-?: Complete<T[Key]> }
    : T;
type Assert<Fact extends true> = Fact;
/** @public Checked where it stands; nobody uses it. */
export type PortCheck = [
  // Tools are called on this side of the border.
  Assert<Same<Omit<GenerateRequest, 'made'>, z.infer<typeof GenerateRequestMessage>>>,
  Assert<Same<ScoreRequest, z.infer<typeof ScoreRequestMessage>>>,
  Assert<Same<ScoreResult, z.infer<typeof ScoreResultMessage>>>,
  Assert<Same<Exclude<ModelEvent, ToolEvent>, z.infer<typeof ModelEventMessage>>>,
  Assert<Same<ModelCapabilities, z.infer<typeof CapabilitiesMessage>>>,
];
