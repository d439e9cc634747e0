import { z } from 'zod';
import { responseId, whole } from '../service/query.ts';
import { AnswerVerdict } from './answer-verdict.ts';
import { Metadata, someGiven } from './create-response.ts';
import { InputItem } from './input-item.ts';
import { JobStatus, TerminalStatus } from './job.ts';
import { Effort } from './reasoning.ts';

const Title = z.string().min(1).max(200).regex(/\S/, 'expected a title that is not blank');

/** `POST /v1/conversations` */
export const CreateConversation = z.object({
  items: z.array(InputItem).max(20).nullish(),
  metadata: Metadata.nullish(),
  /** Replaces the title made from the first question. */
  title: Title.nullish(),
});
/** `POST /v1/conversations/{id}`: replaces the given fields. */
export const UpdateConversation = z
  .object({ title: Title.nullish(), metadata: Metadata.nullish() })
  .refine(({ title, metadata }) => title != null || metadata != null, 'expected a title or metadata')
  .meta(someGiven(['title', 'metadata']));
/** `POST /v1/conversations/{id}/items` */
export const CreateItems = z.object({ items: z.array(InputItem).min(1).max(20) });

/** OpenAI's object, and from `title` on our own fields. Times in epoch seconds. */
export const Conversation = z.object({
  id: z.string(),
  object: z.literal('conversation'),
  created_at: z.int(),
  metadata: Metadata,
  /** The given title, or the start of the first question; null before there is one. */
  title: z.string().nullable(),
  /** When a turn was last added or ended, or items were added. */
  updated_at: z.int(),
  /** Responses in all branches. */
  turns: z.int().nonnegative(),
  /** The response that was added last: a request that names no position continues from it. */
  last_response_id: z.string().nullable(),
});
export type Conversation = z.infer<typeof Conversation>;

/** `GET /v1/conversations` */
export const ConversationsQuery = z.object({
  /**
   * Words that must all occur in the title, the questions or the answers, in any order; case and accents are ignored.
   */
  q: z.string().max(256).optional(),
  limit: whole(1, 100).optional(),
  /** The last id of the previous page. */
  after: z.string().min(1).max(256).optional(),
});

const page = { first_id: z.string().nullable(), last_id: z.string().nullable(), has_more: z.boolean() };

/** Last used first. */
export const ConversationList = z.object({ object: z.literal('list'), data: z.array(Conversation), ...page });
export type ConversationList = z.infer<typeof ConversationList>;

export const DeletedConversation = z.object({
  id: z.string(),
  object: z.literal('conversation.deleted'),
  deleted: z.literal(true),
});
export type DeletedConversation = z.infer<typeof DeletedConversation>;

/** Items of a conversation, or of a response's input, each with an id. */
export const ItemList = z.object({ object: z.literal('list'), data: z.array(InputItem), ...page });
export type ItemList = z.infer<typeof ItemList>;

export const ItemsQuery = z.object({
  limit: whole(1, 100).optional(),
  /** `desc`, newest first, is the default. */
  order: z.enum(['asc', 'desc']).optional(),
  /** The last id of the previous page. */
  after: z.string().min(1).max(256).optional(),
});
export type ItemsQuery = z.infer<typeof ItemsQuery>;

/** One response of a conversation. Times in epoch seconds. */
export const ConversationTurn = z.object({
  /** The id of the response. */
  id: z.string(),
  object: z.literal('conversation.turn'),
  /** The response that this one continues from; null at the start. Turns with the same parent are branches. */
  parent: z.string().nullable(),
  /** Text of the last user message; empty if a tool's output was sent. */
  question: z.string(),
  /** Text of the answer as far as it was kept; empty while the response runs. */
  answer: z.string(),
  status: JobStatus,
  model: z.string(),
  effort: Effort,
  created_at: z.int(),
  completed_at: z.int().nullable(),
  /** How far to trust the answer. Absent while the response runs, and if nothing was thought. */
  verdict: AnswerVerdict.exactOptional(),
  /** False: the response and its trace no longer exist (deleted, expired, or the chat was imported). */
  stored: z.boolean(),
});
export type ConversationTurn = z.infer<typeof ConversationTurn>;

