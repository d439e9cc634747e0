import type { Constraint } from '../../../contracts/responses/constraint.ts';
import { type ModelCapabilities, type Sampling, samplingFields } from '../../../core/language-model.ts';

export const dialectNames = ['vllm', 'llama.cpp', 'ollama', 'lmstudio', 'thinkfirst', 'plain'] as const;
export type DialectName = (typeof dialectNames)[number];

/**
 * How a thought is continued after a stop. `raw`: the server renders the prompt, we append tokens and complete it.
 * `final-message`: an open assistant message. `turn`: a user turn that asks for the answer, where neither is available.
 */
type Continuation = 'raw' | 'final-message' | 'turn';

/** What a server takes and gives beyond the chat completions that all of them share; data alone. */
export type Dialect = {
  name: DialectName;
  /** The documentation that these facts come from. */
  source: string;
  /** The texts of special tokens in a prompt are text to it, whatever they are. */
  keepsControlTexts?: true;
  /** In the order in which they are tried; the next one serves where a server refuses. */
  continuations: readonly Continuation[];
  /** How the server renders a prompt for `raw`: `tokenize` gives ids, `apply-template` gives text. Paths are from the server's root. */
  render?: 'tokenize' | 'apply-template';
  /**
   * Its own route of plain completions, from the server's root, which also gives token ids, the stop text that ended a request
   * and the slot that decoded it. Fields that it needs for that.
   */
  ownCompletions?: { route: '//completion'; fields: Readonly<Record<string, unknown>> };
  /** How a plain completion keeps the cache of its sample: the field that names the slot, and others. */
  slotCache?: { field: string; fields: Readonly<Record<string, unknown>> };
  /** Field of a plain completion that has special tokens shown: all that are named, or all there are. */
  specialTokensField?: 'preserved_tokens' | 'skip_special_tokens';
  /** Fields of the request that cap the thought, in tokens, by their names in different versions: all are sent (`server-budget.ts`). */
  budgetFields: readonly string[];
  /** Field that keeps its prefix cache apart by a text of ours: one for each owner. */
  cacheSaltField?: 'cache_salt';
  /**
   * How thinking is switched: arguments of the family's template, OpenAI's `reasoning_effort`, our own `reasoning` (one chain,
   * with its budget), or not at all.
   */
  thinkingSwitch: 'template-arguments' | 'reasoning-effort' | 'reasoning-object' | 'none';
  /**
   * Its parsers of thoughts take the template's arguments for what an open message begins with: Qwen3's drops the close tag of a
   * thought that is continued with thinking off (`parser/qwen3.py`).
   */
  parsesByArguments?: true;
  /** Field of an assistant message that takes its thought back. */
  thoughtField?: 'reasoning' | 'reasoning_content';
  /** The request's field for each kind of sampling that the server supports. */
  sampling: Partial<Record<keyof Sampling, string>>;
  /** Sent with each streamed request: what makes each chunk carry exact token counts. */
  countFields: Readonly<Record<string, unknown>>;
  constraints: ReadonlyArray<Constraint['type']>;
  /** The prompt states the output format in words, because the server only enforces it. */
  needsFormatInstruction: boolean;
  logprobs: boolean;
  /** `logprobs` beside `tools` in a stream is refused. */
  logprobsWithTools: boolean;
  score: boolean;
  /** It has `/embeddings`, for models that make them. */
  embeddings: boolean;
  /** Parallel requests of one prompt share its prefill and decode together. Elsewhere it is asked (`slotsRoute`), or seen. */
  batching: boolean;
  /** Route of a GET that gives `total_slots`, the requests that run at once; from the server's root. */
  slotsRoute?: string;
};

const shared = {
  temperature: 'temperature',
  topP: 'top_p',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  seed: 'seed',
} as const;

