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

export const OutputItem = z.discriminatedUnion('type', [
  OutputMessage,
  ReasoningItem,
  OutputFunctionCall,
  OutputCustomToolCall,
]);
export type OutputItem = z.infer<typeof OutputItem>;
