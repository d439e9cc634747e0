import { z } from 'zod';
import { Metadata } from '../responses/create-response.ts';
import { Warning } from '../responses/response.ts';
import { whole } from '../service/query.ts';
import { ChatCompletion, ChatToolCall, ChatUserPart } from './chat-completion.ts';

/** OpenAI's stored chat completions: those that `POST /v1/chat/completions` stores with `store: true`. */

export const chatCompletionId = /^chatcmpl-[\w-]{1,64}$/;

export const StoredChatCompletion = ChatCompletion.extend({ metadata: Metadata });
export type StoredChatCompletion = z.infer<typeof StoredChatCompletion>;

/** Only what the responses for the choices do not contain; everything else is read from them. */
export const ChatCompletionRecord = z.object({
  id: z.string(),
  owner: z.string().nullable(),
  /** Epoch ms. */
  created_at: z.int(),
  model: z.string(),
  metadata: Metadata,
  /** One for each choice, in their order. */
  responses: z.array(z.string()).min(1),
  /** Warnings about the request, with the field names of the caller's API. */
  warnings: z.array(Warning),
});
export type ChatCompletionRecord = z.infer<typeof ChatCompletionRecord>;

const page = {
  limit: whole(1, 100).optional(),
  /** `asc`, oldest first, is the default. */
  order: z.enum(['asc', 'desc']).optional(),
  /** The last id of the previous page. */
  after: z.string().min(1).max(256).optional(),
};

/** `GET /v1/chat/completions` */
export const ChatCompletionsQuery = z.object({
  model: z.string().optional(),
  /** Only completions with these metadata: `metadata[key]=value`. */
  metadata: z.record(z.string(), z.string()).optional(),
  ...page,
});
export type ChatCompletionsQuery = z.infer<typeof ChatCompletionsQuery>;

export const ChatCompletionList = z.object({
  object: z.literal('list'),
  data: z.array(StoredChatCompletion),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
export type ChatCompletionList = z.infer<typeof ChatCompletionList>;

/** `POST /v1/chat/completions/{id}` */
export const UpdateChatCompletion = z.object({ metadata: Metadata.nullable() });

export const DeletedChatCompletion = z.object({
  id: z.string(),
  object: z.literal('chat.completion.deleted'),
  deleted: z.literal(true),
});
export type DeletedChatCompletion = z.infer<typeof DeletedChatCompletion>;

/** A message of the request. If it was sent in parts, `content_parts` has them and `content` is null. */
export const StoredChatMessage = z.object({
  id: z.string(),
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.string().nullable(),
  content_parts: z.array(ChatUserPart).nullable(),
  refusal: z.null(),
  tool_calls: z.array(ChatToolCall).exactOptional(),
  reasoning_content: z.string().exactOptional(),
  tool_call_id: z.string().exactOptional(),
});
export type StoredChatMessage = z.infer<typeof StoredChatMessage>;

export const ChatMessagesQuery = z.object(page);
export type ChatMessagesQuery = z.infer<typeof ChatMessagesQuery>;

export const ChatMessageList = ChatCompletionList.extend({ data: z.array(StoredChatMessage) });
export type ChatMessageList = z.infer<typeof ChatMessageList>;
