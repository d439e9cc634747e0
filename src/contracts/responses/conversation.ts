import { z } from 'zod';
import { whole } from '../service/query.ts';
import { Metadata } from './create-response.ts';
import { InputItem } from './input-item.ts';

/** `POST /v1/conversations` */
export const CreateConversation = z.object({
  items: z.array(InputItem).max(20).nullish(),
  metadata: Metadata.nullish(),
});
/** `POST /v1/conversations/{id}` */
export const UpdateConversation = z.object({ metadata: Metadata });
/** `POST /v1/conversations/{id}/items` */
export const CreateItems = z.object({ items: z.array(InputItem).min(1).max(20) });

export const Conversation = z.object({
  id: z.string(),
  object: z.literal('conversation'),
  /** Epoch seconds. */
  created_at: z.int(),
  metadata: Metadata,
});
export type Conversation = z.infer<typeof Conversation>;

export const DeletedConversation = z.object({
  id: z.string(),
  object: z.literal('conversation.deleted'),
  deleted: z.literal(true),
});
export type DeletedConversation = z.infer<typeof DeletedConversation>;

/** Items of a conversation, or of a response's input, each with an id. */
export const ItemList = z.object({
  object: z.literal('list'),
  data: z.array(InputItem),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
export type ItemList = z.infer<typeof ItemList>;

export const ItemsQuery = z.object({
  limit: whole(1, 100).optional(),
  /** `desc`, newest first, is the default. */
  order: z.enum(['asc', 'desc']).optional(),
  /** The id that the last page ended with. */
  after: z.string().min(1).max(256).optional(),
});
export type ItemsQuery = z.infer<typeof ItemsQuery>;

export const conversationId = /^conv_[\w-]{1,64}$/;

/** As stored. A response's items stay in the response until it has ended, and are then kept here. */
export const ConversationRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  /** Epoch ms. */
  createdAt: z.number(),
  owner: z.string().nullable(),
  metadata: Metadata,
  entries: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('items'), items: z.array(InputItem) }),
      z.object({ type: z.literal('response'), id: z.string() }),
    ]),
  ),
});
export type ConversationRecord = z.infer<typeof ConversationRecord>;
