import { z } from 'zod';

/** What processes tell each other about jobs; each may be lost, since everything is looked at again on a timer. */
export const Notice = z.discriminatedUnion('type', [
  z.object({ type: z.literal('log'), id: z.string() }),
  z.object({ type: z.literal('control'), id: z.string(), command: z.enum(['cancel', 'answer_now']) }),
  z.object({ type: z.literal('waiting'), queue: z.string() }),
  /** Something may have been missed. */
  z.object({ type: z.literal('missed') }),
]);
export type Notice = z.infer<typeof Notice>;

/** A notice as one word of text, as scripts write it. */
export function parseNotice(text: string): Notice {
  const [type, first, second] = text.split(' ');
  const parsed = Notice.safeParse(
    type === 'waiting' ? { type, queue: first } : { type, id: first, ...(second && { command: second }) },
  );
  return parsed.success ? parsed.data : { type: 'missed' };
}
