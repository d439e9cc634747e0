import { z } from 'zod';
import { Constraint } from '../contracts/responses/constraint.ts';
import { Prompt } from '../contracts/responses/prompt.ts';
import { ThinkingStop } from '../contracts/responses/reasoning.ts';
import { serverBudgetStates } from '../contracts/service/model-card.ts';

/**
 * The port to a model. Implementations: `src/models/local/` (ONNX weights), `src/models/servers/` (any OpenAI-compatible
 * server), and a scripted one for unit tests. At most eight members; a ninth needs a note in docs/decisions.
 * What a call takes and gives are zod schemas, since it also crosses to the inference process as JSON (`inference-protocol.ts`).
 */
export interface LanguageModel {
  /** The name that a request's `model` field gives. */
  readonly id: string;
  /** Prompt, thoughts and answer of one row together, in tokens. */
  readonly contextLength: number;
  readonly capabilities: ModelCapabilities;
  /**
   * Runs one prompt, `samples` times at once. Events of different samples interleave; each sample ends in exactly one
   * `finish`. Aborting `signal` ends the iteration with that signal's reason within one decode step.
   * @throws ServiceError `context_length_exceeded`, `unsupported_constraint`, `model_unavailable`
   */
  generate(request: GenerateRequest, options: GenerateOptions): AsyncIterable<ModelEvent>;
  /** Log-probabilities of given continuations of a prompt, of the raw distribution (temperature 1, no mask). */
  score(request: ScoreRequest, options: { signal: AbortSignal }): Promise<ScoreResult>;
  /** Tokens of the rendered prompt, template included, up to where the model would go on. */
  countTokens(prompt: Prompt, options: { thinking: boolean }): Promise<number>;
  /**
   * A response has ended: the keys and values of its thoughts and answers are dropped; those of its owner's prompts may stay.
   * Absent: nothing is kept between calls, or a server keeps it.
   */
  forget?(response: string): Promise<void>;
  close(): Promise<void>;
}

export type GenerateOptions = {
  signal: AbortSignal;
  /** Aborted when the caller wants the answer now: thinking ends within one step, the answer follows. */
  answerNow?: AbortSignal;
  /**
   * Called after an abort, by models that can count: the thinking tokens that all samples together have decoded, with those
   * that were not read. None is decoded after it.
   */
  onStopped?(thinkingTokens: number): void;
  /**
   * A sample whose stream breaks for good ends in a `finish` of reason `fault`, and the others go on; only once all have broken,
   * their fault is thrown. False: the first fault ends all samples. Samples without a stream of their own always fail together.
   */
  keepsOthers?: boolean;
};

const count = z.int().nonnegative();

/** The sampling that a request can name, beside its seed. */
export const samplingFields = [
  'temperature',
  'topP',
  'topK',
  'minP',
  'presencePenalty',
  'frequencyPenalty',
  'logitBias',
] as const satisfies ReadonlyArray<keyof Sampling>;

/** What an implementation can do. What it can't do, a caller learns here and never by a silent difference. */
export const ModelCapabilities = z.object({
  /** Thoughts are kept apart from the answer. */
  thinking: z.boolean(),
  /** The thinking budget is exact to the token (else it is an estimate enforced by aborting). */
  exactBudget: z.boolean(),
  /** A thought can be cut and continued from given segments (`thinking.prefix`). */
  rollback: z.boolean(),
  /** `Constraint` types that it can enforce on the answer. */
  constraints: z.array(z.enum(['json_object', 'json_schema', 'regex', 'choice'])).readonly(),
  logprobs: z.boolean(),
  score: z.boolean(),
  tools: z.boolean(),
  seed: z.boolean(),
  /** Samples of one prompt share its prefill and run together. */
  batching: z.boolean(),
  /** Values can be computed in a thought (`thinking.computeTokens`). */
  compute: z.boolean(),
  /** Only for a prompt of text alone: with tools, images or files nothing is computed. */
  computesTextOnly: z.literal(true).exactOptional(),
  /** Its own configuration says that it expects them to be. */
  computesByDefault: z.literal(true).exactOptional(),
  /** Its prefix cache is kept apart by `CacheScope.owner`, so that `cachedTokens` reveals nothing about other owners. */
  cacheByOwner: z.boolean().exactOptional(),
  /** Whether its server ends a thought at the budget by itself. Absent: no server. */
  serverBudget: z.enum(serverBudgetStates).exactOptional(),
  /** Samples that are known to run at the same time on its server; more wait. 1: no more is known. Absent: no server. */
  parallel: z.int().positive().exactOptional(),
  /** Which of `samplingFields` it applies. Absent: all. */
  sampling: z.array(z.enum(samplingFields)).readonly().exactOptional(),
  /** What a user's turn may hold beside text (`parts`). Absent: nothing. */
  inputs: z
    .array(z.enum(['image', 'file']))
    .readonly()
    .exactOptional(),
  /** Its family's name: prompts may have a version of their own for it. */
  family: z.string().exactOptional(),
  /** The family's sentence after a wrong line, on a line of its own; `{{wrong}}` is the wrong value. Absent: none. */
  correction: z.string().exactOptional(),
});
export type ModelCapabilities = z.infer<typeof ModelCapabilities>;

