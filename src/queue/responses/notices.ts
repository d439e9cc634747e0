import type { ControlCommand } from '../../core/job-queue.ts';

/**
 * Rows that were appended to a log at index `from`; without rows, the log has at least `from` rows. A change that is not
 * given may be anything, so the log must be read.
 */
export type LogChange = { from: number; rows: readonly string[] };

/** Notices that processes send each other about jobs. Any of them may be lost, because everything is also polled. */
export type Notice =
  | { type: 'log'; id: string; change?: LogChange }
  | { type: 'control'; id: string; command: ControlCommand }
  | { type: 'waiting'; queue: string }
  /** The list of models that were added to the running service has changed. */
  | { type: 'models' }
  /** Notices may have been missed. */
  | { type: 'missed' };

/**
 * Parses a notice: words, and for a log that is not too long to send, the rows that were appended, one in each line after them. There is
 * no schema, because one arrives with every append.
 */
export function parseNotice(text: string): Notice {
  const [words = '', ...rows] = text.split('\n');
  const [type, first, second] = words.split(' ');
  if (first !== undefined && type === 'log') {
    // The length is missing if an older process appended, or if the whole log has changed.
    if (second === undefined) return { type, id: first };
    return { type, id: first, change: { from: Number(second) - rows.length, rows } };
  }
  if (first !== undefined && type === 'waiting') return { type, queue: first };
  if (first !== undefined && type === 'control' && (second === 'cancel' || second === 'answer_now')) {
    return { type, id: first, command: second };
  }
  return { type: type === 'models' ? type : 'missed' };
}
