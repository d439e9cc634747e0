import type { ControlCommand } from '../../core/job-queue.ts';

/** What processes tell each other about jobs; each may be lost, since everything is looked at again on a timer. */
export type Notice =
  | { type: 'log'; id: string }
  | { type: 'control'; id: string; command: ControlCommand }
  | { type: 'waiting'; queue: string }
  /** Something may have been missed. */
  | { type: 'missed' };

/** A notice as one word of text, as scripts write it. One comes with every append: no schema is built for it. */
export function parseNotice(text: string): Notice {
  const [type, first, second] = text.split(' ');
  if (first !== undefined && type === 'log') return { type, id: first };
  if (first !== undefined && type === 'waiting') return { type, queue: first };
  if (first !== undefined && type === 'control' && (second === 'cancel' || second === 'answer_now')) {
    return { type, id: first, command: second };
  }
  return { type: 'missed' };
}
