import { z } from 'zod';
import { ModelCard } from '../../contracts/service/model-card.ts';
import {
  type ClaimResult,
  type JobDirectory,
  type JobIndex,
  lastPriority,
  paceOf,
  type WorkerModels,
} from '../responses/job-directory.ts';
import { type RedisCommands, runRedisScript } from './redis-scripts.ts';

/** A worker that has announced nothing for this long is forgotten. ms */
const forgetWorkersMs = 3_600_000;
/** A worker that has announced nothing for this long, while another one did, is gone: six announcements. ms */
const silentMs = 30_000;
/** `worker contextLength model`; the length is missing if the worker does not know it. */
const announcement = /^\S+ (\d*) (.+)$/;

type Place = { prefix: string; base: string };

/** The directory in its own keys, next to BullMQ's: `<prefix>:<base>:tf:…`. */
export function createRedisDirectory(redis: RedisCommands, place: Place): JobDirectory {
  return { ...jobIndex(redis, place), ...workerModels(redis, `${place.prefix}:${place.base}:`) };
}

function jobIndex(redis: RedisCommands, { prefix, base }: Place): JobIndex {
  const root = `${prefix}:${base}:`;
  const places = `${root}tf:places`;
  const queues = `${root}tf:queues`;
  const ownerIndex = (owner: string) => `${root}tf:owner:${owner}`;
  return {
    async claim({ id, owner, createdAt, queue, maxWaiting, maxWaitingOfOwner }) {
      const of = `${prefix}:${queue}:`;
      const shared = [places, queues, ownerIndex(owner)];
      const keys = [...shared, `${of}wait`, `${of}prioritized`, `${of}tf:fair`, `${of}tf:pace`];
      const limits = [maxWaiting, maxWaitingOfOwner, lastPriority];
      const reply = await runRedisScript(redis, 'claim', keys, [id, owner, createdAt, queue, ...limits]);
      return claimResult(ClaimReply.parse(reply));
    },
    async reclaim(id, { from, to }) {
      return (await runRedisScript(redis, 'reclaim', [places], [id, from, to])) === 1;
    },
    async left(queue, owner) {
      await redis.hincrby(`${prefix}:${queue}:tf:fair`, owner, -1);
    },
    async locate(id) {
      return (await redis.hget(places, id)) ?? undefined;
    },
    async locateAll(ids) {
      const found = ids.length === 0 ? [] : await redis.hmget(places, ...ids);
      return new Map(
        ids.flatMap((id, index) => {
          const queue = found[index];
          return queue == null ? [] : [[id, queue] as const];
        }),
      );
    },
    async list(owner, { after, limit }) {
      const key = ownerIndex(owner);
      const rank = after === undefined ? -1 : await redis.zrevrank(key, after);
      if (rank === null) return [];
      return redis.zrevrange(key, rank + 1, rank + limit);
    },
    async *ids() {
      for (let cursor: string | undefined = '0'; cursor !== undefined; ) {
        const [next, entries]: [string, string[]] = await redis.hscan(places, cursor, 'COUNT', 500);
        for (let index = 0; index < entries.length; index += 2) yield entries[index] ?? '';
        cursor = next === '0' ? undefined : next;
      }
    },
    async dropped(id, owner) {
      await redis.hdel(places, id);
      if (owner !== undefined) await redis.zrem(ownerIndex(owner), id);
    },
    queues: () => redis.smembers(queues),
  };
}

function workerModels(redis: RedisCommands, root: string): WorkerModels {
  const workers = `${root}tf:workers`;
  const models = `${root}tf:models`;
  const learned = `${root}tf:capabilities`;
  const refusals = `${root}tf:python-refusals`;
  return {
    async announce(worker, own, now) {
      for (const { id, contextLength, capabilities, pythonRefusal } of own) {
        await redis.zadd(workers, now, `${worker} ${contextLength ?? ''} ${id}`);
        await redis.hset(models, id, now);
        if (capabilities !== undefined) await redis.hset(learned, id, JSON.stringify(capabilities));
        if (pythonRefusal !== undefined) await redis.zadd(refusals, now, JSON.stringify([id, pythonRefusal]));
      }
      await redis.zremrangebyscore(workers, '-inf', now - forgetWorkersMs);
      await redis.zremrangebyscore(refusals, '-inf', now - forgetWorkersMs);
    },
    async retract(model) {
      await redis.hdel(models, model);
      await redis.hdel(learned, model);
      const own = (await redis.zrange(workers, '0', '-1')).filter((said) => announcement.exec(said)?.[2] === model);
      if (own.length > 0) await redis.zrem(workers, ...own);
    },
    async tellModels() {
      await redis.publish(`${root}notices`, 'models');
    },
    async announced(model) {
      const at = await redis.hget(models, model);
      return at === null ? undefined : Number(at);
    },
    async contextLengths() {
      return contextLengthsOf(await redis.zrevrange(workers, 0, -1, 'WITHSCORES'));
    },
    async pythonRefusals() {
      const said = await redis.zrange(refusals, '0', '-1', 'WITHSCORES');
      return said.length === 0 ? new Map() : pythonRefusalsOf(said, await redis.hgetall(models));
    },
    async capabilities() {
      const said = Object.entries(await redis.hgetall(learned));
      return new Map(
        said.flatMap(([id, text]) => {
          const { data } = Capabilities.safeParse(text);
          return data === undefined ? [] : [[id, data] as const];
        }),
      );
    },
  };
}

/** `announcements`: each followed by its time, the newest first. */
function contextLengthsOf(announcements: readonly string[]): Map<string, number> {
  const newest = new Map<string, number>();
  const lengths = new Map<string, number>();
  for (let index = 0; index < announcements.length; index += 2) {
    const [, length, model] = announcement.exec(announcements[index] ?? '') ?? [];
    const at = Number(announcements[index + 1]);
    if (!length || model === undefined) continue;
    if (!newest.has(model)) newest.set(model, at);
    // A worker whose announcement is much older than the last one is gone.
    if ((newest.get(model) ?? at) - at > silentMs) continue;
    lengths.set(model, Math.min(lengths.get(model) ?? Number.POSITIVE_INFINITY, Number(length)));
  }
  return lengths;
}

/** `refusals`: each followed by its time. `announced`: when each model was last announced. */
function pythonRefusalsOf(
  refusals: readonly string[],
  announced: Readonly<Record<string, string>>,
): Map<string, string> {
  const found = new Map<string, string>();
  for (let index = 0; index < refusals.length; index += 2) {
    const [id, reason] = PythonRefusal.safeParse(refusals[index]).data ?? [];
    if (id === undefined || reason === undefined) continue;
    const newest = Number(announced[id] ?? 0);
    // Otherwise the worker is gone, or its machine can run Python now.
    if (newest - Number(refusals[index + 1]) <= silentMs) found.set(id, reason);
  }
  return found;
}

function claimResult(reply: z.infer<typeof ClaimReply>): ClaimResult {
  if (reply[0] === 'full') {
    const [, of, waiting, ends] = reply;
    return { kind: 'full', of, waiting, endedPerSecond: paceOf(ends.map(Number), Date.now()) };
  }
  const [kind, queue, priority] = reply;
  return { kind, queue, priority };
}

/** A worker of another version may send less. */
const Capabilities = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(ModelCard.shape.capabilities);

const PythonRefusal = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.tuple([z.string(), z.string()]));

const ClaimReply = z.union([
  z.tuple([z.literal('full'), z.enum(['queue', 'owner']), z.number(), z.array(z.string())]),
  z.tuple([z.enum(['new', 'old']), z.string(), z.number(), z.array(z.string())]),
]);