/**
 * A piece of a thought. `tokenIds` are the model's own where they are known; an implementation without them uses `text`.
 * `fed`: this piece is new here (a correction sentence), so its tokens count as `forcedTokens`. `expression`: the piece is a
 * space and the value that was computed for it.
 */
export const ThoughtSegment = z.object({
  text: z.string(),
  tokenIds: z.array(count).readonly().exactOptional(),
  fed: z.boolean().exactOptional(),
  expression: z.string().exactOptional(),
});
export type ThoughtSegment = z.infer<typeof ThoughtSegment>;

/**
 * Which requests may start from this one's keys and values. Reuse shows, in `cachedTokens` and in time, that a prompt begins
 * like an earlier one. So nothing is shared between owners, and thoughts and answers only within their response.
 */
export const CacheScope = z.object({
  /** Stands for the key that the response belongs to; it can't be guessed from the key's id. */
  owner: z.string(),
  /** Requests of one response share all that they compute. */
  response: z.string(),
  /** The prompt is what the owner sent, so the owner's other responses may start from it. False: it holds hidden text, such as a draft. */
  ownPrompt: z.boolean(),
});
export type CacheScope = z.infer<typeof CacheScope>;

export const ThinkingRequest = z.object({
  /** Cap on *sampled* thinking tokens over all samples together; never exceeded by one. */
  budgetTokens: count,
  /** Cap for one sample; default: the whole budget. */
  perSampleTokens: count.exactOptional(),
  /** An earlier end of thinking is replaced by the family's continuation word (budget forcing, arXiv 2501.19393). */
  minimumTokens: count.exactOptional(),
  /** The thought continues from these: kept lines after a roll back, or what an earlier attempt had thought. Not counted in the budget. */
  prefix: z.array(ThoughtSegment).readonly().exactOptional(),
  /**
   * Tokens that each sample may be fed as computed values: behind an equals sign in its thought, the value of the line. They
   * are forced tokens, beside the budget. Absent: nothing is computed; ignored by a model without `compute`.
   */
  computeTokens: count.exactOptional(),
  /** `prefix` is a whole thought, as an earlier attempt had ended it: nothing is added to it, the answer follows. */
  ended: z.literal(true).exactOptional(),
});
export type ThinkingRequest = z.infer<typeof ThinkingRequest>;

export const AnswerRequest = z.object({
  /** Visible tokens (and tool calls) at most. */
  maxTokens: z.int().positive(),
  /** Of them, those that thinking leaves room for in any case; the others are available where the context still has them. Default: all. */
  reserve: z.int().positive().exactOptional(),
  /** The answer continues from these (an attempt that died had already shown them); their tokens are neither returned again nor counted. */
  prefix: z.array(ThoughtSegment).readonly().exactOptional(),
  stop: z.array(z.string()).readonly().exactOptional(),
  constraint: Constraint.exactOptional(),
  /** `none`: the prompt names its tools, and none is called. */
  toolCalls: z.literal('none').exactOptional(),
  /** 0 to 20 alternatives per token; absent: none are returned. */
  topLogprobs: count.exactOptional(),
  /** The alternatives are for the engine's own use: a server that refuses them is asked without. */
  spareLogprobs: z.literal(true).exactOptional(),
});
export type AnswerRequest = z.infer<typeof AnswerRequest>;

