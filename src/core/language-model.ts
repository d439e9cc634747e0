import type { Constraint } from '../contracts/responses/constraint.ts';
import type { Prompt } from '../contracts/responses/prompt.ts';
import type { ThinkingStop } from '../contracts/responses/reasoning.ts';
import type { serverBudgetStates } from '../contracts/service/model-card.ts';

/**
 * The port to a model. Implementations: `transformers` (local ONNX weights), `openai` (any OpenAI-compatible server),
 * `scripted` (unit tests). At most eight members; a ninth needs a note in docs/decisions.
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

/** What an implementation can do; what it can't, a caller learns here and never by a silent difference. */
export type ModelCapabilities = {
  /** Thoughts are told apart from the answer. */
  thinking: boolean;
  /** The thinking budget is exact to the token (else it is an estimate enforced by aborting). */
  exactBudget: boolean;
  /** A thought can be cut and continued from given segments (`thinking.prefix`). */
  rollback: boolean;
  /** `Constraint` types that the answer can be held to. */
  constraints: ReadonlyArray<Constraint['type']>;
  logprobs: boolean;
  score: boolean;
  tools: boolean;
  seed: boolean;
  /** Samples of one prompt share its prefill and run together. */
  batching: boolean;
  /** Values can be computed in a thought (`thinking.computeTokens`). */
  compute: boolean;
  /** Its own configuration says that it expects them to be. */
  computesByDefault?: true;
  /** Its prefix cache is kept apart by `CacheScope.owner`, so that `cachedTokens` tells nothing of other owners. */
  cacheByOwner?: boolean;
  /** Whether its server ends a thought at the budget by itself. Absent: no server. */
  serverBudget?: (typeof serverBudgetStates)[number];
  /** Samples that are known to run at the same time on its server; more wait. 1: no more is known. Absent: no server. */
  parallel?: number;
  /** What of `samplingFields` it honours. Absent: all. */
  sampling?: ReadonlyArray<(typeof samplingFields)[number]>;
  /** What a user's turn may hold beside text (`parts`). Absent: nothing. */
  inputs?: ReadonlyArray<'image' | 'file'>;
  /** Its family's name: prompts may have a version of their own for it. */
  family?: string;
  /** The family's sentence after a wrong line, on a line of its own; `{{wrong}}` is the wrong value. Absent: none. */
  correction?: string;
};

export type GenerateOptions = {
  signal: AbortSignal;
  /** Aborted when the caller wants the answer now: thinking ends within one step, the answer follows. */
  answerNow?: AbortSignal;
  /**
   * Called after an abort, by models that can tell: the thinking tokens that all rows together have sampled, with those that
   * nobody has read any more. None is sampled after it.
   */
  onStopped?(thinkingTokens: number): void;
};

export type GenerateRequest = {
  prompt: Prompt;
  /** Rows decoded from this one prompt, 1 or more. */
  samples: number;
  /** Absent: answer at once, without thinking. */
  thinking?: ThinkingRequest;
  answer: AnswerRequest;
  sampling: Sampling;
  /** Run each row alone, so that a seeded text doesn't depend on what else is decoded at the time. */
  deterministic: boolean;
  /** Epoch ms at which thinking ends and the answer begins; the answer itself is not cut by it. */
  deadlineAt?: number;
  /** Absent: the request shares its cache with no other. */
  cacheScope?: CacheScope;
  /** Of each sample: calls that an earlier attempt has made in it; the chain goes on behind them. Read by `tools/with-tools.ts` alone. */
  made?: ReadonlyArray<readonly MadeCall[]>;
};

/** A call of a tool that the service runs itself, within a chain. */
export type ServerCall = {
  id: string;
  /** As the model knows the tool. */
  name: string;
  arguments: string;
  /** Calls that were made together have the same number. */
  turn: number;
  /** What the chain thought and said in this turn; empty in further calls of one turn. */
  thought: string;
  text: string;
};

/** Without `result`: the worker that made it died meanwhile. */
export type MadeCall = ServerCall & { result?: { output: string; isError: boolean } };

/**
 * Which requests may start from this one's keys and values. Reuse shows, in `cachedTokens` and in time, that a prompt begins
 * like an earlier one. So nothing is shared between owners, and thoughts and answers only within their response.
 */
export type CacheScope = {
  /** Stands for the key that the response belongs to; it can't be guessed from the key's id. */
  owner: string;
  /** Requests of one response share all that they compute. */
  response: string;
  /** The prompt is what the owner sent, so the owner's other responses may start from it. Not so: it holds hidden text, such as a draft. */
  ownPrompt: boolean;
};

export type ThinkingRequest = {
  /** Cap on *sampled* thinking tokens over all samples together; never exceeded by one. */
  budgetTokens: number;
  /** Cap for one sample; default: the whole budget. */
  perSampleTokens?: number;
  /** An earlier end of thinking is replaced by the family's continuation word (budget forcing, arXiv 2501.19393). */
  minimumTokens?: number;
  /** The thought goes on from these: kept lines after a roll back, or what an earlier attempt had thought. Not counted in the budget. */
  prefix?: readonly ThoughtSegment[];
  /**
   * Tokens that each sample may be fed as computed values: behind an equals sign in its thought, the value of the line. They
   * are forced tokens, beside the budget. Absent: nothing is computed; ignored by a model without `compute`.
   */
  computeTokens?: number;
  /** `prefix` is a whole thought, as an earlier attempt had ended it: nothing is added to it, the answer follows. */
  ended?: true;
};

