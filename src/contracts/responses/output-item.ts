import { z } from 'zod';

const ItemStatus = z.enum(['in_progress', 'completed', 'incomplete']);

const TopLogprob = z.object({ token: z.string(), bytes: z.array(z.int()), logprob: z.number() });
export const OutputLogprob = TopLogprob.extend({ top_logprobs: z.array(TopLogprob) });
export type OutputLogprob = z.infer<typeof OutputLogprob>;

export const OutputText = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.never()),
  logprobs: z.array(OutputLogprob),
});
export type OutputText = z.infer<typeof OutputText>;
export const OutputRefusal = z.object({ type: z.literal('refusal'), refusal: z.string() });
export const ReasoningText = z.object({ type: z.literal('reasoning_text'), text: z.string() });
export const SummaryText = z.object({ type: z.literal('summary_text'), text: z.string() });

export const OutputMessage = z.object({
  type: z.literal('message'),
  id: z.string(),
  role: z.literal('assistant'),
  status: ItemStatus,
  content: z.array(z.discriminatedUnion('type', [OutputText, OutputRefusal])),
});
export type OutputMessage = z.infer<typeof OutputMessage>;

export const ReasoningItem = z.object({
  type: z.literal('reasoning'),
  id: z.string(),
  summary: z.array(SummaryText),
  /** The thoughts; only with scope `trace:full` and if the request asks for them. */
  content: z.array(ReasoningText).exactOptional(),
  encrypted_content: z.string().nullable().exactOptional(),
  status: ItemStatus.exactOptional(),
});
export type ReasoningItem = z.infer<typeof ReasoningItem>;

const OutputFunctionCall = z.object({
  type: z.literal('function_call'),
  id: z.string(),
  call_id: z.string(),
  name: z.string(),
  namespace: z.string().exactOptional(),
  arguments: z.string(),
  status: ItemStatus,
});

/** A call of a tool that accepts free text. */
const OutputCustomToolCall = z.object({
  type: z.literal('custom_tool_call'),
  id: z.string(),
  call_id: z.string(),
  name: z.string(),
  namespace: z.string().exactOptional(),
  input: z.string(),
  status: ItemStatus,
});

/** A call of `code_interpreter`. `outputs` only where `include` asks for them. */
export const CodeInterpreterCall = z.object({
  type: z.literal('code_interpreter_call'),
  id: z.string(),
  code: z.string().nullable(),
  container_id: z.string(),
  outputs: z
    .array(
      z.discriminatedUnion('type', [
        z.object({ type: z.literal('logs'), logs: z.string() }),
        z.object({ type: z.literal('image'), url: z.string() }),
      ]),
    )
    .nullable(),
  status: z.enum(['in_progress', 'completed', 'incomplete', 'interpreting', 'failed']),
});
export type CodeInterpreterCall = z.infer<typeof CodeInterpreterCall>;

/** The tools that an MCP server offered. */
export const McpListTools = z.object({
  type: z.literal('mcp_list_tools'),
  id: z.string(),
  server_label: z.string(),
  tools: z.array(
    z.object({
      name: z.string(),
      description: z.string().nullable().exactOptional(),
      input_schema: z.unknown(),
      annotations: z.unknown().optional(),
    }),
  ),
  error: z.string().nullable().exactOptional(),
});
export type McpListTools = z.infer<typeof McpListTools>;

export const McpCall = z.object({
  type: z.literal('mcp_call'),
  id: z.string(),
  server_label: z.string(),
  name: z.string(),
  arguments: z.string(),
  approval_request_id: z.string().nullable().exactOptional(),
  output: z.string().nullable().exactOptional(),
  error: z.string().nullable().exactOptional(),
  status: z.enum(['in_progress', 'completed', 'incomplete', 'calling', 'failed']).exactOptional(),
});
export type McpCall = z.infer<typeof McpCall>;

/** A call that waits for an `mcp_approval_response` in a following request. */
export const McpApprovalRequest = z.object({
  type: z.literal('mcp_approval_request'),
  id: z.string(),
  server_label: z.string(),
  name: z.string(),
  arguments: z.string(),
});
export type McpApprovalRequest = z.infer<typeof McpApprovalRequest>;

export const OutputItem = z.discriminatedUnion('type', [
  OutputMessage,
  ReasoningItem,
  OutputFunctionCall,
  OutputCustomToolCall,
  CodeInterpreterCall,
  McpListTools,
  McpCall,
  McpApprovalRequest,
]);
export type OutputItem = z.infer<typeof OutputItem>;
