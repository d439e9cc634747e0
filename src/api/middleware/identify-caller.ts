import type { Context, MiddlewareHandler } from 'hono';
import { allScopes, type KeyScopes, noScopes } from '../../contracts/service/key-scopes.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { KeyStore } from '../../store/key-store.ts';
import type { Caller } from '../caller.ts';
import type { ApiEnvironment } from '../dependencies.ts';

/** What has no owner and shows nobody's words: that it lives, and how to ask. */
const openPaths = new Set(['/healthz', '/readyz', '/openapi.json', '/docs']);

type Access = {
  keys?: Pick<KeyStore, 'required' | 'authenticate' | 'ownerOf'> | undefined;
  anonymous?: KeyScopes | undefined;
};

/**
 * Says who asks, by `Authorization: Bearer …` or, as Anthropic's clients send it, `x-api-key`. Without keys everybody is
 * the same caller with the scopes `anonymous`, and what such a client sends as a key is not looked at.
 * @throws ServiceError `invalid_api_key` where keys are required
 */
export function identifyCaller({ keys, anonymous }: Access): MiddlewareHandler<ApiEnvironment> {
  return async function identify(c, next) {
    const caller = await callerOf(c);
    c.set('caller', caller);
    // Caches know of `Authorization`, not of `x-api-key`.
    if (caller.key !== undefined) c.header('cache-control', 'no-store');
    await next();
  };

  async function callerOf(c: Context<ApiEnvironment>): Promise<Caller> {
    // A probe needs no store of keys, so that it tells the process from its backend.
    if (openPaths.has(c.req.path)) return { owner: null, scopes: noScopes };
    const secret = secretOf(c);
    const caller = await callerOfSecret(secret, { keys, anonymous });
    if (caller !== undefined) return caller;
    const fault = secret === undefined ? '' : ', error="invalid_token"';
    // A browser can only be asked for a password: the key is it, whatever the name.
    const scheme = isAdminPage(c) ? 'Basic' : 'Bearer';
    c.header('www-authenticate', `${scheme} realm="thinkfirst"${scheme === 'Bearer' ? fault : ''}`);
    throw new ServiceError({
      code: 'invalid_api_key',
      message:
        secret === undefined
          ? 'This service needs a key. Send it as Authorization: Bearer …, or as x-api-key.'
          : 'The key is unknown or was revoked.',
    });
  }
}

/** Whose requests a secret makes; undefined where keys are required and this is none, or was revoked. */
export async function callerOfSecret(
  secret: string | undefined,
  { keys, anonymous = allScopes }: Access,
): Promise<Caller | undefined> {
  if (keys === undefined || !(await keys.required())) return { owner: null, scopes: anonymous };
  const key = secret === undefined ? undefined : await keys.authenticate(secret);
  if (key === undefined) return undefined;
  return { owner: await keys.ownerOf(key.id), key: key.id, scopes: key.scopes, limits: key.limits };
}

/** The key that a request came with. */
export function secretOf(c: Context): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1];
  return bearer ?? c.req.header('x-api-key') ?? (isAdminPage(c) ? passwordOf(c) : undefined);
}

/** Pages that a browser opens by their address. They only read, so credentials that it adds by itself can do nothing. */
function isAdminPage(c: Context): boolean {
  return c.req.path.startsWith('/admin/');
}

function passwordOf(c: Context): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(c.req.header('authorization') ?? '')?.[1];
  const [, password] =
    /^[^:]*:(.*)$/.exec(encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  return password;
}
