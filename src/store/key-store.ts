import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type ApiKey, ApiKeyRecord, type CreatedApiKey, keyId, NewApiKey } from '../contracts/service/api-key.ts';
import { scopeNames, scopesOf } from '../contracts/service/key-scopes.ts';
import type { RecordStore } from '../core/record-store.ts';

const form = /^tf_([0-9a-f]{24})_([\w-]{43})$/;

/**
 * A new secret and the id in it: `tf_<24 hex>_<43 characters>`; the last part has 256 random bits. The id finds the
 * record, and the random part authenticates the holder.
 */
function newSecret(): { id: string; secret: string } {
  const id = randomBytes(12).toString('hex');
  return { id: `key_${id}`, secret: `tf_${id}_${randomBytes(32).toString('base64url')}` };
}

/** The key's id in a secret; undefined for other strings. */
function idInSecret(secret: string): string | undefined {
  const id = form.exec(secret)?.[1];
  return id === undefined ? undefined : `key_${id}`;
}

/**
 * SHA-256 as hex. Slow, salted hashes (argon2, scrypt) are for secrets that people choose and others can guess. 256
 * random bits cannot be guessed at any speed, so a fast hash is as secure and adds no cost to a request.
 */
function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/**
 * Compares in constant time. Both hashes have the same length, so the time does not reveal how much of a guess was
 * right.
 */
function sameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'hex'), Buffer.from(other, 'hex')];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * API keys, stored as one small record each, so that any process (the CLI next to a running service, or another
 * replica) can create and revoke them. Readers notice changes within `freshMs`.
 */
export type KeyStore = {
  /**
   * The only time the secret is returned. With `confirm` the key is invalid until it is confirmed, and a first key does
   * not make keys required before that. @throws ZodError if the input is invalid
   */
  create(wanted: NewApiKey): Promise<CreatedApiKey>;
  /** Newest first, including revoked ones. */
  list(): Promise<ApiKey[]>;
  /**
   * The key is valid from now on, and keys are required; undefined if there is no such key. Confirming twice changes
   * nothing.
   */
  confirm(id: string): Promise<ApiKey | undefined>;
  /**
   * The key after the change; undefined if there is none. Revoking twice changes nothing; an unconfirmed key is
   * removed.
   */
  revoke(id: string): Promise<ApiKey | undefined>;
  /** The key with this secret, unless it was revoked. */
  authenticate(secret: string): Promise<ApiKeyRecord | undefined>;
  /** The owner of a key's responses and records: its id, or null for the first key, which owns what was made before there were keys. */
  ownerOf(id: string): Promise<string | null>;
  /** True as soon as any key has been valid: revoking the last one does not open the service. */
  required(): Promise<boolean>;
};

const prefix = 'keys';
/**
 * Records that keys are required. Written before the first key, so that a crash between the two does not leave the
 * service open.
 */
const marker = 'keys-required:since';
/** `first`: the first key. Absent in a service whose first key was made by an earlier version. */
const Marker = z.object({ since: z.number(), first: z.string().optional() });
/** The most unknown ids that are remembered. */
const mostRemembered = 10_000;

type KeyStoreOptions = {
  records: RecordStore;
  /** Epoch ms. */
  now(): number;
  /** How long a cached record counts as current. ms */
  freshMs?: number;
};

