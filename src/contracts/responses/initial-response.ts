import type { Job } from './job.ts';
import type { Response, ResponseTool } from './response.ts';
import type { ResponseEvent } from './response-event.ts';
import { responseJob } from './response-job.ts';
import {
  type CustomToolParam,
  type FunctionToolParam,
  isServerTool,
  ToolChoice,
  type ToolParam,
  withoutSecrets,
} from './tool-param.ts';

/** The response object of an accepted job before any work. Pure: the same job gives the same object. */
export function initialResponse(job: Job): Response {
  const { request, effective, warnings, background, sampling, sampling_in_effect, summary } = responseJob(job);
  const conversation = request.conversation;
  return {
    id: job.id,
    object: 'response',
    created_at: Math.floor(job.createdAt / 1000),
    completed_at: null,
    status: 'queued',
    model: job.model,
    output: [],
    output_text: '',
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    temperature: sampling_in_effect?.temperature ?? sampling.temperature ?? 0,
    top_p: sampling_in_effect?.top_p ?? sampling.top_p ?? 1,
    presence_penalty: sampling.presence_penalty ?? 0,
    frequency_penalty: sampling.frequency_penalty ?? 0,
    // If it names a tool that does not exist here, the request was refused.
    tool_choice: ToolChoice.safeParse(request.tool_choice).data ?? 'auto',
    tools: responseTools(request.tools ?? []),
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    background,
    // A response that is not stored is not part of the conversation.
    conversation:
      conversation && job.store ? { id: typeof conversation === 'string' ? conversation : conversation.id } : null,
    moderation: null,
    previous_response_id: request.previous_response_id ?? null,
    prompt: null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    prompt_cache_options: { mode: 'implicit', ttl: '30m' },
    prompt_cache_retention: null,
    reasoning: {
      effort: effective.effort === 'auto' ? null : effective.effort,
      summary,
      context: request.reasoning?.context === 'all_turns' ? 'all_turns' : 'current_turn',
      effective,
    },
    safety_identifier: request.safety_identifier ?? null,
    service_tier: job.tier,
    store: job.store,
    text: { format: request.text?.format ?? { type: 'text' }, verbosity: request.text?.verbosity ?? 'medium' },
    top_logprobs: request.top_logprobs ?? 0,
    truncation: request.truncation ?? 'disabled',
    usage: null,
    user: request.user ?? null,
    stop_sequence: null,
    thinking_stop: null,
    answer_source: null,
    verdict: null,
    progress: null,
    warnings,
  };
}

/**
 * The events before any work: `response.created` (number 0) and, in the background, `response.queued` (1). They follow
 * from the job alone, so readers create them and no log contains them: the log's wire lines are numbered from `.length`
 * on.
 */
export function initialEvents(job: Job): ResponseEvent[] {
  const response = initialResponse(job);
  const created: ResponseEvent = { type: 'response.created', sequence_number: 0, response };
  return response.background ? [created, { type: 'response.queued', sequence_number: 1, response }] : [created];
}

/** The request's tools that the model may call, with every field present. */
function responseTools(tools: readonly ToolParam[]): ResponseTool[] {
  return tools.flatMap((tool): ResponseTool[] => {
    if (isServerTool(tool)) return [withoutSecrets(tool)];
    if (!('name' in tool)) return [];
    if (tool.type !== 'namespace') return [callableTool(tool)];
    const { type, name, description } = tool;
    return [{ type, name, description: description ?? '', tools: tool.tools.map(callableTool) }];
  });
}

function callableTool(
  tool: FunctionToolParam | CustomToolParam,
): Extract<ResponseTool, { type: 'function' | 'custom' }> {
  const { name, description } = tool;
  if (tool.type === 'custom') {
    const { type, format } = tool;
    return { type, name, ...(description ? { description } : {}), format: format ?? { type: 'text' } };
  }
  const { type, parameters, strict } = tool;
  return { type, name, description: description ?? null, parameters: parameters ?? null, strict: strict ?? null };
}
