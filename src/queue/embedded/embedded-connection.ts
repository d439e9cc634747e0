import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PGlite } from '@electric-sql/pglite';
import {
  createPostgresBackend,
  type PgPool,
  type PgPoolClient,
  type PgQueryResult,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  runMigrations,
} from 'bullmq';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { QueueConnection } from '../responses/bullmq-parts.ts';
import type { JobDirectory } from '../responses/job-directory.ts';
import { lockFolder, makeDataFolder } from './data-folder.ts';
import { createEmbeddedDirectory } from './embedded-directory.ts';
import { embeddedSchema, embeddedUpkeep, releaseOrphans, shiftLocks } from './embedded-schema.ts';
import { createEmbeddedStore } from './embedded-store.ts';
import { createStatements } from './prepared-statements.ts';

/** Runs a full garbage collection now, for memory outside V8's heap that V8's own schedule would keep for minutes. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}

/**
 * PGlite with those methods of a `pg.Pool` that BullMQ uses. All clients share PGlite's only session, but each has its
 * own notifications. No library does this: PGlite's node-postgres bridge has no LISTEN and blocks timers (see
 * docs/decisions).
 */
function createPglitePool(db: PGlite, query: PgPool['query']): PgPool {
  return Object.assign(new EventEmitter().setMaxListeners(0), {
    query,
    connect: async () => createClient(db, query),
    /** The connection closes the database; its users must not. */
    end: async () => {},
    // BullMQ reads it: a session in this process cannot be lost unnoticed, so BullMQ may wait long between re-checks.
    options: { keepAlive: true },
  });
}

function createClient(db: PGlite, query: PgPool['query']): PgPoolClient {
  const emitter = new EventEmitter().setMaxListeners(0);
  const channels = new Map<string, () => Promise<void>>();
  return Object.assign(emitter, {
    async query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
      const [, verb, channel] = /^(LISTEN|UNLISTEN)\s+"?(\w+|\*)"?\s*;?$/i.exec(withoutComments(text)) ?? [];
      if (verb === undefined || channel === undefined) return query<R>(text, params);
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
      // If the database has been closed meanwhile, there are no channels to leave.
      for (const unlisten of open) unlisten().catch(() => undefined);
    },
  });
}

function createQuery(db: PGlite): PgPool['query'] {
  const prepared = createStatements(db);
  return async <R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> => {
    // PGlite resolves in microtasks only: without this turn of the event loop, timers and sockets would starve.
    await new Promise((resolve) => setImmediate(resolve));
    // Without parameters, the text may have several statements (migrations), which only the simple protocol accepts.
    const result = params?.length ? await prepared(text, params) : (await db.exec(text)).at(-1);
    const rows = (result?.rows ?? []) as R[];
    return { rows, rowCount: rows.length || (result?.affectedRows ?? 0) };
  };
}

/** Between two queries. The checks for stalled jobs alone run every 2 s, so a longer gap shows that the process was paused. ms */
const pausedAfterMs = 3_000;

/**
 * Locks expire by the clock, and a process that is paused (SIGSTOP, a laptop asleep) does not renew them. No other process can
 * take its jobs, so a pause is added to all locks before the next query.
 */
function withoutPauses(query: PgPool['query']): PgPool['query'] {
  let ranAt = Date.now();
  return async <R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> => {
    const now = Date.now();
    const pause = now - ranAt;
    ranAt = now;
    if (pause > pausedAfterMs) await query(shiftLocks, [pause]);
    return query<R>(text, params);
  };
}

function withoutComments(text: string): string {
  return text.replace(/--[^\n]*(\n|$)/g, '').trim();
}

type EmbeddedQueueConnection = QueueConnection<PostgresQueueBackend, PostgresConnectionOptions> & {
  /** For queries that only this backend supports. */
  query: PgPool['query'];
};

/**
 * PostgreSQL inside this process, in `<dataFolder>/queue`, used by this process alone (kernel lock on `queue.lock` next
 * to it).
 * @throws ServiceError `backend_unavailable`, with a one-line message: the folder is in use, unwritable, or cannot be
 * opened
 */
