import { z } from 'zod';
import { AnswerVerdict } from '../responses/answer-verdict.ts';
import { CreateResponse } from '../responses/create-response.ts';
import { Effort } from '../responses/reasoning.ts';
import { Warning } from '../responses/response.ts';
import { FunctionToolParam } from '../responses/tool-param.ts';

/** Anthropic's format: requests and responses of `POST /v1/messages`. */

const { shape } = CreateResponse;
const count = z.int().nonnegative();
const JsonObject = z.record(z.string(), z.unknown());

const TextParam = z.object({ type: z.literal('text'), text: z.string() });
/** Accepted by the schema; refused with an explicit error if the model cannot see. */
const ImageParam = z.object({ type: z.literal('image'), source: JsonObject });
const DocumentParam = z.object({ type: z.literal('document'), source: JsonObject, title: z.string().nullish() });
const ToolResultParam = z.object({
  type: z.literal('tool_result'),
  tool_use_id: z.string().min(1),
  content: z
    .union([z.string(), z.array(z.discriminatedUnion('type', [TextParam, ImageParam, DocumentParam]))])
    .optional(),
  is_error: z.boolean().nullish(),
});
const ToolUseParam = z.object({
  type: z.literal('tool_use'),
  id: z.string().min(1),
  name: z.string().min(1),
  input: z.unknown(),
});
const ThinkingParam = z.object({ type: z.literal('thinking'), thinking: z.string(), signature: z.string().optional() });
const RedactedParam = z.object({ type: z.literal('redacted_thinking'), data: z.string() });

const UserBlock = z.discriminatedUnion('type', [TextParam, ImageParam, DocumentParam, ToolResultParam]);
const AssistantBlock = z.discriminatedUnion('type', [TextParam, ToolUseParam, ThinkingParam, RedactedParam]);
export type MessageBlockParam = z.infer<typeof UserBlock> | z.infer<typeof AssistantBlock>;

export const MessageParam = z.discriminatedUnion('role', [
  z.object({ role: z.literal('user'), content: z.union([z.string(), z.array(UserBlock)]) }),
  z.object({ role: z.literal('assistant'), content: z.union([z.string(), z.array(AssistantBlock)]) }),
  z.object({ role: z.literal('system'), content: z.union([z.string(), z.array(TextParam)]) }),
]);
export type MessageParam = z.infer<typeof MessageParam>;

const Display = z.enum(['summarized', 'omitted']).nullish();
const parallel = { disable_parallel_tool_use: z.boolean().optional() };

const prompt = {
  model: shape.model,
  messages: z.array(MessageParam).min(1),
  system: z.union([z.string(), z.array(TextParam)]).nullish(),
  tools: z
    .array(
      z.object({
        type: z.literal('custom').nullish(),
        name: FunctionToolParam.shape.name,
        description: z.string().nullish(),
        input_schema: JsonObject,
        strict: z.boolean().nullish(),
      }),
    )
    .max(128)
    .nullish(),
  tool_choice: z
    .discriminatedUnion('type', [
      z.object({ type: z.enum(['auto', 'any']), ...parallel }),
      z.object({ type: z.literal('tool'), name: z.string().min(1), ...parallel }),
      z.object({ type: z.literal('none') }),
    ])
    .nullish(),
  thinking: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('enabled'), budget_tokens: z.int().positive().max(1_000_000), display: Display }),
      z.object({ type: z.literal('adaptive'), display: Display }),
      z.object({ type: z.literal('disabled') }),
    ])
    .nullish(),
  output_config: z
    .object({
      effort: Effort.nullish(),
      format: z.object({ type: z.literal('json_schema'), schema: JsonObject }).nullish(),
    })
    .nullish(),
};

