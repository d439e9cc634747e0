import { z } from 'zod';

export const ToolCall = z.object({ id: z.string(), name: z.string(), arguments: z.string() });
export type ToolCall = z.infer<typeof ToolCall>;

/** A part of a turn that is not only text. `url` is an http(s) or data URL, `data` a data URL. */
export const PromptPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image'), url: z.string(), detail: z.string().optional() }),
  z.object({ type: z.literal('file'), data: z.string(), name: z.string().optional() }),
]);
export type PromptPart = z.infer<typeof PromptPart>;

/** One turn as a model's chat template accepts it. `thought` is kept only within a chain of tool calls. */
export const ChatMessage = z.discriminatedUnion('role', [
  z.object({ role: z.literal('system'), content: z.string() }),
  z.object({
    role: z.literal('user'),
    /** The text of the turn. */
    content: z.string(),
    /** All parts in order, including the text, for a model that accepts images or files; absent: only text. */
    parts: z.array(PromptPart).optional(),
  }),
  z.object({
    role: z.literal('assistant'),
    content: z.string(),
    thought: z.string().optional(),
    toolCalls: z.array(ToolCall).optional(),
  }),
  z.object({
    role: z.literal('tool'),
    content: z.string(),
    /** Like a user's. */
    parts: z.array(PromptPart).optional(),
    toolCallId: z.string(),
  }),
]);
export type ChatMessage = z.infer<typeof ChatMessage>;

export const FunctionTool = z.object({
  name: z.string(),
  description: z.string().optional(),
  /** JSON Schema of the arguments. */
  parameters: z.record(z.string(), z.unknown()).optional(),
  strict: z.boolean().optional(),
});
export type FunctionTool = z.infer<typeof FunctionTool>;

/** The input of a model: turns in order, and the tools it may call. */
export const Prompt = z.object({
  messages: z.array(ChatMessage).min(1),
  tools: z.array(FunctionTool).optional(),
  /** The model continues the texts alone, without its template. */
  raw: z.literal(true).optional(),
});
export type Prompt = z.infer<typeof Prompt>;

/** Whether a prompt is turns of text alone, without tools, images and files: then it can be rendered as one text. */
export function isTextOnly({ messages, tools }: Prompt): boolean {
  return (tools ?? []).length === 0 && !messages.some((message) => 'parts' in message && message.parts !== undefined);
}

/** Whether a schema allows no arguments by name and says nothing about others: then `{}` is meant. */
export function takesNothing(schema: Readonly<Record<string, unknown>>): boolean {
  const { type, properties, additionalProperties, ...rest } = schema;
  const names = typeof properties === 'object' && properties !== null ? Object.keys(properties) : undefined;
  const told = Object.keys(rest).filter((key) => !silent.has(key));
  return type === 'object' && names?.length === 0 && (additionalProperties ?? false) === false && told.length === 0;
}

/** Keywords that do not change the arguments. */
const silent: ReadonlySet<string> = new Set(['required', 'title', 'description', '$schema', '$id']);

/** Images and files of a turn. */
export function mediaOf(message: ChatMessage): PromptPart[] {
  const parts = message.role === 'user' || message.role === 'tool' ? message.parts : undefined;
  return (parts ?? []).filter(({ type }) => type !== 'text');
}
