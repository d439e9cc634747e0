import { z } from 'zod';
import { KeyScopes, ScopeName } from './key-scopes.ts';

/** No key needs more; a larger limit is a typing mistake. */
const most = 1_000_000_000;
const limit = z.int().positive().max(most);

/** What one key may use; null: no limit. */
export const KeyLimits = z.object({
  requests_per_minute: limit.nullable(),
  /** Responses that have not ended. */
  concurrent_responses: limit.nullable(),
  /** Input and output together, of responses accepted on one day in UTC. */
  tokens_per_day: limit.nullable(),
});
export type KeyLimits = z.infer<typeof KeyLimits>;

export const keyId = /^key_[0-9a-f]{24}$/;

/** The settings of a new key. */
export const NewApiKey = z.object({
  name: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .regex(/^[^\p{C}]*$/u, 'expected printable characters'),
  /** None means `trace:none`: such a key gets answers but sees no thoughts. */
  scopes: z.array(ScopeName).max(8).default([]),
  requests_per_minute: limit.nullish(),
  concurrent_responses: limit.nullish(),
  tokens_per_day: limit.nullish(),
  /**
   * The key becomes valid only after `POST /v1/keys/{id}/confirm`, when its secret has been saved; a first key makes
   * keys required only then.
   */
  confirm: z.boolean().nullish(),
});
export type NewApiKey = z.input<typeof NewApiKey>;

/** A key as it is shown, without its secret. Times in epoch seconds. */
export const ApiKey = KeyLimits.extend({
  id: z.string(),
  object: z.literal('api_key'),
  name: z.string(),
  scopes: z.array(ScopeName),
  /** The secret's last four characters, to tell keys apart. */
  secret_end: z.string(),
  created_at: z.int(),
  revoked_at: z.int().nullable(),
  /** It has not been confirmed yet. */
  unconfirmed: z.literal(true).exactOptional(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** The response to `POST /v1/keys`, the only place where the secret is shown. */
export const CreatedApiKey = ApiKey.extend({ secret: z.string() });
export type CreatedApiKey = z.infer<typeof CreatedApiKey>;

export const ApiKeyList = z.object({ object: z.literal('list'), data: z.array(ApiKey) });
export type ApiKeyList = z.infer<typeof ApiKeyList>;

/** A key as it is stored. The secret itself is not stored. */
export const ApiKeyRecord = z.object({
  version: z.literal(1),
  id: z.string().regex(keyId),
  name: z.string(),
  scopes: KeyScopes,
  limits: KeyLimits,
  /** SHA-256 of the whole secret, hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  secret_end: z.string(),
  created_at: z.int(),
  revoked_at: z.int().nullable(),
  unconfirmed: z.literal(true).exactOptional(),
});
export type ApiKeyRecord = z.infer<typeof ApiKeyRecord>;
