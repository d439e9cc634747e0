import { z } from 'zod';
import { AnswerVerdict } from '../responses/answer-verdict.ts';
import { CreateResponse, TextFormat } from '../responses/create-response.ts';
import { OutputLogprob } from '../responses/output-item.ts';
import { Warning } from '../responses/response.ts';
import { CustomToolParam, FunctionToolParam } from '../responses/tool-param.ts';

/** OpenAI's older format: requests and responses of `POST /v1/chat/completions`. */

const { shape } = CreateResponse;
const TextPart = z.object({ type: z.literal('text'), text: z.string() });
const RefusalPart = z.object({ type: z.literal('refusal'), refusal: z.string() });
/** Accepted by the schema; refused with an explicit error if the model cannot see. */
const ImagePart = z.object({
  type: z.literal('image_url'),
  image_url: z.object({ url: z.string(), detail: z.enum(['auto', 'low', 'high']).optional() }),
});
const FilePart = z.object({
  type: z.literal('file'),
  file: z.object({ file_data: z.string().optional(), file_id: z.string().optional(), filename: z.string().optional() }),
});
export const ChatUserPart = z.discriminatedUnion('type', [TextPart, ImagePart, FilePart]);
export type ChatContentPart = z.infer<typeof ChatUserPart> | z.infer<typeof RefusalPart>;

export const ChatToolCall = z.discriminatedUnion('type', [
  z.object({
    id: z.string().min(1),
    type: z.literal('function'),
    function: z.object({ name: z.string().min(1), arguments: z.string() }),
  }),
  z.object({
    id: z.string().min(1),
    type: z.literal('custom'),
    custom: z.object({ name: z.string().min(1), input: z.string() }),
  }),
]);

export const ChatMessageParam = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content: z.union([z.string(), z.array(TextPart)]) }),
  z.object({ role: z.literal('user'), content: z.union([z.string(), z.array(ChatUserPart)]) }),
  z.object({
    role: z.literal('assistant'),
    content: z.union([z.string(), z.array(z.discriminatedUnion('type', [TextPart, RefusalPart]))]).nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(ChatToolCall).nullish(),
    reasoning_content: z.string().nullish(),
  }),
  z.object({
    role: z.literal('tool'),
    content: z.union([z.string(), z.array(TextPart)]),
    tool_call_id: z.string().min(1),
  }),
]);
export type ChatMessageParam = z.infer<typeof ChatMessageParam>;

const ChatTool = z.discriminatedUnion('type', [
  z.object({ type: z.literal('function'), function: FunctionToolParam.omit({ type: true }) }),
  z.object({
    type: z.literal('custom'),
    custom: CustomToolParam.omit({ type: true, format: true }).extend({
      format: z
        .discriminatedUnion('type', [
          z.object({ type: z.literal('text') }),
          z.object({
            type: z.literal('grammar'),
            grammar: z.object({ syntax: z.enum(['lark', 'regex']), definition: z.string().min(1) }),
          }),
        ])
        .nullish(),
    }),
  }),
]);
export type ChatTool = z.infer<typeof ChatTool>;
const named = z.object({ name: z.string().min(1) });
const NamedTool = z.discriminatedUnion('type', [
  z.object({ type: z.literal('function'), function: named }),
  z.object({ type: z.literal('custom'), custom: named }),
]);

