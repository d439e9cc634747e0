import type { MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { ServiceError } from '../../contracts/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { requestIdentity } from '../idempotency.ts';
import { readBytes } from '../read-json.ts';

/**
 * What makes something other than a response; those are jobs, whose ids follow from their keys. A new key is left out: its
 * answer holds the secret, of which no more than a hash is kept.
 */
const creating = /^\/v1\/(conversations(\/[^/]+\/items)?|files|batches|responses\/[^/]+\/feedback|webhook\/rotate)$/;
/** Uploads may be larger. */
const bodiesOfAFile = 16;
const dayMs = 86_400_000;

/** An answer that was given, sealed: it may hold a new key's secret. */
const Given = z.object({ body_hash: z.string(), sealed: z.string() });
const Answer = z.object({ status: z.number(), type: z.string(), body: z.string() });

/** `idempotency:<day>:<mac>`; the sweep removes what is older than yesterday's. */
export const idempotencyPrefix = 'idempotency';

/**
 * The same Idempotency-Key and body give the same answer for a day or two, and nothing is made again. Requests of one
 * process wait for each other; in two processes at once they make things of one id, so that the second replaces the first.
 * @throws ServiceError `conflict` for another body, which no retry mends
 */
export function idempotentCreation({
  records,
  sealer,
  limits,
  now,
}: Pick<ApiDependencies, 'records' | 'sealer' | 'limits' | 'now'>): MiddlewareHandler<ApiEnvironment> {
  const under = new Map<string, Promise<unknown>>();
  const find = async (name: string) => {
    const today = Math.floor(now() / dayMs);
    for (const day of [today, today - 1]) {
      const stored = await records.get(`${idempotencyPrefix}:${day}:${name}`);
      if (stored !== undefined) return Given.parse(stored);
    }
    return undefined;
  };

  return async function createOnce(c, next) {
    const key = c.req.header('idempotency-key');
    if (key === undefined || c.req.method !== 'POST' || !creating.test(c.req.path)) return next();
    const caller = c.get('caller');
    const bytes = await readBytes(c.req, limits.bodyBytes * (c.req.path === '/v1/files' ? bodiesOfAFile : 1));
    const { url, headers, signal } = c.req.raw;
    c.req.raw = new Request(url, { method: 'POST', headers, signal, body: new Uint8Array(bytes) });
    // A form's boundary is drawn anew by each client: what it bounds is compared by its length alone.
    const isForm = c.req.header('content-type')?.startsWith('multipart/') === true;
    const content = { bytes: isForm ? `${bytes.byteLength}` : Buffer.from(bytes).toString('base64') };
    const identity = requestIdentity(key, content, { caller, sealer, kind: c.req.path });
    if (identity === undefined) return next();
    const name = identity.id.slice('resp_'.length);
    while (under.has(name)) await under.get(name);
    const work = (async () => {
      const before = await find(name);
      if (before) return before;
      let made = 0;
      c.set('newId', () => sealer.mac(`${name} ${made++}`).slice(0, 24));
      await next();
      return undefined;
    })();
    under.set(
      name,
      work.catch(() => undefined),
    );
    try {
      const before = await work;
      if (before) {
        if (before.body_hash !== identity.bodyHash) throw usedBefore();
        const answer = Answer.parse(JSON.parse(sealer.open(before.sealed, caller.owner) ?? '{}'));
        return c.body(answer.body, { status: 200, headers: { 'content-type': answer.type } });
      }
      if (c.res.status !== 200) return;
      const answer = { status: 200, type: c.res.headers.get('content-type') ?? '', body: await c.res.clone().text() };
      const sealed = sealer.seal(JSON.stringify(answer), caller.owner);
      const day = Math.floor(now() / dayMs);
      await records.set(`${idempotencyPrefix}:${day}:${name}`, { body_hash: identity.bodyHash, sealed });
    } finally {
      under.delete(name);
    }
  };
}

function usedBefore(): ServiceError {
  return new ServiceError({
    code: 'conflict',
    message: 'This Idempotency-Key was used before with another body.',
    param: 'Idempotency-Key',
    retryable: false,
  });
}