export const dialects: Readonly<Record<DialectName, Dialect>> = {
  vllm: {
    name: 'vllm',
    source: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server/ (extra parameters, tokenizer API)',
    continuations: ['raw', 'final-message', 'turn'],
    render: 'tokenize',
    specialTokensField: 'skip_special_tokens',
    budgetFields: ['thinking_token_budget'],
    // From 0.9 on; an older one passes over it, or refuses it.
    cacheSaltField: 'cache_salt',
    thinkingSwitch: 'template-arguments',
    parsesByArguments: true,
    thoughtField: 'reasoning',
    sampling: {
      ...shared,
      topK: 'top_k',
      minP: 'min_p',
      repetitionPenalty: 'repetition_penalty',
      logitBias: 'logit_bias',
    },
    countFields: { stream_options: { include_usage: true, continuous_usage_stats: true }, return_token_ids: true },
    constraints: ['json_object', 'json_schema', 'regex', 'choice'],
    needsFormatInstruction: true,
    logprobs: true,
    logprobsWithTools: true,
    score: true,
    embeddings: true,
    batching: true,
  },
  'llama.cpp': {
    name: 'llama.cpp',
    source: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
    continuations: ['raw', 'final-message', 'turn'],
    render: 'apply-template',
    ownCompletions: { route: '//completion', fields: { return_tokens: true } },
    slotCache: { field: 'id_slot', fields: { cache_prompt: true } },
    specialTokensField: 'preserved_tokens',
    // The newer name first; versions that know both prefer it.
    budgetFields: ['reasoning_budget_tokens', 'thinking_budget_tokens'],
    thinkingSwitch: 'template-arguments',
    thoughtField: 'reasoning_content',
    sampling: { ...shared, topK: 'top_k', minP: 'min_p', repetitionPenalty: 'repeat_penalty', logitBias: 'logit_bias' },
    countFields: { stream_options: { include_usage: true }, timings_per_token: true },
    constraints: ['json_object', 'json_schema'],
    needsFormatInstruction: true,
    logprobs: true,
    logprobsWithTools: false,
    score: false,
    embeddings: true,
    batching: false,
    slotsRoute: '//props',
  },
  ollama: {
    name: 'ollama',
    source: 'https://docs.ollama.com/api/openai-compatibility',
    continuations: ['turn'],
    budgetFields: [],
    thinkingSwitch: 'reasoning-effort',
    thoughtField: 'reasoning',
    sampling: shared,
    countFields: { stream_options: { include_usage: true } },
    constraints: ['json_object', 'json_schema'],
    needsFormatInstruction: true,
    logprobs: true,
    logprobsWithTools: true,
    score: false,
    embeddings: true,
    batching: false,
  },
  lmstudio: {
    name: 'lmstudio',
    source: 'https://lmstudio.ai/docs/developer/openai-compat/chat-completions',
    continuations: ['turn'],
    budgetFields: [],
    thinkingSwitch: 'reasoning-effort',
    thoughtField: 'reasoning_content',
    sampling: { ...shared, topK: 'top_k', repetitionPenalty: 'repeat_penalty', logitBias: 'logit_bias' },
    countFields: { stream_options: { include_usage: true } },
    // Its `response_format` takes a schema only; it accepts `logprobs` and gives null.
    constraints: ['json_schema'],
    needsFormatInstruction: true,
    logprobs: false,
    logprobsWithTools: false,
    score: false,
    embeddings: true,
    batching: false,
  },
  // Another service of this kind: a bigger machine's.
  thinkfirst: {
    name: 'thinkfirst',
    source: 'src/contracts/protocols/chat-completion.ts',
    keepsControlTexts: true,
    continuations: ['turn'],
    budgetFields: [],
    thinkingSwitch: 'reasoning-object',
    thoughtField: 'reasoning_content',
    sampling: { ...shared, topK: 'top_k', minP: 'min_p', logitBias: 'logit_bias' },
    countFields: { stream_options: { include_usage: true } },
    constraints: ['json_object', 'json_schema'],
    needsFormatInstruction: false,
    logprobs: true,
    logprobsWithTools: true,
    score: false,
    embeddings: true,
    batching: true,
  },
  plain: {
    name: 'plain',
    source: 'https://platform.openai.com/docs/api-reference/chat/create',
    continuations: ['turn'],
    budgetFields: [],
    thinkingSwitch: 'none',
    sampling: { ...shared, logitBias: 'logit_bias' },
    countFields: { stream_options: { include_usage: true } },
    constraints: [],
    needsFormatInstruction: false,
    logprobs: false,
    logprobsWithTools: false,
    score: false,
    embeddings: true,
    batching: false,
  },
};

/** What a model behind this kind of server can do. Budgets are counted from what arrives, so never exact. */
export function capabilitiesOf(dialect: Dialect): Omit<ModelCapabilities, 'family' | 'correction'> {
  return {
    thinking: true,
    exactBudget: false,
    rollback: dialect.continuations.includes('raw'),
    constraints: dialect.constraints,
    logprobs: dialect.logprobs,
    score: dialect.score,
    tools: true,
    seed: dialect.sampling.seed !== undefined,
    batching: dialect.batching,
    compute: dialect.continuations.includes('raw'),
    computesTextOnly: true,
    sampling: samplingFields.filter((name) => dialect.sampling[name] !== undefined),
  };
}
