import { createHash } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { invalidValue, ServiceError } from '../../contracts/service/service-error.ts';
import { createTurns } from '../../core/in-turn.ts';
import type { Sealer } from '../../store/sealer.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { readBytes, readForm } from '../read-request.ts';

/**
 * The job that a request with a key of the caller's is: the same key is the same id, so adding it twice is one job. `again`: of the
 * run that replaces it, if its client was lost (`response-readers.ts`); `replaces` is then its id.
 */
export type Identity = { id: string; bodyHash: string; replaces?: string; again(): Identity };

const longestKey = 255;

/** @throws ServiceError `invalid_value` naming the header */
export function requestIdentity(
  key: string | undefined,
  body: Readonly<Record<string, unknown>>,
  { caller, sealer, kind = 'response' }: { caller: Caller; sealer: Sealer; kind?: string },
): Identity | undefined {
  if (key === undefined) return undefined;
  if (key === '' || key.length > longestKey) {
    throw invalidValue('Idempotency-Key', `expected 1 to ${longestKey} characters`);
  }
  const bodyHash = sealer.mac(JSON.stringify(body));
  const named = (name: readonly unknown[], replaces: Pick<Identity, 'replaces'>): Identity => {
    const id = `resp_${sealer.mac(JSON.stringify(name))}`;
    return { id, bodyHash, ...replaces, again: () => named(['again', id], { replaces: id }) };
  };
  return named([kind, caller.owner, key], {});
}

/**
 * What makes something other than a response; those are jobs, whose ids follow from their keys. A new key is left out: its
 * answer holds the secret, of which no more than a hash is kept.
 */
const creating =
  /^\/v1\/(conversations(\/import|\/[^/]+\/items)?|files|(messages\/)?batches|responses\/[^/]+\/feedback|webhook\/rotate)$/;
/** Uploads may be larger. */
const bodiesOfAFile = 16;
/** An export may be as large as a conversation, and its JSON somewhat larger. */
export const mostImportedBytes = 24 * 1_048_576;

function mostBytes(path: string, { bodyBytes }: { bodyBytes: number }): number {
  if (path === '/v1/files') return bodyBytes * bodiesOfAFile;
  return path === '/v1/conversations/import' ? Math.max(bodyBytes, mostImportedBytes) : bodyBytes;
}

const dayMs = 86_400_000;

/** A request that was begun, and its answer once it was given, sealed: it may hold a new secret. */
const Begun = z.object({ body_hash: z.string(), started_at: z.number().optional(), sealed: z.string().optional() });
const Answer = z.object({ status: z.number(), type: z.string(), body: z.string() });

/** What a request makes: its id and time (epoch ms). Both are the same if a request with an Idempotency-Key is made again. */
export function creationOf(
  c: Context<ApiEnvironment>,
  { now, newId }: Pick<ApiDependencies, 'now' | 'newId'>,
): { makeId(): string; at: number } {
  return { makeId: c.get('newId') ?? newId, at: c.get('startedAt') ?? now() };
}

/** `idempotency:<day>:<mac>`; the sweep removes what is older than yesterday's. */
export const idempotencyPrefix = 'idempotency';
export const idempotencyRecord = (at: number, name: string) => `${idempotencyPrefix}:${Math.floor(at / dayMs)}:${name}`;

/**
 * The same Idempotency-Key and body give the same answer for a day or two, and nothing is made again. Requests of one
 * process wait for each other; in two processes at once they make things of one id, so that the second replaces the first. So
 * does a request that is made again because it broke off before its answer was kept: it has the ids and the time of before.
 * @throws ServiceError `conflict` for another body, which no retry mends
 */
export function idempotentCreation({
  records,
  sealer,
  limits,
  now,
}: Pick<ApiDependencies, 'records' | 'sealer' | 'limits' | 'now'>): MiddlewareHandler<ApiEnvironment> {
  const inTurn = createTurns();
  const find = async (name: string) => {
    for (const at of [now(), now() - dayMs]) {
      const stored = await records.get(idempotencyRecord(at, name));
      if (stored !== undefined) return Begun.parse(stored);
    }
    return undefined;
  };

  return async function createOnce(c, next) {
    const key = c.req.header('idempotency-key');
    if (key === undefined || c.req.method !== 'POST' || !creating.test(c.req.path)) return next();
    const caller = c.get('caller');
    const bytes = await readBytes(c.req, mostBytes(c.req.path, limits));
    const { url, headers, signal } = c.req.raw;
    c.req.raw = new Request(url, { method: 'POST', headers, signal, body: new Uint8Array(bytes) });
    const type = c.req.header('content-type') ?? '';
    const content = type.startsWith('multipart/')
      ? { parts: await partsOf(bytes, type) }
      : { bytes: Buffer.from(bytes).toString('base64') };
    const identity = requestIdentity(key, content, { caller, sealer, kind: c.req.path });
    if (identity === undefined) return next();
    const name = identity.id.slice('resp_'.length);
    // The answer is kept within the turn: whoever waits for it finds it.
    return inTurn(name, async () => {
      const before = await find(name);
      if (before && before.body_hash !== identity.bodyHash) throw usedBefore();
      if (before?.sealed !== undefined) {
        const answer = Answer.parse(JSON.parse(sealer.open(before.sealed, caller.owner) ?? '{}'));
        return c.body(answer.body, { status: 200, headers: { 'content-type': answer.type } });
      }
      const begun = { body_hash: identity.bodyHash, started_at: before?.started_at ?? now() };
      const record = idempotencyRecord(begun.started_at, name);
      if (!before) await records.set(record, begun);
      let made = 0;
      c.set('newId', () => sealer.mac(`${name} ${made++}`).slice(0, 24));
      c.set('startedAt', begun.started_at);
      await next();
      // A refused request made nothing and may be corrected; a failed one may have made something.
      if (c.res.status >= 400 && c.res.status < 500) await records.remove(record);
      if (c.res.status !== 200) return undefined;
      const answer = { status: 200, type: c.res.headers.get('content-type') ?? '', body: await c.res.clone().text() };
      await records.set(record, { ...begun, sealed: sealer.seal(JSON.stringify(answer), caller.owner) });
      return undefined;
    });
  };
}

/** A form's boundary is drawn anew by each client: what it bounds is compared. */
async function partsOf(bytes: Uint8Array, type: string): Promise<unknown[]> {
  const parts: unknown[] = [];
  for (const [name, value] of await readForm(bytes, type)) {
    if (typeof value === 'string') parts.push([name, value]);
    else parts.push([name, value.name, value.type, sha256(new Uint8Array(await value.arrayBuffer()))]);
  }
  return parts;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

/** The refusal of a key whose request had another body, which no retry mends. */
export function usedBefore(): ServiceError {
  return new ServiceError({
    code: 'conflict',
    message: 'This Idempotency-Key was already used with another body. Use a new key.',
    param: 'Idempotency-Key',
    retryable: false,
  });
}