export const CreateMessage = z.object({
  ...prompt,
  /** A conversation stored on the server: refused in the way after which their clients send it themselves. */
  thread: z.null().optional(),
  max_tokens: z.int().positive().max(1_000_000),
  stop_sequences: z.array(z.string().min(1).max(256)).max(8).nullish(),
  stream: shape.stream,
  temperature: shape.temperature,
  top_p: shape.top_p,
  top_k: shape.top_k,
  metadata: z.object({ user_id: z.string().max(512).nullish() }).nullish(),
  // Our own field, as in `POST /v1/responses`.
  mode: shape.mode,
  reasoning: shape.reasoning,
  seed: shape.seed,
  deterministic: shape.deterministic,
  store: shape.store,
});
export type CreateMessage = z.infer<typeof CreateMessage>;

/** The body of `POST /v1/messages/count_tokens`. */
export const CountMessageTokens = z.object(prompt);
export type CountMessageTokens = z.infer<typeof CountMessageTokens>;

export const MessageTokensCount = z.object({ input_tokens: count });

export const MessageBlock = z.discriminatedUnion('type', [
  /** `signature` names the response that the thought belongs to. */
  z.object({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  z.object({ type: z.literal('text'), text: z.string(), citations: z.null() }),
  z.object({
    type: z.literal('tool_use'),
    id: z.string(),
    name: z.string(),
    input: z.unknown(),
    caller: z.object({ type: z.literal('direct') }),
  }),
]);
export type MessageBlock = z.infer<typeof MessageBlock>;

const StopReason = z.enum(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'refusal']);
export type StopReason = z.infer<typeof StopReason>;

/** Like Anthropic's, `input_tokens` counts only tokens that were not cached. */
export const MessageUsage = z.object({
  input_tokens: count,
  cache_creation: z.null(),
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
  output_tokens_details: z.object({ thinking_tokens: count }),
  inference_geo: z.null(),
  server_tool_use: z.null(),
  service_tier: z.literal('standard'),
});
export type MessageUsage = z.infer<typeof MessageUsage>;

export const Message = z.object({
  /** `msg_X` for the response `resp_X`. */
  id: z.string(),
  type: z.literal('message'),
  role: z.literal('assistant'),
  model: z.string(),
  content: z.array(MessageBlock),
  stop_reason: StopReason.nullable(),
  /** It is not known which sequence ended the answer. */
  stop_sequence: z.string().nullable(),
  stop_details: z.null(),
  container: z.null(),
  diagnostics: z.null(),
  usage: MessageUsage,
  /** Null for a fast answer that no check of the caller confirmed; in a stream it comes with `message_delta`. */
  verdict: AnswerVerdict.nullable(),
  warnings: z.array(Warning),
});
export type Message = z.infer<typeof Message>;

export const MessageError = z.object({
  type: z.literal('error'),
  error: z.object({
    type: z.string(),
    message: z.string(),
    /** Their clients react to this: one that sent `thread` then sends the whole conversation. */
    details: z.object({ error_code: z.string(), unsupported: z.array(z.string()) }).exactOptional(),
  }),
  request_id: z.string(),
});
export type MessageError = z.infer<typeof MessageError>;

const index = count;
export const MessageEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message_start'), message: Message }),
  z.object({ type: z.literal('content_block_start'), index, content_block: MessageBlock }),
  z.object({
    type: z.literal('content_block_delta'),
    index,
    delta: z.discriminatedUnion('type', [
      z.object({ type: z.literal('text_delta'), text: z.string() }),
      z.object({ type: z.literal('thinking_delta'), thinking: z.string() }),
      z.object({ type: z.literal('signature_delta'), signature: z.string() }),
      z.object({ type: z.literal('input_json_delta'), partial_json: z.string() }),
    ]),
  }),
  z.object({ type: z.literal('content_block_stop'), index }),
  z.object({
    type: z.literal('message_delta'),
    delta: z.object({
      stop_reason: StopReason.nullable(),
      stop_sequence: z.string().nullable(),
      stop_details: z.null(),
      container: z.null(),
    }),
    usage: MessageUsage,
    verdict: AnswerVerdict.exactOptional(),
  }),
  z.object({ type: z.literal('message_stop') }),
  MessageError,
]);
export type MessageEvent = z.infer<typeof MessageEvent>;
