import type { Constraint } from '../../../contracts/responses/constraint.ts';
import type { Prompt } from '../../../contracts/responses/prompt.ts';
import { type CacheScope, type GenerateRequest, mayCallTools, type Sampling } from '../../../core/language-model.ts';
import type { UpstreamModel } from '../../config/model-config.ts';
import type { ModelFamily } from '../../families/family.ts';
import type { Dialect } from '../client/dialect.ts';
import { answerTurn, toMessages, toTools } from './messages.ts';
import type { RawPrompt } from './raw-prompt.ts';

/** Sampling under the server's names; fields that it doesn't support are left out (the capabilities name them). */
function samplingFields({ dialect, request, sample, call = 0 }: RequestOptions): Record<string, unknown> {
  const { sampling } = request;
  const values: Partial<Record<keyof Sampling, unknown>> = { ...sampling };
  // With one seed for all of its calls, a chain would draw the same random numbers behind each value.
  if (sampling.seed !== undefined) values.seed = sampleSeed(sampleSeed(sampling.seed, sample), call);
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = dialect.sampling[name as keyof Sampling];
    if (field !== undefined && value !== undefined) fields[field] = value;
  }
  return fields;
}

/** The stream of (seed, sample): sample 0 draws from the seed itself, the others from seeds far away. 31 bits, which all servers take. */
export function sampleSeed(seed: number, sample: number): number {
  const mixed = sample === 0 ? seed : Math.imul(seed ^ (sample * 0x9e3779b1), 0x85ebca6b) ^ sample;
  return (mixed >>> 0) & 0x7fffffff;
}

/** The fields that hold a text to a form, on either route. The form must be one of the dialect's `constraints`. */
function constraintFields(
  dialect: Dialect,
  constraint: Constraint | undefined,
  route: 'chat' | 'raw',
): Record<string, unknown> {
  if (constraint === undefined) return {};
  // llama.cpp's plain completions know `json_schema` alone.
  const bare = route === 'raw' && dialect.render === 'apply-template';
  switch (constraint.type) {
    case 'json_object':
      return bare ? { json_schema: { type: 'object' } } : { response_format: { type: 'json_object' } };
    case 'json_schema': {
      const named = { name: 'answer', schema: constraint.schema, strict: true };
      return bare
        ? { json_schema: constraint.schema }
        : { response_format: { type: 'json_schema', json_schema: named } };
    }
    case 'regex':
      return { structured_outputs: { regex: constraint.pattern } };
    case 'choice':
      return { structured_outputs: { choice: constraint.choices } };
    default:
      return constraint satisfies never;
  }
}

/** A request for one sample: the route, the required fields, and those that are left out if the server doesn't know them. */
export type UpstreamRequest = {
  route: '/chat/completions' | '/completions' | '//completion';
  body: Record<string, unknown>;
  optional: Record<string, unknown>;
  /** Left out where the server has no such field; a value that it doesn't take is the caller's mistake. */
  sampling: Record<string, unknown>;
};

/** Where the text of one request starts. */
export type Start =
  /** A new turn, with thoughts or (fast form) without. `serverBudget`: what its server is asked to keep, beside our `budgetTokens`. */
  | { form: 'turn'; thinking: boolean; budgetTokens?: number; serverBudget?: number | undefined }
  /** The rendered prompt with thoughts after it, ids or text. `showsTags`: a thought may end, or begin, in what comes. `own`: by the dialect's own route. */
  | { form: 'raw'; prompt: RawPrompt; showsTags: boolean; own?: boolean }
  /** An assistant message that is left open at its end. */
  | { form: 'final-message'; content: string; closed: boolean }
  /** A user turn that asks for the answer after the thoughts so far. */
  | { form: 'answer-turn'; thoughts: string };

type RequestOptions = {
  config: UpstreamModel;
  dialect: Dialect;
  family: ModelFamily;
  request: GenerateRequest;
  sample: number;
  start: Start;
  maxTokens: number;
  /** The text is the answer from its first token on, so its form can be enforced. */
  answerOnly: boolean;
  /** Texts at which the server stops, which only a plain completion asks for. */
  stops?: readonly string[];
  /** The slot that has the sample's cache. */
  slot?: number | undefined;
  /** Calls that the sample's thought has made before. */
  call?: number;
};

export function buildRequest(options: RequestOptions): UpstreamRequest {
  const { config, dialect, request, start, answerOnly } = options;
  const raw = start.form === 'raw';
  const shared = {
    model: config.model,
    max_tokens: Math.max(1, options.maxTokens),
    stream: true,
    ...(answerOnly &&
      !answerBegun(request) &&
      constraintFields(dialect, request.answer.constraint, raw ? 'raw' : 'chat')),
  };
  const sampling = samplingFields(options);
  const logprobs = logprobFields(options);
  const needsLogprobs = request.answer.topLogprobs !== undefined && request.answer.spareLogprobs !== true;
  const counting = {
    ...dialect.countFields,
    ...cacheSalt(dialect, request.cacheScope),
    ...(!needsLogprobs && logprobs),
  };
  const required = needsLogprobs ? logprobs : {};
  if (start.form === 'raw') {
    const prompt = start.prompt.tokens ?? start.prompt.text;
    const optional = { ...counting, ...(start.showsTags && shownTags(options)), ...cacheFields(options) };
    const { ownCompletions } = dialect;
    const own = start.own && ownCompletions !== undefined;
    return {
      route: own ? ownCompletions.route : '/completions',
      body: { ...shared, prompt, ...required },
      optional: own ? { ...optional, ...ownCompletions.fields } : optional,
      sampling,
    };
  }
  return {
    route: '/chat/completions',
    body: {
      ...shared,
      messages: messagesOf(options),
      // Where none may be called none is named: not every server heeds `tool_choice: none` (Ollama has no such field).
      ...(mayCallTools(request) ? toTools(request.prompt, options) : {}),
      ...required,
      ...openEnd(dialect, start),
    },
    optional: { ...counting, ...thinkingFields(options) },
    sampling,
  };
}

