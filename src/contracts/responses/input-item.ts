import { z } from 'zod';
import { CodeInterpreterCall, McpApprovalRequest, McpCall, McpListTools } from './output-item.ts';
import { ToolParam } from './tool-param.ts';

/** The items of a request's `input`, as in OpenAI's Responses API; unknown ones are refused by `type`. */

const ItemStatus = z.enum(['in_progress', 'completed', 'incomplete']);

const InputText = z.object({ type: z.literal('input_text'), text: z.string() });
/** Accepted by the schema; refused with an explicit error if the model cannot see. */
const InputImage = z.object({
  type: z.literal('input_image'),
  image_url: z.string().nullish(),
  file_id: z.string().nullish(),
  detail: z.enum(['low', 'high', 'auto', 'original']).optional(),
});
const InputFile = z.object({
  type: z.literal('input_file'),
  file_id: z.string().nullish(),
  file_data: z.string().optional(),
  file_url: z.string().optional(),
  filename: z.string().optional(),
});
const PastOutputText = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  /** No model sees them: accepted but not kept. */
  annotations: z
    .array(z.unknown())
    .overwrite(() => [])
    .optional(),
});
const PastRefusal = z.object({ type: z.literal('refusal'), refusal: z.string() });

const InputPart = z.discriminatedUnion('type', [InputText, InputImage, InputFile]);
const AssistantPart = z.discriminatedUnion('type', [InputText, InputImage, InputFile, PastOutputText, PastRefusal]);
export type ContentPart = z.infer<typeof AssistantPart>;

const MessageType = z.literal('message').optional();
const UserMessage = z.object({
  type: MessageType,
  id: z.string().optional(),
  role: z.enum(['user', 'system', 'developer']),
  content: z.union([z.string(), z.array(InputPart)]),
  status: ItemStatus.nullish(),
});
const AssistantMessage = z.object({
  type: MessageType,
  id: z.string().optional(),
  role: z.literal('assistant'),
  content: z.union([z.string(), z.array(AssistantPart)]),
  status: ItemStatus.nullish(),
  phase: z.enum(['commentary', 'final_answer']).nullish(),
});
const MessageItem = z.discriminatedUnion('role', [UserMessage, AssistantMessage]);

const FunctionCallItem = z.object({
  type: z.literal('function_call'),
  id: z.string().nullish(),
  call_id: z.string().min(1),
  name: z.string().min(1),
  namespace: z.string().min(1).nullish(),
  arguments: z.string(),
  status: ItemStatus.nullish(),
});

const FunctionCallOutputItem = z.object({
  type: z.literal('function_call_output'),
  id: z.string().nullish(),
  call_id: z.string().min(1),
  output: z.union([z.string(), z.array(InputPart)]),
  status: ItemStatus.nullish(),
});

const CustomToolCallItem = z.object({
  type: z.literal('custom_tool_call'),
  id: z.string().nullish(),
  call_id: z.string().min(1),
  name: z.string().min(1),
  namespace: z.string().min(1).nullish(),
  input: z.string(),
  status: ItemStatus.nullish(),
});

const CustomToolCallOutputItem = z.object({
  type: z.literal('custom_tool_call_output'),
  id: z.string().nullish(),
  call_id: z.string().min(1),
  output: z.union([z.string(), z.array(InputPart)]),
  status: ItemStatus.nullish(),
});

const PastReasoningItem = z.object({
  type: z.literal('reasoning'),
  id: z.string().optional(),
  summary: z.array(z.object({ type: z.literal('summary_text'), text: z.string() })),
  content: z.array(z.object({ type: z.literal('reasoning_text'), text: z.string() })).nullish(),
  encrypted_content: z.string().nullish(),
  status: ItemStatus.nullish(),
});

/** Whether a call may be made that an earlier response asked about. */
const McpApprovalResponse = z.object({
  type: z.literal('mcp_approval_response'),
  id: z.string().nullish(),
  approval_request_id: z.string().min(1),
  approve: z.boolean(),
  reason: z.string().nullish(),
});

const ItemReference = z.object({ type: z.literal('item_reference'), id: z.string().min(1) });

/**
 * Tools in addition to the request's own, as Codex sends them. A later one replaces an earlier one of the same name.
 */
const AdditionalToolsItem = z.object({
  type: z.literal('additional_tools'),
  id: z.string().nullish(),
  role: z.literal('developer'),
  tools: z.array(ToolParam).max(128),
});

/** An earlier part of a conversation, encrypted by `POST /v1/responses/compact`. */
export const CompactionItem = z.object({
  type: z.literal('compaction'),
  id: z.string().exactOptional(),
  encrypted_content: z.string().min(1),
});
export type CompactionItem = z.infer<typeof CompactionItem>;

export const InputItem = z.discriminatedUnion('type', [
  MessageItem,
  FunctionCallItem,
  FunctionCallOutputItem,
  CustomToolCallItem,
  CustomToolCallOutputItem,
  PastReasoningItem,
  AdditionalToolsItem,
  CodeInterpreterCall,
  McpListTools,
  McpCall,
  McpApprovalRequest,
  McpApprovalResponse,
  ItemReference,
  CompactionItem,
]);
export type InputItem = z.infer<typeof InputItem>;
