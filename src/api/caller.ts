import type { KeyLimits } from '../contracts/service/api-key.ts';
import type { KeyScopes } from '../contracts/service/key-scopes.ts';

/**
 * Who asks. `owner` is what responses and records belong to: a key's id, or null for what was made without keys, which the first
 * key has taken over. `key`: the id of the key that the request came with; absent without keys. `limits` absent: none.
 */
export type Caller = { owner: string | null; key?: string; scopes: KeyScopes; limits?: KeyLimits };