/** The stop texts, and what has the server go on in the slot that has the sample's cache. */
function cacheFields({ dialect, stops = [], slot }: RequestOptions): Record<string, unknown> {
  const { slotCache } = dialect;
  return {
    ...(stops.length > 0 && { stop: stops }),
    ...slotCache?.fields,
    ...(slotCache !== undefined && slot !== undefined && { [slotCache.field]: slot }),
  };
}

/** Keeps the server's prefix cache apart by owner, where it can. */
export function cacheSalt(dialect: Dialect, scope: CacheScope | undefined): Record<string, unknown> {
  return dialect.cacheSaltField === undefined || scope === undefined ? {} : { [dialect.cacheSaltField]: scope.owner };
}

/** Plain completions leave special tokens out of their text, and a family's tags may be such, each or in parts. */
function shownTags({ dialect, family }: RequestOptions): Record<string, unknown> {
  if (dialect.specialTokensField === undefined || family.tags === undefined) return {};
  if (dialect.specialTokensField === 'skip_special_tokens') return { skip_special_tokens: false };
  const tokens = `${family.tags.open}${family.tags.close}`.match(/<[^<>]+>|\[[^[\]]+\]/g);
  return { preserved_tokens: [...new Set(tokens)] };
}

/** The server would start the format again after the text that is there already. */
function answerBegun({ answer }: GenerateRequest): boolean {
  return (answer.prefix ?? []).some(({ text }) => text.trim() !== '');
}

function messagesOf({ dialect, family, request, start }: RequestOptions): unknown[] {
  const prompt: Prompt = request.prompt;
  switch (start.form) {
    case 'raw':
      return [];
    case 'turn':
      return toMessages(prompt, { dialect, family, thinking: start.thinking });
    case 'final-message':
      return [
        ...toMessages(prompt, { dialect, family, thinking: !start.closed }),
        { role: 'assistant', content: start.content },
      ];
    case 'answer-turn': {
      const turns = toMessages(prompt, { dialect, family, thinking: false });
      // Templates drop earlier thoughts, so here they are plain text.
      if (start.thoughts.trim() === '') return turns;
      return [...turns, { role: 'assistant', content: start.thoughts }, { role: 'user', content: answerTurn }];
    }
    default:
      return start satisfies never;
  }
}

/** llama.cpp continues a last assistant message; vLLM has to be asked to; newer llama.cpp takes the same fields. */
function openEnd(dialect: Dialect, start: Start): Record<string, unknown> {
  if (start.form !== 'final-message' || !dialect.continuations.includes('final-message')) return {};
  return { continue_final_message: true, add_generation_prompt: false };
}

function thinkingFields({ dialect, family, start }: RequestOptions): Record<string, unknown> {
  const { on, off } = family.templateArguments;
  const thinking = start.form === 'turn' && start.thinking;
  const asked = thinking && family.tags !== undefined ? start.serverBudget : undefined;
  const budget = Object.fromEntries(asked === undefined ? [] : dialect.budgetFields.map((field) => [field, asked]));
  switch (dialect.thinkingSwitch) {
    case 'template-arguments': {
      // llama.cpp refuses an open message while thinking is on.
      const within = dialect.parsesByArguments && start.form === 'final-message' && !start.closed;
      const kwargs = thinking || within ? on : off;
      const effort = kwargs['reasoning_effort'];
      return {
        ...budget,
        ...(Object.keys(kwargs).length > 0 && { chat_template_kwargs: kwargs }),
        ...(effort !== undefined && { reasoning_effort: effort }),
      };
    }
    case 'reasoning-effort':
      // On is the server's default; naming a level is refused for models that know none.
      return thinking || family.tags === undefined ? {} : { reasoning_effort: off['reasoning_effort'] ?? 'none' };
    case 'reasoning-object':
      // One chain that streams as it is thought, and that the server ends at the budget.
      return thinking
        ? { reasoning: { effort: 'low', strategy: 'budget-forcing', budget_tokens: start.budgetTokens ?? -1 } }
        : { reasoning_effort: 'none' };
    case 'none':
      return {};
    default:
      return dialect.thinkingSwitch satisfies never;
  }
}

/** Whether the server has log-probabilities but gives none with this request's tools. */
export function losesLogprobs(dialect: Dialect, request: GenerateRequest): boolean {
  return dialect.logprobs && !dialect.logprobsWithTools && mayCallTools(request);
}

function logprobFields({ dialect, request, start }: RequestOptions): Record<string, unknown> {
  if (!dialect.logprobs || losesLogprobs(dialect, request)) return {};
  // llama.cpp gives nothing at all for 0 alternatives.
  const top = Math.max(request.answer.topLogprobs ?? 0, dialect.render === 'apply-template' ? 1 : 0);
  return start.form === 'raw' ? { logprobs: top } : { logprobs: true, top_logprobs: top };
}
