import type { KeyLimits } from '../contracts/service/api-key.ts';
import type { KeyScopes } from '../contracts/service/key-scopes.ts';

/** Who asks. `owner` is the key that responses belong to; null without keys. `limits` absent: none. */
export type Caller = { owner: string | null; scopes: KeyScopes; limits?: KeyLimits };