export function createKeyStore({ records, now, freshMs = 2_000 }: KeyStoreOptions): KeyStore {
  const cache = createRecordCache(records, { now, freshMs });
  const requirement = createKeyRequirement(records, { now, freshMs });
  /** Stores a changed record, so that this process notices it at once. */
  const store = async (record: ApiKeyRecord): Promise<void> => {
    await records.set(`${prefix}:${record.id}`, record);
    cache.forget(record.id);
  };
  return {
    async create(wanted) {
      const { record, secret } = newKey(wanted, Math.floor(now() / 1000));
      if (!record.unconfirmed) await requirement.start(record.id);
      await records.set(`${prefix}:${record.id}`, record);
      return { ...shown(record), secret };
    },
    async list() {
      const ids = (await records.keys(prefix)).map((key) => key.slice(prefix.length + 1));
      const found = await Promise.all(ids.filter((id) => keyId.test(id)).map((id) => readKey(records, id)));
      return found
        .filter((record) => record !== undefined)
        .sort((one, other) => other.created_at - one.created_at || (one.id < other.id ? 1 : -1))
        .map(shown);
    },
    async confirm(id) {
      const record = keyId.test(id) ? await readKey(records, id) : undefined;
      if (record === undefined) return undefined;
      if (record.unconfirmed === undefined) return shown(record);
      const { unconfirmed: _waits, ...confirmed } = record;
      // Writes the key first: a crash in between leaves the service open, but does not lock its owner out.
      await store(confirmed);
      await requirement.start(id);
      return shown(confirmed);
    },
    async revoke(id) {
      const record = keyId.test(id) ? await readKey(records, id) : undefined;
      if (record === undefined) return undefined;
      const revoked = { ...record, revoked_at: record.revoked_at ?? Math.floor(now() / 1000) };
      if (!record.unconfirmed) await store(revoked);
      else {
        await records.remove(`${prefix}:${id}`);
        cache.forget(id);
      }
      return shown(revoked);
    },
    async authenticate(secret) {
      const id = idInSecret(secret);
      const record = id === undefined ? undefined : await cache.get(id);
      if (record === undefined || record.revoked_at !== null || record.unconfirmed) return undefined;
      return sameHash(secretHash(secret), record.hash) ? record : undefined;
    },
    ownerOf: async (id) => ((await requirement.firstKey()) === id ? null : id),
    required: requirement.holds,
  };
}

/** A record for a new key, with its secret. @throws ZodError if the input is invalid */
function newKey(wanted: NewApiKey, createdAt: number): { record: ApiKeyRecord; secret: string } {
  const { name, scopes, confirm, ...limits } = NewApiKey.parse(wanted);
  const { id, secret } = newSecret();
  const record: ApiKeyRecord = {
    version: 1,
    id,
    name,
    scopes: scopesOf(scopes),
    limits: {
      requests_per_minute: limits.requests_per_minute ?? null,
      concurrent_responses: limits.concurrent_responses ?? null,
      tokens_per_day: limits.tokens_per_day ?? null,
    },
    hash: secretHash(secret),
    secret_end: secret.slice(-4),
    created_at: createdAt,
    revoked_at: null,
    ...(confirm === true && { unconfirmed: true }),
  };
  return { record, secret };
}

/** An unreadable record is not a valid key. */
async function readKey(records: RecordStore, id: string): Promise<ApiKeyRecord | undefined> {
  const parsed = ApiKeyRecord.safeParse(await records.get(`${prefix}:${id}`));
  return parsed.success ? parsed.data : undefined;
}

type Freshness = { now(): number; freshMs: number };

/** Records as they were at most `freshMs` ago. */
function createRecordCache(records: RecordStore, { now, freshMs }: Freshness) {
  const known = new Map<string, { record: ApiKeyRecord | undefined; readAt: number }>();
  return {
    async get(id: string): Promise<ApiKeyRecord | undefined> {
      const cached = known.get(id);
      if (cached !== undefined && now() - cached.readAt < freshMs) return cached.record;
      const readAt = now();
      const record = await readKey(records, id);
      if (known.size >= mostRemembered) known.clear();
      known.set(id, { record, readAt });
      return record;
    },
    forget: (id: string) => void known.delete(id),
  };
}

/** Whether keys are required, and which key was the first. */
function createKeyRequirement(records: RecordStore, { now, freshMs }: Freshness) {
  let required = false;
  let asked: { at: number; answer: Promise<boolean> } | undefined;
  /** Never changes once it is there. */
  let first: Promise<string | undefined> | undefined;
  return {
    async start(id: string): Promise<void> {
      // If two keys are created at the same time, one of them becomes the first.
      await records.update(marker, (value) =>
        value === undefined ? { since: Math.floor(now() / 1000), first: id } : undefined,
      );
      required = true;
    },
    firstKey(): Promise<string | undefined> {
      first ??= records.get(marker).then((value) => Marker.safeParse(value).data?.first);
      return first.catch((error: unknown) => {
        first = undefined;
        throw error;
      });
    },
    async holds(): Promise<boolean> {
      if (required) return true;
      if (asked === undefined || now() - asked.at >= freshMs) {
        asked = { at: now(), answer: records.get(marker).then((since) => since !== undefined) };
      }
      try {
        required ||= await asked.answer;
      } catch (error) {
        asked = undefined;
        throw error;
      }
      return required;
    },
  };
}

function shown({ version: _version, hash: _hash, limits, scopes, ...record }: ApiKeyRecord): ApiKey {
  return { object: 'api_key', ...record, ...limits, scopes: scopeNames(scopes) };
}
