import { z } from 'zod';

/** What a key may see and do. `trace`: how much of the thoughts. */
export const KeyScopes = z.object({
  trace: z.enum(['none', 'summary', 'full']),
  feedback: z.boolean(),
  admin: z.boolean(),
  /** The service's own tools: Python, MCP servers. Absent in what earlier versions stored. */
  tools: z.boolean().default(false),
});
export type KeyScopes = z.infer<typeof KeyScopes>;

/** Without keys, on loopback, everything is allowed. */
export const allScopes: KeyScopes = { trace: 'full', feedback: true, admin: true, tools: true };

/** What is allowed without a key if keys are required: nothing that has an owner. */
export const noScopes: KeyScopes = { trace: 'none', feedback: false, admin: false, tools: false };

/** A scope as users write it. */
export const ScopeName = z.enum(['trace:none', 'trace:summary', 'trace:full', 'feedback', 'admin', 'tools:run']);
export type ScopeName = z.infer<typeof ScopeName>;

/** Scopes by name. Of several `trace:…` the widest applies; without one it is `trace:none`, as for a new key. */
export function scopesOf(names: readonly ScopeName[]): KeyScopes {
  const has = (name: ScopeName) => names.includes(name);
  return {
    trace: has('trace:full') ? 'full' : has('trace:summary') ? 'summary' : 'none',
    feedback: has('feedback'),
    admin: has('admin'),
    tools: has('tools:run'),
  };
}

/** The names from which `scopesOf` makes these scopes. */
export function scopeNames({ trace, feedback, admin, tools }: KeyScopes): ScopeName[] {
  const others: Array<[boolean, ScopeName]> = [
    [feedback, 'feedback'],
    [admin, 'admin'],
    [tools, 'tools:run'],
  ];
  return [`trace:${trace}`, ...others.flatMap(([held, name]) => (held ? [name] : []))];
}

const traceLevels = ['none', 'summary', 'full'] as const;

/** The first scope of `wanted` that `held` does not include; undefined if all are included. */
export function scopeBeyond(wanted: KeyScopes, held: KeyScopes): ScopeName | undefined {
  if (traceLevels.indexOf(wanted.trace) > traceLevels.indexOf(held.trace)) return `trace:${wanted.trace}`;
  if (wanted.feedback && !held.feedback) return 'feedback';
  if (wanted.tools && !held.tools) return 'tools:run';
  return wanted.admin && !held.admin ? 'admin' : undefined;
}

/** `GET /v1/caller`: how the service sees the caller. */
export const CallerView = z.object({
  object: z.literal('caller'),
  /** Null if the service requires no key. */
  key_id: z.string().nullable(),
  scopes: KeyScopes,
  /** Absent in services of earlier versions. The most bytes of a request body. */
  limits: z.object({ body_bytes: z.int().positive() }).optional(),
  /** Labels of the operator's MCP servers, for a caller who may use them. */
  mcp_servers: z.array(z.string()).exactOptional(),
});
export type CallerView = z.infer<typeof CallerView>;