export const Sampling = z.object({
  /** 0 is greedy. Absent: the model's own settings hold for all that is not given here. */
  temperature: z.number().nonnegative().exactOptional(),
  topP: z.number().exactOptional(),
  topK: z.number().exactOptional(),
  minP: z.number().exactOptional(),
  repetitionPenalty: z.number().exactOptional(),
  presencePenalty: z.number().exactOptional(),
  frequencyPenalty: z.number().exactOptional(),
  /** By token id: what is added to its logit. */
  logitBias: z.record(z.string(), z.number()).readonly().exactOptional(),
  /** Sample i of a request draws from the stream of (seed, i). Absent: a random one. */
  seed: z.number().exactOptional(),
});
export type Sampling = z.infer<typeof Sampling>;

/** A call of a tool that the service runs itself, within a chain. */
export const ServerCall = z.object({
  id: z.string(),
  /** As the model knows the tool. */
  name: z.string(),
  arguments: z.string(),
  /** Calls that were made together have the same number. */
  turn: count,
  /** What the chain thought and said in this turn; empty in further calls of one turn. */
  thought: z.string(),
  text: z.string(),
});
export type ServerCall = z.infer<typeof ServerCall>;

/** Without `result`: the worker that made it died meanwhile. */
export const MadeCall = ServerCall.extend({
  result: z.object({ output: z.string(), isError: z.boolean() }).exactOptional(),
});
export type MadeCall = z.infer<typeof MadeCall>;

export const GenerateRequest = z.object({
  prompt: Prompt,
  /** Rows decoded from this one prompt, 1 or more. */
  samples: z.int().positive(),
  /** Absent: answer at once, without thinking. */
  thinking: ThinkingRequest.exactOptional(),
  answer: AnswerRequest,
  sampling: Sampling,
  /** Run each row alone, so that a seeded text doesn't depend on what else is decoded at the time. */
  deterministic: z.boolean(),
  /** Epoch ms at which thinking ends and the answer begins; the answer itself is not cut by it. */
  deadlineAt: z.number().exactOptional(),
  /** Absent: the request shares its cache with no other. */
  cacheScope: CacheScope.exactOptional(),
  /** Of each sample: calls that an earlier attempt has made in it; the chain goes on behind them. Read by `tools/with-tools.ts` alone. */
  made: z.array(z.array(MadeCall).readonly()).readonly().exactOptional(),
});
export type GenerateRequest = z.infer<typeof GenerateRequest>;

/** True where tokens of a tool call may come. */
export function mayCallTools({ prompt, answer }: Pick<GenerateRequest, 'prompt' | 'answer'>): boolean {
  return (prompt.tools?.length ?? 0) > 0 && answer.toolCalls !== 'none';
}

export const ScoredToken = z.object({
  /** Its text alone. */
  token: z.string(),
  logprob: z.number(),
  /** Present where the text can't show them: a piece of a character. */
  bytes: z.array(z.int()).readonly().exactOptional(),
});
export type ScoredToken = z.infer<typeof ScoredToken>;

export const TokenLogprob = ScoredToken.extend({ top: z.array(ScoredToken).readonly().exactOptional() });
export type TokenLogprob = z.infer<typeof TokenLogprob>;

/**
 * `length`: the answer met its cap or the context's end. `loop`: it repeated itself and was cut. `empty`: there is nothing
 * visible in it. `fault`: its server's stream broke, so its answer is not whole (only with `keepsOthers`).
 */
export const FinishReason = z.enum(['stop', 'length', 'loop', 'tool-calls', 'empty', 'fault']);
export type FinishReason = z.infer<typeof FinishReason>;

