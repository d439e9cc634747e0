import { z } from 'zod';
import {
  type Conversation,
  type ConversationEntry,
  type ConversationList,
  ConversationRecord,
  type ConversationsQuery,
} from '../../contracts/responses/conversation.ts';
import { Metadata } from '../../contracts/responses/create-response.ts';
import type { RecordStore } from '../../core/record-store.ts';
import { listOf } from '../pages.ts';
import { answerIn, questionIn, responseOf } from './conversation-tree.ts';

/**
 * Two small records stand beside each conversation, so that a list or a search reads no conversation: a mark whose key says
 * whose it is and when it was used, and a card with what a list shows and a search looks through.
 */
const markPrefix = 'conversations-of';
const cardPrefix = 'conversation-cards';

export const conversationKey = (id: string): string => `conversations:${id}`;
const cardKey = (id: string): string => `${cardPrefix}:${id}`;
const markKey = ({ id, owner }: Pick<ConversationRecord, 'id' | 'owner'>, at: number): string =>
  `${markPrefix}:${owner ?? 'none'}:${at}-${id}`;

/** Characters of a card's text, and of one question or answer in it. */
const mostText = 16_000;
const mostPassage = 1_000;

const Card = z.object({
  id: z.string(),
  owner: z.string().nullable(),
  revision: z.int(),
  createdAt: z.number(),
  updatedAt: z.number(),
  metadata: Metadata,
  title: z.string().nullable(),
  turns: z.int(),
  last: z.string().nullable(),
  /** Responses whose items are not kept yet. */
  running: z.array(z.string()),
  /** Title, questions and answers, folded. */
  text: z.string(),
});
type Card = z.infer<typeof Card>;
/** In the place of a removed conversation's card, so that a change which was on its way doesn't bring the card back. */
const Removed = z.object({ removed: z.literal(true) });

/** Epoch ms of the last use, as far as it is known. */
export const lastUse = ({ updatedAt, createdAt }: ConversationRecord): number => updatedAt ?? createdAt;

/** Lists a conversation as it is now. `before`: its state before the change that led to it. */
export async function indexConversation(
  records: RecordStore,
  record: ConversationRecord,
  before?: ConversationRecord,
): Promise<void> {
  const card = cardOf(record);
  await records.set(markKey(record, card.updatedAt), {});
  await records.update(cardKey(record.id), (value) => {
    if (Removed.safeParse(value).success) return undefined;
    return (Card.safeParse(value).data?.revision ?? -1) < card.revision ? card : undefined;
  });
  if (before !== undefined && lastUse(before) < card.updatedAt) await records.remove(markKey(before, lastUse(before)));
}

/** Removes a conversation with its place in all lists. False: there was none. */
export async function removeConversation(
  records: RecordStore,
  { id, owner }: Pick<ConversationRecord, 'id' | 'owner'>,
): Promise<boolean> {
  const removed = await records.remove(conversationKey(id));
  await records.set(cardKey(id), { removed: true });
  for (const { keys } of (await marksOf(records, owner)).filter((mark) => mark.id === id)) {
    for (const key of keys) await records.remove(key);
  }
  return removed;
}

type Mark = { id: string; at: number; keys: string[] };

/** When each conversation of an owner's, or of all (`undefined`), was last used; the newest first. */
export async function marksOf(records: RecordStore, owner: string | null | undefined): Promise<Mark[]> {
  const marks = new Map<string, Mark>();
  const keys = await records.keys(owner === undefined ? markPrefix : `${markPrefix}:${owner ?? 'none'}`);
  for (const key of keys) {
    const [, at, id = ''] = /^(\d+)-(.+)$/.exec(key.slice(key.lastIndexOf(':') + 1)) ?? [];
    const known = marks.get(id);
    marks.set(id, { id, at: Math.max(Number(at), known?.at ?? 0), keys: [...(known?.keys ?? []), key] });
  }
  return [...marks.values()].sort((one, other) => other.at - one.at || (one.id < other.id ? 1 : -1));
}

/** Cards of conversations that are not there any more. */
export async function removeStaleCards(records: RecordStore): Promise<void> {
  const cards = await records.keys(cardPrefix);
  const there = new Set(await records.keys('conversations'));
  for (const key of cards) {
    if (!there.has(conversationKey(key.slice(cardPrefix.length + 1)))) await records.remove(key);
  }
}

/** Cards that are read at once in a search. */
const stepSize = 200;

