import type { Conversation } from '../../../src/contracts/responses/conversation.ts';

export type ChatDay = 'today' | 'yesterday' | 'earlier';

/** Chats, the last used first, under the day of their last use by this machine's calendar; days without chats are left out. */
export function byDay(chats: readonly Conversation[], now: number): { day: ChatDay; chats: readonly Conversation[] }[] {
  const today = new Date(now).setHours(0, 0, 0, 0);
  const yesterday = new Date(today - 1).setHours(0, 0, 0, 0);
  const dayOf = ({ updated_at }: Conversation): ChatDay => {
    const at = updated_at * 1000;
    if (at >= today) return 'today';
    return at >= yesterday ? 'yesterday' : 'earlier';
  };
  return (['today', 'yesterday', 'earlier'] as const)
    .map((day) => ({ day, chats: chats.filter((chat) => dayOf(chat) === day) }))
    .filter((group) => group.chats.length > 0);
}