/**
 * A piece of a thought. `tokenIds` are the model's own where they are known; an implementation without them uses `text`.
 * `fed`: this piece is new here (a correction sentence), so its tokens count as `forcedTokens`. `expression`: the piece is a
 * space and the value that was computed for it.
 */
export type ThoughtSegment = { text: string; tokenIds?: readonly number[]; fed?: boolean; expression?: string };

export type AnswerRequest = {
  /** Visible tokens (and tool calls) at most. */
  maxTokens: number;
  /** Of them, what thinking leaves room for in any case; the rest is had where the context still has it. Default: all. */
  reserve?: number;
  /** The answer goes on from these (an attempt that died had already shown them); their tokens are neither returned again nor counted. */
  prefix?: readonly ThoughtSegment[];
  stop?: readonly string[];
  constraint?: Constraint;
  /** `none`: the prompt tells of its tools, and none is called. */
  toolCalls?: 'none';
  /** 0 to 20 alternatives per token; absent: none are returned. */
  topLogprobs?: number;
  /** The alternatives are for the engine's own use: a server that refuses them is asked without. */
  spareLogprobs?: true;
};

/** True where tokens of a tool call may come. */
export function mayCallTools({ prompt, answer }: Pick<GenerateRequest, 'prompt' | 'answer'>): boolean {
  return (prompt.tools?.length ?? 0) > 0 && answer.toolCalls !== 'none';
}

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

export type Sampling = {
  /** 0 is greedy. Absent: the model's own settings hold for all that is not given here. */
  temperature?: number;
  topP?: number;
  topK?: number;
  minP?: number;
  repetitionPenalty?: number;
  presencePenalty?: number;
  frequencyPenalty?: number;
  /** By token id: what is added to its logit. */
  logitBias?: Readonly<Record<string, number>>;
  /** Sample i of a request draws from the stream of (seed, i). Absent: a random one. */
  seed?: number;
};

export type TokenLogprob = ScoredToken & { top?: readonly ScoredToken[] };

export type ScoredToken = {
  /** As it reads by itself. */
  token: string;
  logprob: number;
  /** Where the text doesn't tell them: a piece of a character. */
  bytes?: readonly number[];
};

export type ModelEvent =
  | ToolEvent
  /**
   * `forced` tokens were fed (hand-over, correction, continuation word, computed value), not sampled. `expression`: the text
   * is a space and the value that was computed for it.
   */
  | {
      type: 'thinking-delta';
      sample: number;
      text: string;
      tokenIds: readonly number[];
      logprobs: readonly number[];
      forced: boolean;
      expression?: string;
    }
  | { type: 'thinking-end'; sample: number; reason: ThinkingStop }
  | {
      type: 'answer-delta';
      sample: number;
      text: string;
      tokenIds: readonly number[];
      logprobs: readonly TokenLogprob[];
    }
  | { type: 'tool-call'; sample: number; name: string; arguments: string }
  | {
      type: 'finish';
      sample: number;
      reason: FinishReason;
      /** The text of `answer.stop` that ended it. */
      stopText?: string;
      thinkingStop?: ThinkingStop;
      usage: SampleUsage;
      scores: SampleScores;
    };

/**
 * A chain calls a tool of the service. A call is made once its `tool-start` has been taken by the reader, who logs it first. A
 * call that was interrupted and may not be repeated has a `tool-result` alone. `usage`: of the chain so far.
 */
export type ToolEvent =
  | { type: 'tool-start'; sample: number; call: ServerCall; usage: ChainUsage }
  | {
      type: 'tool-result';
      sample: number;
      call: ServerCall;
      output: string;
      isError: boolean;
      durationMs: number;
      usage: ChainUsage;
    };

/** Tokens of a chain that goes on behind a call: what it wrote so far counts as thinking, within its budget. */
export type ChainUsage = Pick<SampleUsage, 'thinkingTokens' | 'forcedTokens' | 'answerTokens'>;

/**
 * `length`: the answer met its cap or the context's end. `loop`: it repeated itself and was cut. `empty`: nothing visible
 * could be had.
 */
export type FinishReason = 'stop' | 'length' | 'loop' | 'tool-calls' | 'empty';

/**
 * Tokens. `inputTokens` is the prompt with a thought's prefix; it is computed once however many samples there are, and
 * reported for each. The others are the ids of the deltas: sampled thoughts, fed tokens, the answer with its tool calls.
 * Close and end tags that a model writes by itself are in none of them.
 */
export type SampleUsage = {
  inputTokens: number;
  /** Of the owner's own prompt, without thoughts: tokens that were found in the cache. */
  cachedTokens: number;
  thinkingTokens: number;
  forcedTokens: number;
  answerTokens: number;
  /** Of the results of tools that the service ran: input behind the prompt. Absent: none. */
  toolTokens?: number;
};

/** Of the raw distribution, fed tokens left out; absent where the implementation has none. */
export type SampleScores = {
  thinkingMeanLogprob?: number;
  answerMeanLogprob?: number;
  /** Mean KL divergence of uniform from the model's distribution, in nats (arXiv 2502.18581), over sampled tokens. */
  selfCertainty?: number;
};

export type ScoreRequest = {
  prompt: Prompt;
  /** Continue after an empty thought (fast form) unless thoughts are given. */
  thinking?: readonly ThoughtSegment[];
  continuations: readonly string[];
  /** As in `GenerateRequest`. */
  cacheScope?: CacheScope;
};

export type ScoreResult = {
  continuations: ReadonlyArray<{ logprob: number; tokens: number }>;
  usage: { inputTokens: number; cachedTokens: number };
};