export const CreateChatCompletion = z.object({
  model: shape.model,
  messages: z.array(ChatMessageParam).min(1),
  max_completion_tokens: shape.max_output_tokens,
  /** The older name of `max_completion_tokens`. */
  max_tokens: shape.max_output_tokens,
  temperature: shape.temperature,
  top_p: shape.top_p,
  presence_penalty: shape.presence_penalty,
  frequency_penalty: shape.frequency_penalty,
  logit_bias: shape.logit_bias,
  stop: shape.stop,
  seed: shape.seed,
  /** The number of answers, each a separate job. */
  n: z.int().min(1).max(16).nullish(),
  stream: shape.stream,
  stream_options: z
    .object({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: shape.top_logprobs,
  response_format: z
    .discriminatedUnion('type', [
      z.object({ type: z.enum(['text', 'json_object']) }),
      z.object({
        type: z.literal('json_schema'),
        json_schema: z.object({
          name: TextFormat.options[2].shape.name,
          schema: z.record(z.string(), z.unknown()).optional(),
          description: z.string().optional(),
          strict: z.boolean().nullish(),
        }),
      }),
    ])
    .nullish(),
  tools: z.array(ChatTool).max(128).nullish(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      ...NamedTool.options,
      z.object({
        type: z.literal('allowed_tools'),
        allowed_tools: z.object({ mode: z.enum(['auto', 'required']), tools: z.array(NamedTool) }),
      }),
    ])
    .nullish(),
  parallel_tool_calls: shape.parallel_tool_calls,
  verbosity: z.enum(['low', 'medium', 'high']).nullish(),
  store: shape.store,
  metadata: shape.metadata,
  service_tier: shape.service_tier,
  user: shape.user,
  safety_identifier: shape.safety_identifier,
  prompt_cache_key: shape.prompt_cache_key,
  reasoning_effort: shape.reasoning_effort,
  // Our own field, and the other APIs' short forms, as in `POST /v1/responses`.
  mode: shape.mode,
  reasoning: shape.reasoning,
  thinking: shape.thinking,
  think: shape.think,
  top_k: shape.top_k,
  min_p: shape.min_p,
  deterministic: shape.deterministic,
});
export type CreateChatCompletion = z.infer<typeof CreateChatCompletion>;

export const FinishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter']);
export type FinishReason = z.infer<typeof FinishReason>;

const ChatLogprobs = z.object({ content: z.array(OutputLogprob).nullable(), refusal: z.null() });

const count = z.int().nonnegative();
export const ChatUsage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }),
  completion_tokens_details: z.object({ reasoning_tokens: count }),
});
export type ChatUsage = z.infer<typeof ChatUsage>;

const ofCompletion = {
  /** `chatcmpl-X` for the response `resp_X` (the first, if `n` asked for several). */
  id: z.string(),
  created: z.int(),
  model: z.string(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority']),
};

export const ChatCompletion = z.object({
  ...ofCompletion,
  object: z.literal('chat.completion'),
  choices: z.array(
    z.object({
      index: count,
      message: z.object({
        role: z.literal('assistant'),
        content: z.string().nullable(),
        refusal: z.string().nullable(),
        tool_calls: z.array(ChatToolCall).exactOptional(),
        /** The winning thought; only for scope `trace:full`. */
        reasoning_content: z.string().exactOptional(),
      }),
      logprobs: ChatLogprobs.nullable(),
      finish_reason: FinishReason,
      verdict: AnswerVerdict.nullable(),
    }),
  ),
  usage: ChatUsage,
  warnings: z.array(Warning),
});
export type ChatCompletion = z.infer<typeof ChatCompletion>;

export const ChatCompletionChunk = z.object({
  ...ofCompletion,
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.object({
      index: count,
      delta: z.object({
        role: z.literal('assistant').exactOptional(),
        content: z.string().exactOptional(),
        refusal: z.string().exactOptional(),
        reasoning_content: z.string().exactOptional(),
        tool_calls: z
          .array(
            z.object({
              index: count,
              id: z.string().exactOptional(),
              type: z.enum(['function', 'custom']).exactOptional(),
              function: z.object({ name: z.string().exactOptional(), arguments: z.string() }).exactOptional(),
              custom: z.object({ name: z.string().exactOptional(), input: z.string() }).exactOptional(),
            }),
          )
          .exactOptional(),
      }),
      logprobs: ChatLogprobs.nullable(),
      finish_reason: FinishReason.nullable(),
      /** On the chunk that has `finish_reason`, if there is a verdict. */
      verdict: AnswerVerdict.exactOptional(),
    }),
  ),
  /** With `stream_options.include_usage`: null, except in a last chunk without choices. */
  usage: ChatUsage.nullable().exactOptional(),
  /** On the first chunk, if there are any. */
  warnings: z.array(Warning).exactOptional(),
});
export type ChatCompletionChunk = z.infer<typeof ChatCompletionChunk>;
export type ChatDelta = ChatCompletionChunk['choices'][number]['delta'];