export async function openEmbeddedConnection(options: {
  dataFolder: string;
  onError(error: Error): void;
  /** ms between vacuums. */
  upkeepMs?: number;
}): Promise<EmbeddedQueueConnection> {
  const dataFolder = resolve(options.dataFolder);
  const lock = await takeFolder(dataFolder);
  await checkVersion(join(dataFolder, 'queue'), dataFolder).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  let db: PGlite | undefined;
  try {
    const folder = join(dataFolder, 'queue');
    const isNew = !existsSync(join(folder, 'PG_VERSION'));
    db = await PGlite.create({ dataDir: folder, startParams: [...PGlite.defaultStartParams, ...memory] });
    const pool = await preparedPool(db);
    // The first start leaves initdb's WebAssembly memory behind: RSS 757 -> 353 MB.
    if (isNew) collectGarbage();
    const upkeep = startUpkeep((text) => pool.query(text), options);
    const open = db;
    return {
      ...connectionOn(pool),
      async close() {
        await upkeep.stop();
        await open.close();
        await lock.release();
      },
    };
  } catch (error) {
    await db?.close().catch(() => undefined);
    await lock.release();
    throw startError(`The queue in ${join(dataFolder, 'queue')} can't be opened: ${messageOf(error)}`, error);
  }
}

/** The database with BullMQ's tables and ours. */
async function preparedPool(db: PGlite): Promise<PgPool> {
  const query = createQuery(db);
  const pool = createPglitePool(db, query);
  const client = await pool.connect();
  await runMigrations(client);
  client.release();
  await pool.query('SET search_path TO bullmq, public');
  await pool.query(embeddedSchema);
  await pool.query(releaseOrphans);
  return createPglitePool(db, withoutPauses(query));
}

function connectionOn(pool: PgPool): Omit<EmbeddedQueueConnection, 'close'> {
  // There is only this process, so announcements and notices need no database.
  const directories = new Map<string, JobDirectory>();
  const notices = new EventEmitter().setMaxListeners(0);
  const query = (text: string, params: unknown[]) => pool.query<unknown>(text, params);
  return {
    mode: 'embedded',
    factory: createPostgresBackend,
    commands: pool,
    blocking: pool,
    prefix: 'bullmq',
    query: pool.query,
    store: (queue, base) => createEmbeddedStore(query, queue, (notice) => notices.emit(base, notice)),
    directory(base) {
      const directory =
        directories.get(base) ?? createEmbeddedDirectory(query, base, (notice) => notices.emit(base, notice));
      directories.set(base, directory);
      return directory;
    },
    async subscribe(base, onNotice) {
      notices.on(base, onNotice);
      return { close: async () => void notices.off(base, onNotice) };
    },
  };
}

/** PostgreSQL's major version inside PGlite: it cannot open folders of other major versions. */
const postgresMajor = '18';

/** @throws ServiceError that explains how to move the data */
async function checkVersion(folder: string, dataFolder: string): Promise<void> {
  const found = await readFile(join(folder, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    () => postgresMajor,
  );
  if (found === postgresMajor) return;
  throw startError(
    `The data folder ${dataFolder} was written by PostgreSQL ${found}, and this version of Thinkfirst has ${postgresMajor}. To move it: run "thinkfirst export jobs.jsonl" with the version that wrote it, then "thinkfirst import jobs.jsonl" with this one and a new THINKFIRST_DATA.`,
  );
}

/** RSS 332 -> 187 MB, without measurable cost. */
const memory = ['-c', 'shared_buffers=16MB'];

async function takeFolder(dataFolder: string): Promise<{ release(): Promise<void> }> {
  let lock: { release(): Promise<void> } | undefined;
  try {
    makeDataFolder(dataFolder);
    lock = await lockFolder(join(dataFolder, 'queue.lock'));
  } catch (error) {
    const isFile = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const reason = isFile ? 'a file has that name' : messageOf(error);
    throw startError(`The data folder ${dataFolder} is not writable: ${reason}`, error);
  }
  if (lock) return lock;
  throw startError(
    `The data folder ${dataFolder} is in use by another Thinkfirst process. Stop it, name another folder, or use Redis for several processes.`,
  );
}

function startUpkeep(
  query: (text: string) => Promise<unknown>,
  { upkeepMs = 300_000, onError }: { upkeepMs?: number; onError(error: Error): void },
): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  const run = async () => {
    for (const text of embeddedUpkeep) if (!stopped) await query(text);
  };
  const timer = setInterval(() => {
    running = running.then(run).catch(onError);
  }, upkeepMs);
  timer.unref();
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

function startError(message: string, cause?: unknown): ServiceError {
  return new ServiceError({ code: 'backend_unavailable', message, cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
}
