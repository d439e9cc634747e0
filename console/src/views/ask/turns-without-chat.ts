import type { ItemList } from '../../../../src/contracts/responses/conversation.ts';
import type { Response } from '../../../../src/contracts/responses/response.ts';
import { service } from '../../service/service.ts';
import type { ChatTurn } from './chat-tree.ts';

/** Turns that are fetched for an answer that is in no conversation. */
const mostTurns = 40;

/** The answers that led to one which is in no conversation, as programs make them with `previous_response_id`. */
export async function turnsEndingWith(id: string, options: { signal?: AbortSignal }): Promise<ChatTurn[]> {
  const turns: ChatTurn[] = [];
  let next: string | null = id;
  while (next !== null && turns.length < mostTurns) {
    const read: [Response, ItemList] = await Promise.all([
      service.response(next, options),
      service.inputItems(next, options),
    ]);
    const [response, items] = read;
    const { status, model, created_at, completed_at, previous_response_id } = response;
    const parent: string | null = previous_response_id;
    turns.unshift({
      id: next,
      object: 'conversation.turn',
      parent,
      question: questionIn(items.data),
      answer: response.output_text,
      status,
      model,
      effort: response.reasoning.effective.effort,
      created_at,
      completed_at,
      stored: true,
    });
    next = parent;
  }
  // What lies before the first of them is not shown.
  return turns.map((turn, index) => (index === 0 ? { ...turn, parent: null } : turn));
}

/** The last words of the user among a request's items. */
function questionIn(items: ItemList['data']): string {
  const message = items.findLast((item) => 'role' in item && item.role === 'user');
  if (message === undefined || !('content' in message)) return '';
  const { content } = message;
  if (typeof content === 'string') return content;
  return (content ?? []).flatMap((part) => ('text' in part ? [part.text] : [])).join('\n');
}