/** `GET /v1/conversations/{id}/turns` */
export const TurnsQuery = z.object({ limit: whole(1, 1_000).optional(), after: z.string().min(1).max(256).optional() });

/** Oldest first, of all branches. */
export const TurnList = z.object({ object: z.literal('list'), data: z.array(ConversationTurn), ...page });
export type TurnList = z.infer<typeof TurnList>;

export const conversationId = /^conv_[\w-]{1,64}$/;

/**
 * The index of the entry that this entry follows; null: it is the first of its branch. Absent: the previous entry in
 * the list.
 */
const Follows = z.int().nonnegative().nullable().optional();

/** What is kept of a response that has ended, in addition to its items. Times in epoch ms. */
const KeptResponse = z.object({
  id: z.string(),
  model: z.string(),
  effort: Effort,
  status: TerminalStatus,
  createdAt: z.number(),
  completedAt: z.number().nullable(),
  /** Absent if nothing was thought, and in older records. */
  verdict: AnswerVerdict.exactOptional(),
  /** The response itself no longer exists. */
  gone: z.literal(true).optional(),
});

const ConversationEntry = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('items'),
    items: z.array(InputItem),
    follows: Follows,
    /** The response that these items came from; absent for items that were added directly. */
    response: KeptResponse.optional(),
  }),
  z.object({
    type: z.literal('response'),
    id: z.string(),
    follows: Follows,
    /** The start of the question, for title and search. */
    question: z.string().optional(),
    /** Bytes of the response's own input as JSON, which is kept here when it has ended. Absent in older records. */
    bytes: z.int().nonnegative().optional(),
  }),
]);
export type ConversationEntry = z.infer<typeof ConversationEntry>;

/**
 * A conversation as it is stored. A response's items stay in the response until it has ended, and are then kept here.
 * Entries are only added at the end and never move, so an index always refers to the same entry.
 */
export const ConversationRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  /** Epoch ms. */
  createdAt: z.number(),
  owner: z.string().nullable(),
  metadata: Metadata,
  title: z.string().optional(),
  /** Epoch ms of its last use; absent in records of earlier versions. */
  updatedAt: z.number().optional(),
  /** Counts changes, so that an index of an older state never replaces one of a newer state. */
  revision: z.int().optional(),
  entries: z.array(ConversationEntry),
});
export type ConversationRecord = z.infer<typeof ConversationRecord>;

/** `GET /v1/conversations/{id}/export` */
export const ExportQuery = z.object({
  format: z.enum(['markdown', 'json']).optional(),
  /** For Markdown, which shows one branch: the last response of the branch. Default: the one that was added last. */
  turn: z.string().regex(responseId, 'expected the id of a response').optional(),
});

const epochMs = z.number().min(0).max(8.64e15);

/** A conversation as a file: `GET …/export?format=json` writes it, and `POST /v1/conversations/import` reads it. */
export const ConversationExport = z.object({
  object: z.literal('conversation.export'),
  version: z.literal(1),
  title: Title.nullable(),
  /** Epoch ms, like all times here. */
  created_at: epochMs,
  metadata: Metadata,
  entries: z
    .array(
      z.object({
        items: z.array(InputItem),
        follows: Follows,
        response: z
          .object({
            id: z.string().max(128),
            model: z.string().max(256),
            effort: Effort,
            status: TerminalStatus,
            created_at: epochMs,
            completed_at: epochMs.nullable(),
            verdict: AnswerVerdict.exactOptional(),
          })
          .optional(),
      }),
    )
    .max(2_000),
});
export type ConversationExport = z.infer<typeof ConversationExport>;
