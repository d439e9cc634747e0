import { allScopes, type KeyScopes } from '../contracts/service/key-scopes.ts';
import type { Environment } from './environment.ts';
import { openKeys } from './open-records.ts';
import { StartError } from './run-entry.ts';

/**
 * Without keys, only this machine may ask.
 * @throws StartError for another address without a key or `THINKFIRST_OPEN=1`
 */
export async function checkAccess(
  { HOST, THINKFIRST_OPEN }: Environment,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (THINKFIRST_OPEN || isLoopback(HOST)) return;
  const { keys, close } = await openKeys(variables);
  try {
    if (await keys.required()) return;
  } finally {
    await close();
  }
  throw new StartError(
    `HOST=${HOST} would let anyone who can reach this machine use the service. Create a key first ` +
      '(thinkfirst keys create --name NAME), or set THINKFIRST_OPEN=1 if this is intended.',
  );
}

/** What may be done while there are no keys: on this machine all; from elsewhere all but making keys and changing settings. */
export function anonymousScopes({ HOST }: Environment): KeyScopes {
  return { ...allScopes, admin: isLoopback(HOST), tools: isLoopback(HOST) };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
