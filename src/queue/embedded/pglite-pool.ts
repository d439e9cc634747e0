import { EventEmitter } from 'node:events';
import type { PGlite } from '@electric-sql/pglite';
import type { PgPool, PgPoolClient, PgQueryResult } from 'bullmq';

/**
 * PGlite in the shape of a `pg.Pool`, as far as BullMQ uses one. All clients share PGlite's one session; each has its own
 * notifications. No library does it: PGlite's node-postgres bridge has no LISTEN and hangs timers (see docs/decisions).
 */
export function createPglitePool(db: PGlite): PgPool {
  const query = <R>(text: string, params?: readonly unknown[]) => runQuery<R>(db, text, params);
  return Object.assign(new EventEmitter().setMaxListeners(0), {
    query,
    connect: async () => createClient(db),
    /** The connection closes the database, not its users. */
    end: async () => {},
    // BullMQ asks for it: a session in this process can't drop silently, so it may wait long between its re-checks.
    options: { keepAlive: true },
  });
}

function createClient(db: PGlite): PgPoolClient {
  const emitter = new EventEmitter().setMaxListeners(0);
  const channels = new Map<string, () => Promise<void>>();
  return Object.assign(emitter, {
    async query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
      const [, verb, channel] = /^(LISTEN|UNLISTEN)\s+"?(\w+|\*)"?\s*;?$/i.exec(withoutComments(text)) ?? [];
      if (verb === undefined || channel === undefined) return runQuery<R>(db, text, params);
      if (verb.toUpperCase() === 'LISTEN' && !channels.has(channel)) {
        const unlisten = await db.listen(channel, (payload) => emitter.emit('notification', { channel, payload }));
        channels.set(channel, () => unlisten());
      } else if (verb.toUpperCase() === 'UNLISTEN') {
        await channels.get(channel)?.();
        channels.delete(channel);
      }
      return { rows: [], rowCount: 0 };
    },
    release() {
      const open = [...channels.values()];
      channels.clear();
      // A database that is closed meanwhile has no channels left to leave.
      for (const unlisten of open) unlisten().catch(() => undefined);
    },
  });
}

async function runQuery<R>(db: PGlite, text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
  // PGlite answers in microtasks only: without this turn of the loop, timers and sockets starve.
  await new Promise((resolve) => setImmediate(resolve));
  // Without parameters it may be several statements (migrations), which only the simple protocol takes.
  const result = params?.length ? await db.query<R>(text, [...params]) : (await db.exec(text)).at(-1);
  const rows = (result?.rows ?? []) as R[];
  return { rows, rowCount: rows.length || (result?.affectedRows ?? 0) };
}

function withoutComments(text: string): string {
  return text.replace(/--[^\n]*(\n|$)/g, '').trim();
}
