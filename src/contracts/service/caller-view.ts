import { z } from 'zod';
import { KeyScopes } from './key-scopes.ts';

/** `GET /v1/caller`: who the service takes the caller for. */
export const CallerView = z.object({
  object: z.literal('caller'),
  /** Null where the service asks for no key. */
  key_id: z.string().nullable(),
  scopes: KeyScopes,
});
export type CallerView = z.infer<typeof CallerView>;
