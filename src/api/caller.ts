import type { KeyLimits } from '../contracts/api-key.ts';
import type { KeyScopes } from '../contracts/key-scopes.ts';

/** Who asks. `owner` is the key that responses belong to; null without keys. `limits` absent: none. */
export type Caller = { owner: string | null; scopes: KeyScopes; limits?: KeyLimits };
