import { z } from 'zod';
import { ErrorEnvelope } from '../service/error-envelope.ts';
import { OutputItem, OutputLogprob, OutputRefusal, OutputText, ReasoningText, SummaryText } from './output-item.ts';
import { Response } from './response.ts';

const index = z.int().nonnegative();
const sequence_number = index;
const ofResponse = { sequence_number, response: Response };
const ofItem = { sequence_number, output_index: index, item_id: z.string() };
const ofContent = { ...ofItem, content_index: index };
const ofSummary = { ...ofItem, summary_index: index };
/** `obfuscation`: padding, if the request asks for it. */
const delta = { delta: z.string(), obfuscation: z.string().exactOptional() };
const ContentPart = z.discriminatedUnion('type', [OutputText, OutputRefusal, ReasoningText]);

/** A wire event that ends a response. */
export const TerminalEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('response.completed'), ...ofResponse }),
  z.object({ type: z.literal('response.incomplete'), ...ofResponse }),
  z.object({ type: z.literal('response.failed'), ...ofResponse }),
]);
export type TerminalEvent = z.infer<typeof TerminalEvent>;

/** What clients see on a stream: only OpenAI's event types, because their clients throw on others. */
export const ResponseEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('response.created'), ...ofResponse }),
  z.object({ type: z.literal('response.queued'), ...ofResponse }),
  z.object({ type: z.literal('response.in_progress'), ...ofResponse }),
  z.object({ type: z.literal('response.output_item.added'), sequence_number, output_index: index, item: OutputItem }),
  z.object({ type: z.literal('response.output_item.done'), sequence_number, output_index: index, item: OutputItem }),
  z.object({ type: z.literal('response.content_part.added'), ...ofContent, part: ContentPart }),
  z.object({ type: z.literal('response.content_part.done'), ...ofContent, part: ContentPart }),
  z.object({
    type: z.literal('response.output_text.delta'),
    ...ofContent,
    ...delta,
    logprobs: z.array(OutputLogprob),
  }),
  z.object({
    type: z.literal('response.output_text.done'),
    ...ofContent,
    text: z.string(),
    logprobs: z.array(OutputLogprob),
  }),
  z.object({ type: z.literal('response.refusal.delta'), ...ofContent, ...delta }),
  z.object({ type: z.literal('response.refusal.done'), ...ofContent, refusal: z.string() }),
  z.object({ type: z.literal('response.reasoning_summary_part.added'), ...ofSummary, part: SummaryText }),
  z.object({ type: z.literal('response.reasoning_summary_part.done'), ...ofSummary, part: SummaryText }),
  z.object({ type: z.literal('response.reasoning_summary_text.delta'), ...ofSummary, ...delta }),
  z.object({ type: z.literal('response.reasoning_summary_text.done'), ...ofSummary, text: z.string() }),
  z.object({ type: z.literal('response.reasoning_text.delta'), ...ofContent, ...delta }),
  z.object({ type: z.literal('response.reasoning_text.done'), ...ofContent, text: z.string() }),
  z.object({ type: z.literal('response.function_call_arguments.delta'), ...ofItem, ...delta }),
  z.object({
    type: z.literal('response.function_call_arguments.done'),
    ...ofItem,
    name: z.string(),
    arguments: z.string(),
  }),
  z.object({ type: z.literal('response.custom_tool_call_input.delta'), ...ofItem, ...delta }),
  z.object({ type: z.literal('response.custom_tool_call_input.done'), ...ofItem, input: z.string() }),
  z.object({ type: z.literal('response.code_interpreter_call.in_progress'), ...ofItem }),
  z.object({ type: z.literal('response.code_interpreter_call_code.delta'), ...ofItem, ...delta }),
  z.object({ type: z.literal('response.code_interpreter_call_code.done'), ...ofItem, code: z.string() }),
  z.object({ type: z.literal('response.code_interpreter_call.interpreting'), ...ofItem }),
  z.object({ type: z.literal('response.code_interpreter_call.completed'), ...ofItem }),
  z.object({ type: z.literal('response.mcp_list_tools.in_progress'), ...ofItem }),
  z.object({ type: z.literal('response.mcp_list_tools.completed'), ...ofItem }),
  z.object({ type: z.literal('response.mcp_call.in_progress'), ...ofItem }),
  z.object({ type: z.literal('response.mcp_call_arguments.delta'), ...ofItem, ...delta }),
  z.object({ type: z.literal('response.mcp_call_arguments.done'), ...ofItem, arguments: z.string() }),
  z.object({ type: z.literal('response.mcp_call.completed'), ...ofItem }),
  z.object({ type: z.literal('response.mcp_call.failed'), ...ofItem }),
  /** The stream itself failed, not the response (that is `response.failed`): the reader may resume. */
  z.object({
    type: z.literal('error'),
    sequence_number,
    code: z.string().nullable(),
    message: z.string(),
    param: z.string().nullable(),
    /** The same error again, in the place where Open Responses has it and OpenAI's clients read it. */
    error: ErrorEnvelope.shape.error.exactOptional(),
  }),
  TerminalEvent,
]);
export type ResponseEvent = z.infer<typeof ResponseEvent>;

/** An event before it has its number. */
export type UnnumberedEvent = {
  [Event in ResponseEvent as Event['type']]: Omit<Event, 'sequence_number'>;
}[ResponseEvent['type']];