/**
 * A page of an owner's conversations, the last used first. `settle` is called for each of the page with responses that were
 * running when it was last written; it gives true where that has changed by now.
 */
export async function listConversations(
  records: RecordStore,
  owner: string | null,
  { q = '', limit = 20, after }: z.output<typeof ConversationsQuery>,
  settle: (card: { id: string; running: readonly string[] }) => Promise<boolean>,
): Promise<ConversationList> {
  const words = folded(q).split(/\s+/).filter(Boolean);
  const marks = await marksOf(records, owner);
  const start = after === undefined ? 0 : marks.findIndex(({ id }) => id === after) + 1;
  const step = words.length === 0 ? limit + 1 : stepSize;
  const found: Card[] = [];
  for (let at = start; at < marks.length && found.length <= limit; at += step) {
    const cards = await Promise.all(marks.slice(at, at + step).map(({ id }) => readCard(records, id)));
    for (const card of cards) {
      if (card?.owner === owner && words.every((word) => card.text.includes(word))) found.push(card);
    }
  }
  const data = await Promise.all(
    found.slice(0, limit).map(async (card) => {
      const changed = card.running.length > 0 && (await settle(card));
      return shownCard((changed ? await readCard(records, card.id) : undefined) ?? card);
    }),
  );
  return listOf(data, { hasMore: found.length > limit });
}

async function readCard(records: RecordStore, id: string): Promise<Card | undefined> {
  const stored = await records.get(cardKey(id));
  if (stored !== undefined) return Card.safeParse(stored).data;
  // A process died between the mark and the card.
  const record = ConversationRecord.safeParse(await records.get(conversationKey(id))).data;
  if (record === undefined) return undefined;
  await indexConversation(records, record);
  return cardOf(record);
}

/** A conversation as clients see it. */
export function shownConversation(record: ConversationRecord): Conversation {
  return shownCard(cardOf(record));
}

function shownCard({ id, createdAt, updatedAt, metadata, title, turns, last }: Card): Conversation {
  const [created_at, updated_at] = [Math.floor(createdAt / 1000), Math.floor(updatedAt / 1000)];
  return { id, object: 'conversation', created_at, metadata, title, updated_at, turns, last_response_id: last };
}

function cardOf(record: ConversationRecord): Card {
  const { id, owner, createdAt, metadata, entries } = record;
  const questions = entries.map(questionOf);
  const first = questions.find((question) => question.trim() !== '');
  const title = record.title ?? (first === undefined ? null : titleOf(first));
  const answers = entries.map((entry) => (entry.type === 'items' ? answerIn(entry.items) : ''));
  // The questions first: where all is too much, they are what somebody remembers.
  const passages = [...questions, ...answers].map((passage) => passage.slice(0, mostPassage));
  const responses = entries.flatMap((entry) => responseOf(entry) ?? []);
  return {
    id,
    owner,
    revision: record.revision ?? 0,
    createdAt,
    updatedAt: lastUse(record),
    metadata,
    title,
    turns: responses.length,
    last: responses.at(-1) ?? null,
    running: entries.flatMap((entry) => (entry.type === 'response' ? [entry.id] : [])),
    text: folded([title ?? '', ...passages].join('\n').slice(0, mostText)),
  };
}

function questionOf(entry: ConversationEntry): string {
  return entry.type === 'response' ? (entry.question ?? '') : questionIn(entry.items);
}

/** Text as it is searched: without case and accents, and with one form for each letter. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().normalize('NFC');
}

/** Characters of a title that is made from a question. */
const titleLength = 60;
const bySentence = new Intl.Segmenter(undefined, { granularity: 'sentence' });
const byWord = new Intl.Segmenter(undefined, { granularity: 'word' });

/** The first sentence of a question, cut at a word where it is long. */
export function titleOf(question: string): string {
  const start = question.trim().slice(0, 1_000);
  const [line = ''] = start.split('\n', 1);
  const [sentence] = bySentence.segment(line);
  const text = (sentence?.segment ?? '').replace(/\s+/g, ' ').trim();
  if (text.length <= titleLength) return text;
  const cut = [...byWord.segment(text)].findLast(({ index }) => index <= titleLength)?.index ?? 0;
  // One word longer than a title: between two characters.
  const kept = cut > 0 ? text.slice(0, cut) : [...text].slice(0, titleLength).join('');
  return `${kept.trimEnd()}…`;
}
