import type { KeyScopes } from '../contracts/key-scopes.ts';

/** Who asks. `owner` is the key that responses belong to; null without keys. */
export type Caller = { owner: string | null; scopes: KeyScopes };
