import type { ItemList } from '../../../../src/contracts/responses/conversation.ts';
import type { InputItem } from '../../../../src/contracts/responses/input-item.ts';
import type { Response } from '../../../../src/contracts/responses/response.ts';
import { service } from '../../service/service.ts';

/** One answer to a question; `about` says how it was asked. */
export type Version = { id: string; effort: string; model: string };
/** A question with its answers, of which the shown one goes into what follows. */
export type Turn = { question: string; versions: readonly Version[]; shown: number };

const place = 'thinkfirst.thread';
/** Turns that are fetched again for an address from elsewhere. */
const longestThread = 40;

export function shownVersion(turn: Turn | undefined): Version | undefined {
  return turn?.versions[turn.shown];
}

/** Keeps the thread for this tab: with all versions, which the service knows nothing of. */
export function keepThread(turns: readonly Turn[]): void {
  try {
    sessionStorage.setItem(place, JSON.stringify(turns));
  } catch {
    // A full or forbidden storage loses the other versions at a reload, not the thread.
  }
}

/** The thread that ends with a response: this tab's own, or as the service tells it, back from the last answer. */
export async function threadEndingWith(id: string, options: { signal: AbortSignal }): Promise<Turn[]> {
  const kept = keptThread();
  if (shownVersion(kept.at(-1))?.id === id) return kept;
  const turns: Turn[] = [];
  let next: string | null = id;
  while (next !== null && turns.length < longestThread) {
    const [response, items]: [Response, ItemList] = await Promise.all([
      service.response(next, options),
      service.inputItems(next, options),
    ]);
    turns.unshift({
      question: questionIn(items.data),
      versions: [{ id: next, effort: response.reasoning.effective.effort, model: response.model }],
      shown: 0,
    });
    next = response.previous_response_id;
  }
  return turns;
}

function keptThread(): Turn[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(place) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isTurn) : [];
  } catch {
    return [];
  }
}

function isTurn(value: unknown): value is Turn {
  return (
    typeof value === 'object' &&
    value !== null &&
    'question' in value &&
    'versions' in value &&
    Array.isArray(value.versions) &&
    'shown' in value
  );
}

/** The last words of the user among a request's items. */
export function questionIn(items: readonly InputItem[]): string {
  const message = items.findLast((item) => 'role' in item && item.role === 'user');
  if (message === undefined || !('content' in message)) return '';
  const { content } = message;
  if (typeof content === 'string') return content;
  return (content ?? []).flatMap((part) => ('text' in part ? [part.text] : [])).join('\n');
}
