import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { JobStore } from './job-store.ts';
import { redisScripts } from './redis-scripts.ts';

/** The store on BullMQ's own Redis keys: `<prefix>:<queue>:…`. */
export function createRedisStore(redis: Redis, options: { prefix: string; queue: string }): JobStore {
  const base = `${options.prefix}:${options.queue}:`;
  const wait = `${base}wait`;
  const prioritized = `${base}prioritized`;
  const delayed = `${base}delayed`;
  const completed = `${base}completed`;
  const failed = `${base}failed`;
  const events = `${base}events`;
  const expiry = `${base}tf:expiry`;
  const ownerIndex = (owner: string) => `${base}tf:owner:${owner}`;
  const run = async <T>(name: ScriptName, reply: z.ZodType<T>, keys: string[], args: ScriptArgument[]) =>
    reply.parse(await runScript(redis, name, keys, args));

  return {
    async index({ id, owner, createdAt }) {
      await redis.zadd(ownerIndex(owner), 'NX', createdAt, id);
    },
    async isCreatedBy(id, nonce) {
      return (await run('created', z.number(), [base + id], [nonce])) === 1;
    },
    async read(id) {
      const job = base + id;
      const reply = await run('read', ReadReply, [job, `${job}:logs`, `${job}:lock`, wait, failed, prioritized], [id]);
      if (!reply) return undefined;
      const [data, progress, attempts, token, isFailed, position, length, terminal, cancel, answerNow, forgotten] =
        reply;
      return {
        data: JSON.parse(data),
        progress: progress === '' ? undefined : JSON.parse(progress),
        attempts,
        running: token !== '',
        failed: isFailed === 1,
        position: position < 0 ? undefined : position,
        length,
        terminal: terminal === '' ? undefined : terminal,
        cancel: cancel === 1,
        answerNow: answerNow === 1,
        forgotten: forgotten === 1,
        token: token === '' ? undefined : token,
      };
    },
    async log(id, from, limit) {
      const job = base + id;
      const reply = await run('log', LogReply, [job, `${job}:logs`], [from, from + limit - 1]);
      return reply ? { ended: reply[0] === 1, rows: reply[1] } : undefined;
    },
    append({ id, token = '', expectedLength, rows, terminal }) {
      const job = base + id;
      const keys = [job, `${job}:logs`, `${job}:lock`, events, expiry, wait, delayed, completed, prioritized];
      const { status = '', now = 0, expiresAt = 0 } = terminal ?? {};
      return run('append', AppendReply, keys, [id, token, expectedLength, status, now, expiresAt, ...rows]);
    },
    mark(id, command) {
      const job = base + id;
      return run('mark', MarkReply, [job, `${job}:lock`, events], [id, command]);
    },
    async forget(id, owner) {
      await run('forget', z.number(), [base + id, expiry, ownerIndex(owner), events], [id]);
    },
    async list(owner, { after, limit }) {
      const key = ownerIndex(owner);
      const rank = after === undefined ? -1 : await redis.zrevrank(key, after);
      if (rank === null) return [];
      return redis.zrevrange(key, rank + 1, rank + limit);
    },
    expired: (now, limit) => redis.zrangebyscore(expiry, '-inf', now, 'LIMIT', 0, limit),
    async dropped(id, owner) {
      await redis.zrem(expiry, id);
      if (owner !== undefined) await redis.zrem(ownerIndex(owner), id);
    },
    unsettled: (limit) => run('unsettled', z.array(z.string()), [failed], [base, limit]),
  };
}

type ScriptName = keyof typeof redisScripts;
type ScriptArgument = string | number;

/** By hash, and by text where the server doesn't know it (first use, after a restart). */
async function runScript(redis: Redis, name: ScriptName, keys: string[], args: ScriptArgument[]): Promise<unknown> {
  const { lua } = redisScripts[name];
  try {
    return await redis.evalsha(hashes[name], keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(lua, keys.length, ...keys, ...args);
  }
}

const hash = (name: ScriptName) => createHash('sha1').update(redisScripts[name].lua).digest('hex');
const hashes: Record<ScriptName, string> = {
  append: hash('append'),
  read: hash('read'),
  log: hash('log'),
  mark: hash('mark'),
  forget: hash('forget'),
  created: hash('created'),
  unsettled: hash('unsettled'),
};

const flag = z.number();
const ReadReply = z
  .tuple([z.string(), z.string(), z.number(), z.string(), flag, z.number(), z.number(), z.string(), flag, flag, flag])
  .nullable();
const LogReply = z.tuple([flag, z.array(z.string())]).nullable();
const AppendReply = z.enum(['appended', 'missing', 'ended', 'lost', 'running', 'moved']);
const MarkReply = z.enum(['marked', 'not_running', 'ended', 'missing']);
