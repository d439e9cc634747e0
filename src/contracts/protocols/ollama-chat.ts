import { z } from 'zod';
import { AnswerVerdict } from '../responses/answer-verdict.ts';
import { CreateResponse, someGiven } from '../responses/create-response.ts';
import { Warning } from '../responses/response.ts';
import { FunctionToolParam } from '../responses/tool-param.ts';

/** Ollama's format: requests and responses of `POST /api/chat`, `POST /api/generate` and related routes. */

const { shape } = CreateResponse;
const count = z.int().nonnegative();
const JsonObject = z.record(z.string(), z.unknown());

const OllamaToolCall = z.object({
  id: z.string().exactOptional(),
  function: z.object({ name: z.string().min(1), arguments: JsonObject }),
});

export const OllamaMessage = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string().nullish(),
  thinking: z.string().nullish(),
  /** Accepted by the schema; refused with an explicit error if the model cannot see. */
  images: z.array(z.string()).nullish(),
  tool_calls: z.array(OllamaToolCall).nullish(),
  tool_name: z.string().nullish(),
  tool_call_id: z.string().nullish(),
});
export type OllamaMessage = z.infer<typeof OllamaMessage>;

export const OllamaOptions = z.object({
  temperature: shape.temperature,
  top_p: shape.top_p,
  top_k: shape.top_k,
  min_p: shape.min_p,
  presence_penalty: shape.presence_penalty,
  frequency_penalty: shape.frequency_penalty,
  seed: shape.seed,
  /** Tokens; 0 or less: no limit. */
  num_predict: z.int().max(1_000_000).nullish(),
  stop: shape.stop,
});

export const OllamaChatRequest = z.object({
  model: z.string().min(1).max(256),
  /** Empty: asks to load the model, which is always loaded; the answer says so. */
  messages: z.array(OllamaMessage).nullish(),
  /** Default true. */
  stream: z.boolean().nullish(),
  think: z.union([z.boolean(), z.enum(['low', 'medium', 'high', 'max'])]).nullish(),
  format: z.union([z.enum(['', 'json']), JsonObject]).nullish(),
  tools: z
    .array(
      z.object({
        type: z.string().optional(),
        function: FunctionToolParam.omit({ type: true }),
      }),
    )
    .max(128)
    .nullish(),
  options: OllamaOptions.nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: shape.top_logprobs,
  // Our own field, as in `POST /v1/responses`.
  mode: shape.mode,
  reasoning: shape.reasoning,
  store: shape.store,
});
export type OllamaChatRequest = z.infer<typeof OllamaChatRequest>;

const { messages: _messages, tools: _tools, ...asInChat } = OllamaChatRequest.shape;

/** A single prompt instead of messages. */
export const OllamaGenerateRequest = z.object({
  ...asInChat,
  /** Empty: asks to load the model, which is always loaded; the answer says so. */
  prompt: z.string().nullish(),
  system: z.string().nullish(),
  images: OllamaMessage.shape.images,
  /** The prompt is used unchanged, without the model's template. */
  raw: z.boolean().nullish(),
  /** Refused with an explicit error unless it is empty: no model here fills gaps. */
  suffix: z.string().nullish(),
});
export type OllamaGenerateRequest = z.infer<typeof OllamaGenerateRequest>;

const TokenLogprob = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()) });
const Logprob = TokenLogprob.extend({ top_logprobs: z.array(TokenLogprob) });

/** A complete answer, or one line of it: `done` is false except in the last, which has the figures. Durations in ns. */
export const OllamaChatResponse = z.object({
  model: z.string(),
  created_at: z.string(),
  message: z.object({
    role: z.literal('assistant'),
    content: z.string(),
    thinking: z.string().exactOptional(),
    tool_calls: z.array(OllamaToolCall).exactOptional(),
  }),
  done: z.boolean(),
  logprobs: z.array(Logprob).exactOptional(),
  done_reason: z.enum(['stop', 'length', 'load']).exactOptional(),
  total_duration: count.exactOptional(),
  load_duration: count.exactOptional(),
  prompt_eval_count: count.exactOptional(),
  prompt_eval_duration: count.exactOptional(),
  eval_count: count.exactOptional(),
  eval_duration: count.exactOptional(),
  /** The response id, for its trace and feedback. */
  response_id: z.string().exactOptional(),
  /** Absent for a fast answer. */
  verdict: AnswerVerdict.exactOptional(),
  warnings: z.array(Warning).exactOptional(),
});
export type OllamaChatResponse = z.infer<typeof OllamaChatResponse>;

const { message: _message, ...asInChatAnswer } = OllamaChatResponse.shape;

export const OllamaGenerateResponse = z.object({
  ...asInChatAnswer,
  response: z.string(),
  thinking: z.string().exactOptional(),
});
export type OllamaGenerateResponse = z.infer<typeof OllamaGenerateResponse>;

export const OllamaError = z.object({ error: z.string() });

const Details = z.object({
  parent_model: z.string(),
  format: z.string(),
  family: z.string(),
  families: z.array(z.string()),
  parameter_size: z.string(),
  quantization_level: z.string(),
});

export const OllamaTags = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      model: z.string(),
      modified_at: z.string(),
      size: count,
      digest: z.string(),
      details: Details,
    }),
  ),
});
export type OllamaTags = z.infer<typeof OllamaTags>;

/** `GET /api/ps`: models stay loaded, so all of them are running. */
export const OllamaRunning = z.object({
  models: z.array(
    OllamaTags.shape.models.element.omit({ modified_at: true }).extend({
      expires_at: z.string(),
      size_vram: count,
      context_length: count,
    }),
  ),
});
export type OllamaRunning = z.infer<typeof OllamaRunning>;

export const OllamaVersion = z.object({ version: z.string() });

export const OllamaShowRequest = z
  .object({
    model: z.string().min(1).max(256).optional(),
    /** The older name of `model`. */
    name: z.string().min(1).max(256).optional(),
  })
  .meta(someGiven(['model', 'name']));

export const OllamaShow = z.object({
  modelfile: z.string(),
  parameters: z.string(),
  template: z.string(),
  license: z.string(),
  modified_at: z.string(),
  details: Details,
  model_info: JsonObject,
  capabilities: z.array(z.string()),
});
export type OllamaShow = z.infer<typeof OllamaShow>;
