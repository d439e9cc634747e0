import { z } from 'zod';

/** What a key may see and do. `trace`: how much of the thoughts. */
export const KeyScopes = z.object({
  trace: z.enum(['none', 'summary', 'full']),
  feedback: z.boolean(),
  admin: z.boolean(),
});
export type KeyScopes = z.infer<typeof KeyScopes>;

/** Without keys, on loopback, all is allowed. */
export const allScopes: KeyScopes = { trace: 'full', feedback: true, admin: true };

/** What may be done without a key where keys are required: nothing that has an owner. */
export const noScopes: KeyScopes = { trace: 'none', feedback: false, admin: false };

/** A scope as people write it. */
export const ScopeName = z.enum(['trace:none', 'trace:summary', 'trace:full', 'feedback', 'admin']);
export type ScopeName = z.infer<typeof ScopeName>;

/** Scopes by their names; of several `trace:…` the widest holds, and none is `trace:none`, as a new key has it. */
export function scopesOf(names: readonly ScopeName[]): KeyScopes {
  const has = (name: ScopeName) => names.includes(name);
  return {
    trace: has('trace:full') ? 'full' : has('trace:summary') ? 'summary' : 'none',
    feedback: has('feedback'),
    admin: has('admin'),
  };
}

/** The names that `scopesOf` makes the same scopes of. */
export function scopeNames({ trace, feedback, admin }: KeyScopes): ScopeName[] {
  return [`trace:${trace}`, ...(feedback ? ['feedback' as const] : []), ...(admin ? ['admin' as const] : [])];
}

const traceLevels = ['none', 'summary', 'full'] as const;

/** The first scope of `wanted` that `held` does not cover; undefined where all are. */
export function scopeBeyond(wanted: KeyScopes, held: KeyScopes): ScopeName | undefined {
  if (traceLevels.indexOf(wanted.trace) > traceLevels.indexOf(held.trace)) return `trace:${wanted.trace}`;
  if (wanted.feedback && !held.feedback) return 'feedback';
  return wanted.admin && !held.admin ? 'admin' : undefined;
}

/** `GET /v1/caller`: who the service takes the caller for. */
export const CallerView = z.object({
  object: z.literal('caller'),
  /** Null where the service asks for no key. */
  key_id: z.string().nullable(),
  scopes: KeyScopes,
  /** Absent in services of earlier versions. Bytes that the body of a request may have. */
  limits: z.object({ body_bytes: z.int().positive() }).optional(),
});
export type CallerView = z.infer<typeof CallerView>;
