import { z } from 'zod';
import type { ModelCard } from '../../contracts/service/model-card.ts';
import {
  type JobDirectory,
  type JobIndex,
  lastPriority,
  paceOf,
  type WorkerModels,
} from '../responses/job-directory.ts';
import type { Notice } from '../responses/notices.ts';
import type { Query } from './embedded-store.ts';

/**
 * The directory of the only process that uses the folder. A table of ours stores the queue of each id; the owners'
 * queue positions and the announced models are kept only in memory.
 */
export function createEmbeddedDirectory(query: Query, base: string, tell: (notice: Notice) => void): JobDirectory {
  return { ...jobIndex(query, base), ...workerModels(tell) };
}

function jobIndex(query: Query, base: string): JobIndex {
  const rows = rowReader(query);
  const positions = createQueuePositions(rows, base);
  const entered = new Set<string>();
  const locate = async (id: string): Promise<string | undefined> => {
    const text = 'SELECT queue FROM thinkfirst.place WHERE base = $1 AND id = $2';
    return (await rows(QueueRow, text, [base, id]))[0]?.queue;
  };
  return {
    async claim({ id, owner, createdAt, queue, maxWaiting, maxWaitingOfOwner }) {
      const { waiting, served, last, place } = await positions.read(id, queue);
      const priority = Math.min(lastPriority, Math.max(served, (last.get(owner) ?? 0) + 1));
      if (place !== undefined) return { kind: 'old', queue: place, priority };
      const isOwnerFull = priority - Math.max(served, 1) >= maxWaitingOfOwner;
      const full = waiting >= maxWaiting ? 'queue' : isOwnerFull ? 'owner' : undefined;
      if (full) return { kind: 'full', of: full, waiting, endedPerSecond: await endedPerSecond(rows, queue) };
      last.set(owner, priority);
      if (!entered.has(queue)) {
        await query('INSERT INTO thinkfirst.queue VALUES ($1, $2) ON CONFLICT DO NOTHING', [base, queue]);
        entered.add(queue);
      }
      const insert = 'INSERT INTO thinkfirst.place VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING queue';
      const [own] = await rows(QueueRow, insert, [base, id, queue, owner, createdAt]);
      if (own) return { kind: 'new', queue, priority };
      return { kind: 'old', queue: (await locate(id)) ?? queue, priority };
    },
    async reclaim(id, { from, to }) {
      const text = 'UPDATE thinkfirst.place SET queue = $4 WHERE base = $1 AND id = $2 AND queue = $3 RETURNING queue';
      return (await rows(QueueRow, text, [base, id, from, to])).length > 0;
    },
    left: async (queue, owner) => positions.free(queue, owner),
    locate,
    async locateAll(ids) {
      const text = 'SELECT id, queue FROM thinkfirst.place WHERE base = $1 AND id = ANY($2::text[])';
      return new Map((await rows(PlaceRow, text, [base, [...ids]])).map(({ id, queue }) => [id, queue]));
    },
    async list(owner, { after, limit }) {
      return (await rows(IdRow, listText, [base, owner, after ?? null, limit])).map(({ id }) => id);
    },
    ids: () => allIds(rows, base),
    async dropped(id) {
      await query('DELETE FROM thinkfirst.place WHERE base = $1 AND id = $2', [base, id]);
    },
    async queues() {
      const names = await rows(NameRow, 'SELECT name FROM thinkfirst.queue WHERE base = $1', [base]);
      return names.map(({ name }) => name);
    },
  };
}

type RowReader = ReturnType<typeof rowReader>;

function rowReader(query: Query) {
  return async <T>(row: z.ZodType<T>, text: string, params: unknown[]): Promise<T[]> =>
    z.array(row).parse((await query(text, params)).rows);
}