/**
 * Tokens. `inputTokens` is the prompt with a thought's prefix; it is computed once however many samples there are, and
 * reported for each. The others are the ids of the deltas: sampled thoughts, fed tokens, the answer with its tool calls.
 * Close and end tags that a model writes by itself are in none of them.
 */
export const SampleUsage = z.object({
  inputTokens: count,
  /** Of the owner's own prompt, without thoughts: tokens that were found in the cache. */
  cachedTokens: count,
  thinkingTokens: count,
  forcedTokens: count,
  answerTokens: count,
  /** Of the results of tools that the service ran: input behind the prompt. Absent: none. */
  toolTokens: count.exactOptional(),
});
export type SampleUsage = z.infer<typeof SampleUsage>;

/** Of the raw distribution, without fed tokens; absent where the implementation has none. */
export const SampleScores = z.object({
  thinkingMeanLogprob: z.number().exactOptional(),
  answerMeanLogprob: z.number().exactOptional(),
  /** Mean KL divergence of uniform from the model's distribution, in nats (arXiv 2502.18581), over sampled tokens. */
  selfCertainty: z.number().exactOptional(),
});
export type SampleScores = z.infer<typeof SampleScores>;

/** Tokens of a chain that goes on behind a call: what it wrote so far counts as thinking, within its budget. */
export const ChainUsage = SampleUsage.pick({ thinkingTokens: true, forcedTokens: true, answerTokens: true });
export type ChainUsage = z.infer<typeof ChainUsage>;

/**
 * A chain calls a tool of the service. A call is made once its `tool-start` has been taken by the reader, who logs it first. A
 * call that was interrupted and may not be repeated has a `tool-result` alone. `usage`: of the chain so far.
 */
export const ToolEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('tool-start'), sample: count, call: ServerCall, usage: ChainUsage }),
  z.object({
    type: z.literal('tool-result'),
    sample: count,
    call: ServerCall,
    output: z.string(),
    isError: z.boolean(),
    interrupted: z.literal(true).exactOptional(),
    durationMs: z.number(),
    usage: ChainUsage,
  }),
]);
export type ToolEvent = z.infer<typeof ToolEvent>;

export const ModelEvent = z.discriminatedUnion('type', [
  ToolEvent,
  /**
   * `forced` tokens were fed (stop-thinking sentence, correction, continuation word, computed value), not sampled.
   * `expression`: the text is a space and the value that was computed for it.
   */
  z.object({
    type: z.literal('thinking-delta'),
    sample: count,
    text: z.string(),
    tokenIds: z.array(count).readonly(),
    logprobs: z.array(z.number()).readonly(),
    forced: z.boolean(),
    expression: z.string().exactOptional(),
  }),
  z.object({ type: z.literal('thinking-end'), sample: count, reason: ThinkingStop }),
  z.object({
    type: z.literal('answer-delta'),
    sample: count,
    text: z.string(),
    tokenIds: z.array(count).readonly(),
    logprobs: z.array(TokenLogprob).readonly(),
  }),
  z.object({ type: z.literal('tool-call'), sample: count, name: z.string(), arguments: z.string() }),
  z.object({
    type: z.literal('finish'),
    sample: count,
    reason: FinishReason,
    /** The text of `answer.stop` that ended it. */
    stopText: z.string().exactOptional(),
    thinkingStop: ThinkingStop.exactOptional(),
    usage: SampleUsage,
    scores: SampleScores,
  }),
]);
export type ModelEvent = z.infer<typeof ModelEvent>;

export const ScoreRequest = z.object({
  prompt: Prompt,
  /** Continue after an empty thought (fast form) unless thoughts are given. */
  thinking: z.array(ThoughtSegment).readonly().exactOptional(),
  continuations: z.array(z.string()).readonly(),
  /** As in `GenerateRequest`. */
  cacheScope: CacheScope.exactOptional(),
});
export type ScoreRequest = z.infer<typeof ScoreRequest>;

export const ScoreResult = z.object({
  continuations: z.array(z.object({ logprob: z.number(), tokens: count })).readonly(),
  usage: z.object({ inputTokens: count, cachedTokens: count }),
});
export type ScoreResult = z.infer<typeof ScoreResult>;
