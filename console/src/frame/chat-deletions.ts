import type { Conversation } from '../../../src/contracts/responses/conversation.ts';
import { service } from '../service/service.ts';
import { asFault, type ServiceFault } from '../service/service-fault.ts';
import { tellChatsChanged } from '../service/tab-news.ts';

/** ms in which a deletion can be taken back. */
const undoMs = 8_000;

type Pending = { chat: Conversation; timer: ReturnType<typeof setTimeout> };
let pending: readonly Pending[] = [];
let waiting: readonly Conversation[] = [];
const listeners = new Set<() => void>();

/** Chats that are hidden and will be deleted: in 8 s, or when the page is closed. */
export const chatDeletions = {
  list: (): readonly Conversation[] => waiting,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** `onFault` hears why it could not be deleted; it is then in the list again. */
  add(chat: Conversation, onFault: (fault: ServiceFault) => void): void {
    const over = () => remove(chat).catch((error: unknown) => onFault(asFault(error)));
    put([...pending, { chat, timer: setTimeout(over, undoMs) }]);
  },
  undo(id: string): void {
    clearTimeout(pending.find(({ chat }) => chat.id === id)?.timer);
    put(pending.filter(({ chat }) => chat.id !== id));
  },
};

window.addEventListener('pagehide', () => {
  for (const { chat } of pending) service.removeConversation(chat.id, { keepalive: true }).catch(() => undefined);
});

async function remove({ id }: Conversation): Promise<void> {
  try {
    await service.removeConversation(id);
  } catch (error) {
    // Another tab was quicker.
    if (asFault(error).kind !== 'missing') throw error;
  } finally {
    tellChatsChanged();
    put(pending.filter(({ chat }) => chat.id !== id));
  }
}

function put(next: readonly Pending[]): void {
  pending = next;
  waiting = next.map(({ chat }) => chat);
  for (const listener of listeners) listener();
}