/** The owners' last positions in each queue. */
function createQueuePositions(rows: RowReader, base: string) {
  const lastOf = new Map<string, Map<string, number>>();
  const readLast = async (queue: string) => {
    const text = `SELECT data->>'owner' AS owner, max(priority) AS last
      FROM bullmq.job WHERE queue = $1 AND state = 'waiting' GROUP BY 1`;
    return new Map((await rows(LastRow, text, [queue])).map(({ owner, last }) => [owner, last]));
  };
  return {
    /**
     * The queue of an id, and for a queue the number of waiting jobs and the position being served. A single query,
     * because each costs about 1 ms.
     */
    async read(id: string, queue: string) {
      const text = `SELECT count(*)::int AS waiting, COALESCE(min(priority), 0) AS served,
          (SELECT queue FROM thinkfirst.place WHERE base = $2 AND id = $3) AS place
        FROM bullmq.job WHERE queue = $1 AND state = 'waiting'`;
      const [row] = await rows(StandRow, text, [queue, base, id]);
      const { waiting, served, place } = row ?? { waiting: 0, served: 0, place: null };
      if (waiting === 0) lastOf.set(queue, new Map());
      const last = lastOf.get(queue) ?? (await readLast(queue));
      lastOf.set(queue, last);
      return { waiting, served, last, place: place ?? undefined };
    },
    free(queue: string, owner: string): void {
      const last = lastOf.get(queue);
      last?.set(owner, (last.get(owner) ?? 0) - 1);
    },
  };
}

async function endedPerSecond(rows: RowReader, queue: string): Promise<number> {
  const text = `SELECT finished_at_ms::float8 AS at FROM bullmq.job
    WHERE queue = $1 AND state = 'completed' ORDER BY finished_at_ms DESC LIMIT 50`;
  return paceOf(
    (await rows(EndRow, text, [queue])).map(({ at }) => at),
    Date.now(),
  );
}

async function* allIds(rows: RowReader, base: string): AsyncGenerator<string> {
  for (let after = ''; ; ) {
    const text = 'SELECT id FROM thinkfirst.place WHERE base = $1 AND id > $2 ORDER BY id LIMIT 500';
    const page = await rows(IdRow, text, [base, after]);
    for (const { id } of page) yield id;
    const last = page.at(-1)?.id;
    if (last === undefined) return;
    after = last;
  }
}

function workerModels(tell: (notice: Notice) => void): WorkerModels {
  const models = new Map<string, number>();
  const contextLengths = new Map<string, number>();
  const learned = new Map<string, ModelCard['capabilities']>();
  const refusals = new Map<string, string>();
  return {
    async announce(_worker, own, now) {
      for (const { id, contextLength, capabilities, pythonRefusal } of own) {
        models.set(id, now);
        if (capabilities !== undefined) learned.set(id, capabilities);
        if (contextLength !== undefined) contextLengths.set(id, contextLength);
        if (pythonRefusal !== undefined) refusals.set(id, pythonRefusal);
      }
    },
    async retract(model) {
      for (const announced of [models, contextLengths, learned]) announced.delete(model);
    },
    tellModels: async () => tell({ type: 'models' }),
    announced: async (model) => models.get(model),
    contextLengths: async () => contextLengths,
    capabilities: async () => learned,
    pythonRefusals: async () => refusals,
  };
}

const listText = `
SELECT p.id FROM thinkfirst.place p
LEFT JOIN thinkfirst.place a ON a.base = p.base AND a.id = $3
WHERE p.base = $1 AND p.owner = $2 AND ($3::text IS NULL OR (p.created_at, p.id) < (a.created_at, a.id))
ORDER BY p.created_at DESC, p.id DESC LIMIT $4`;

const StandRow = z.object({ waiting: z.number(), served: z.number(), place: z.string().nullable() });
const LastRow = z.object({ owner: z.string(), last: z.number() });
const EndRow = z.object({ at: z.number() });
const PlaceRow = z.object({ id: z.string(), queue: z.string() });
const QueueRow = z.object({ queue: z.string() });
const NameRow = z.object({ name: z.string() });
const IdRow = z.object({ id: z.string() });
