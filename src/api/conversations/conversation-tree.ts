import type { ConversationEntry, ConversationRecord } from '../../contracts/responses/conversation.ts';
import type { ContentPart, InputItem } from '../../contracts/responses/input-item.ts';

/** The entries of a conversation as a tree: each follows one other, and those that follow the same one are branches. */
type Entries = Pick<ConversationRecord, 'entries'>;

/** The entry that the one at `index` follows; null at the start. */
export function followedBy({ entries }: Entries, index: number): number | null {
  const follows = entries[index]?.follows;
  if (follows === undefined) return index === 0 ? null : index - 1;
  // Only ever an earlier one: no path runs in a circle.
  return follows !== null && follows < index ? follows : null;
}

/** The last entry that was added; null in an empty conversation. */
export function lastEntry({ entries }: Entries): number | null {
  return entries.length === 0 ? null : entries.length - 1;
}

/** The indexes from the start of a branch to one of its entries. */
export function pathTo(record: Entries, index: number | null): number[] {
  const path: number[] = [];
  for (let at = index; at !== null; at = followedBy(record, at)) path.push(at);
  return path.reverse();
}

/** The end of what was added, one behind the other, after the entry at `index`. */
export function tipFrom(record: Entries, index: number | null): number | null {
  let tip = index;
  for (let at = (index ?? -1) + 1; at < record.entries.length; at++) if (followedBy(record, at) === tip) tip = at;
  return tip;
}

/** The response of an entry; undefined for items that were added as such. */
export function responseOf(entry: ConversationEntry | undefined): string | undefined {
  return entry?.type === 'response' ? entry.id : entry?.response?.id;
}

/** Where a response stands; undefined where it is not part of this conversation. */
export function entryOfResponse({ entries }: Entries, id: string): number | undefined {
  const index = entries.findIndex((entry) => responseOf(entry) === id);
  return index < 0 ? undefined : index;
}

/** The place before the first response: behind the items that a conversation was begun with. */
export function startOf(record: Entries): number | null {
  const first = record.entries.findIndex((entry) => responseOf(entry) !== undefined);
  return first < 0 ? lastEntry(record) : followedBy(record, first);
}

/** The response that the entry at `index` goes on from, past those for which `isThere` is false. */
export function parentOf(record: Entries, index: number, isThere: (id: string) => boolean): string | null {
  for (let at = followedBy(record, index); at !== null; at = followedBy(record, at)) {
    const id = responseOf(record.entries[at]);
    if (id !== undefined && isThere(id)) return id;
  }
  return null;
}

/** Text of the last message of the user's; empty where there is none. */
export function questionIn(items: readonly InputItem[]): string {
  const message = items.findLast((item) => isMessage(item) && item.role === 'user');
  return message !== undefined && isMessage(message) ? textOf(message) : '';
}

/** Text of the model's messages since the last message of the user's. */
export function answerIn(items: readonly InputItem[]): string {
  const from = items.findLastIndex((item) => isMessage(item) && item.role === 'user');
  return items
    .slice(from + 1)
    .flatMap((item) => (isMessage(item) && item.role === 'assistant' ? [textOf(item)] : []))
    .join('\n\n');
}

type Message = Extract<InputItem, { role: 'user' | 'system' | 'developer' | 'assistant'; content: unknown }>;

function isMessage(item: InputItem): item is Message {
  return item.type === undefined || item.type === 'message';
}

function textOf({ content }: Message): string {
  if (typeof content === 'string') return content;
  return content.flatMap((part: ContentPart) => ('text' in part ? [part.text] : [])).join('\n');
}
