import { z } from 'zod';
import { ModelCard } from '../../contracts/service/model-card.ts';
import { type ClaimResult, type JobDirectory, lastPriority, paceOf } from '../responses/job-directory.ts';
import { type RedisCommands, runRedisScript } from './redis-scripts.ts';

/** A worker that has announced nothing for this long is forgotten. ms */
const forgetWorkersMs = 3_600_000;
/** A worker that has announced nothing for this long, while another one did, is gone: six announcements. ms */
const silentMs = 30_000;
/** `worker contextLength model`; older versions send no length. */
const announcement = /^\S+ (\d+) (.+)$/;

/** The directory in its own keys, next to BullMQ's: `<prefix>:<base>:tf:…`. */
export function createRedisDirectory(redis: RedisCommands, options: { prefix: string; base: string }): JobDirectory {
  const { prefix, base } = options;
  const root = `${prefix}:${base}:`;
  const places = `${root}tf:places`;
  const queues = `${root}tf:queues`;
  const workers = `${root}tf:workers`;
  const models = `${root}tf:models`;
  const learned = `${root}tf:capabilities`;
  const refusals = `${root}tf:python-refusals`;
  const ownerIndex = (owner: string) => `${root}tf:owner:${owner}`;
  return {
    async claim({ id, owner, createdAt, queue, maxWaiting, maxWaitingOfOwner }) {
      const of = `${prefix}:${queue}:`;
      const keys = [
        places,
        queues,
        ownerIndex(owner),
        `${of}wait`,
        `${of}prioritized`,
        `${of}tf:fair`,
        `${of}tf:pace`,
        root + id,
      ];
      const limits = [maxWaiting, maxWaitingOfOwner, lastPriority, base];
      const reply = ClaimReply.parse(
        await runRedisScript(redis, 'claim', keys, [id, owner, createdAt, queue, ...limits]),
      );
      return claimResult(reply);
    },
    async reclaim(id, { from, to }) {
      return (await runRedisScript(redis, 'reclaim', [places], [id, from, to])) === 1;
    },
    async left(queue, owner) {
      await redis.hincrby(`${prefix}:${queue}:tf:fair`, owner, -1);
    },
    async locate(id) {
      const place = await redis.hget(places, id);
      if (place !== null) return place;
      // A job of a version that had a single queue and no directory.
      return (await redis.exists(root + id)) === 1 ? base : undefined;
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
      // Jobs of a version that had a single queue and no directory; BullMQ's own lists and sets of that queue contain
      // them.
      const listed = await Promise.all(['wait', 'active'].map((list) => redis.lrange(root + list, 0, -1)));
      const sorted = ['prioritized', 'delayed', 'completed', 'failed'];
      const scored = await Promise.all(sorted.map((set) => redis.zrange(root + set, '0', '-1')));
      yield* new Set([...listed, ...scored].flat());
    },
    async dropped(id, owner) {
      await redis.hdel(places, id);
      if (owner !== undefined) await redis.zrem(ownerIndex(owner), id);
    },
    async queues() {
      return [...new Set([base, ...(await redis.smembers(queues))])];
    },
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
      const newest = new Map<string, number>();
      const lengths = new Map<string, number>();
      const said = await redis.zrevrange(workers, 0, -1, 'WITHSCORES');
      for (let index = 0; index < said.length; index += 2) {
        const [, length, model] = announcement.exec(said[index] ?? '') ?? [];
        const at = Number(said[index + 1]);
        if (model === undefined) continue;
        // The newest comes first; a worker whose announcement is much older than the last one is gone.
        if (!newest.has(model)) newest.set(model, at);
        if ((newest.get(model) ?? at) - at > silentMs) continue;
        lengths.set(model, Math.min(lengths.get(model) ?? Number.POSITIVE_INFINITY, Number(length)));
      }
      return lengths;
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
    async pythonRefusals() {
      const found = new Map<string, string>();
      const said = await redis.zrange(refusals, '0', '-1', 'WITHSCORES');
      const announced = said.length === 0 ? {} : await redis.hgetall(models);
      for (let index = 0; index < said.length; index += 2) {
        const [id, reason] = PythonRefusal.safeParse(said[index]).data ?? [];
        if (id === undefined || reason === undefined) continue;
        const newest = Number(announced[id] ?? 0);
        // The worker is gone, or its machine can run Python by now.
        if (newest - Number(said[index + 1]) <= silentMs) found.set(id, reason);
      }
      return found;
    },
  };
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
