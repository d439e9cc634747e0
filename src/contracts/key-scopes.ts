import { z } from 'zod';

/** What a key may see and do. `trace`: how much of the thoughts. */
export const KeyScopes = z.object({
  trace: z.enum(['none', 'summary', 'full']),
  feedback: z.boolean(),
  admin: z.boolean(),
});
export type KeyScopes = z.infer<typeof KeyScopes>;

/** Without keys, on loopback, all is allowed. */
export const allScopes: KeyScopes = { trace: 'full', feedback: true, admin: true };
