import { z } from 'zod';
import { AnswerVerdict } from './answer-verdict.ts';
import { Metadata, TextFormat } from './create-response.ts';
import { JobStatus } from './job.ts';
import { OutputItem } from './output-item.ts';
import { AnswerSource, EffectiveReasoning, Effort, IncompleteReason, Progress, ThinkingStop } from './reasoning.ts';
import { CodeInterpreterToolParam, CustomToolParam, McpToolParam, ToolChoice } from './tool-param.ts';
import { ResponseUsage } from './usage.ts';

/** A field that was accepted but not applied. */
export const Warning = z.object({ field: z.string(), message: z.string() });
export type Warning = z.infer<typeof Warning>;

/** `error` of a failed response: those of OpenAI's codes that we use. */
const ResponseError = z.object({
  code: z.enum(['server_error', 'rate_limit_exceeded', 'invalid_prompt']),
  message: z.string(),
});

const ResponseReasoning = z.object({
  /** OpenAI's values do not include auto: null until it has decided. */
  effort: Effort.exclude(['auto']).nullable(),
  summary: z.enum(['auto', 'concise', 'detailed']).nullable(),
  context: z.enum(['current_turn', 'all_turns']),
  effective: EffectiveReasoning,
});

/** Every field present. */
const ResponseFunctionTool = z.object({
  type: z.literal('function'),
  name: z.string(),
  description: z.string().nullable(),
  parameters: z.record(z.string(), z.unknown()).nullable(),
  strict: z.boolean().nullable(),
});
const ResponseCustomTool = z.object({
  type: z.literal('custom'),
  name: z.string(),
  description: z.string().exactOptional(),
  format: CustomToolParam.shape.format.unwrap().unwrap(),
});
const ResponseNamespace = z.object({
  type: z.literal('namespace'),
  name: z.string(),
  description: z.string(),
  tools: z.array(z.discriminatedUnion('type', [ResponseFunctionTool, ResponseCustomTool])),
});

/** A tool of the request that the model may call; of one that the service runs, no secret is returned. */
export const ResponseTool = z.discriminatedUnion('type', [
  ResponseFunctionTool,
  ResponseCustomTool,
  ResponseNamespace,
  CodeInterpreterToolParam,
  McpToolParam.omit({ authorization: true, headers: true, connector_id: true, tunnel_id: true }),
]);
export type ResponseTool = z.infer<typeof ResponseTool>;

/** A number in every response, as Open Responses requires; `neutral` if it was not recorded. */
const inEffect = (neutral: number) => z.preprocess((value) => value ?? neutral, z.number());

/** The response object: OpenAI's, with every field of their type, and our own fields. Times in epoch seconds. */
export const Response = z.object({
  id: z.string(),
  object: z.literal('response'),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  status: JobStatus,
  model: z.string(),
  output: z.array(OutputItem),
  /** All visible text, joined; never a thought. */
  output_text: z.string(),
  error: ResponseError.nullable(),
  incomplete_details: z.object({ reason: z.enum(['content_filter', ...IncompleteReason.options]) }).nullable(),
  instructions: z.string().nullable(),
  metadata: Metadata,
  parallel_tool_calls: z.boolean(),
  /** The sampling settings used; null in responses stored by earlier versions is read as the neutral value. */
  temperature: inEffect(0),
  top_p: inEffect(1),
  presence_penalty: inEffect(0),
  frequency_penalty: inEffect(0),
  tool_choice: ToolChoice,
  tools: z.array(ResponseTool),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  background: z.boolean(),
  conversation: z.object({ id: z.string() }).nullable(),
  moderation: z.null(),
  previous_response_id: z.string().nullable(),
  prompt: z.null(),
  prompt_cache_key: z.string().nullable(),
  /** The only values that the type allows; a prompt's prefix is cached as long as there is room. */
  prompt_cache_options: z.object({ mode: z.literal('implicit'), ttl: z.literal('30m') }),
  prompt_cache_retention: z.null(),
  reasoning: ResponseReasoning,
  safety_identifier: z.string().nullable(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority']),
  store: z.boolean(),
  text: z.object({ format: TextFormat, verbosity: z.enum(['low', 'medium', 'high']) }),
  top_logprobs: z.int(),
  truncation: z.enum(['auto', 'disabled']),
  usage: ResponseUsage.nullable(),
  user: z.string().nullable(),
  /** The `stop` text that ended the answer; it is not part of the answer. */
  stop_sequence: z.string().nullable().default(null),
  thinking_stop: ThinkingStop.nullable(),
  /** Null until there is an answer. */
  answer_source: AnswerSource.nullable(),
  /** Null until there is an answer, and for a fast one. */
  verdict: AnswerVerdict.nullable().default(null),
  /** Null once the response has ended. */
  progress: Progress.nullable(),
  warnings: z.array(Warning),
});
export type Response = z.infer<typeof Response>;
