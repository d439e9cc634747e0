import { z } from 'zod';
import type { JobStore } from '../responses/job-store.ts';
import { type RedisCommands, runRedisScript, type ScriptArgument, type ScriptName } from './redis-scripts.ts';

/** The job store on BullMQ's own Redis keys: `<prefix>:<queue>:…`. */
export function createRedisStore(
  redis: RedisCommands,
  options: { prefix: string; queue: string; channel: string },
): JobStore {
  const { channel } = options;
  const base = `${options.prefix}:${options.queue}:`;
  const wait = `${base}wait`;
  const prioritized = `${base}prioritized`;
  const delayed = `${base}delayed`;
  const completed = `${base}completed`;
  const failed = `${base}failed`;
  const pace = `${base}tf:pace`;
  const outbox = `${base}tf:outbox`;
  const settled = `${base}tf:settled`;
  const expiry = `${base}tf:expiry`;
  let telling = false;
  const run = async <T>(name: ScriptName, reply: z.ZodType<T>, keys: string[], args: ScriptArgument[]) =>
    reply.parse(await runRedisScript(redis, name, keys, args));

  return {
    async created(id, nonce) {
      return (await run('created', z.number(), [base + id], [nonce, options.queue, channel])) === 1;
    },
    async tellWaiting() {
      if (telling) return;
      telling = true;
      // One notice for all jobs added in one turn of the event loop.
      process.nextTick(() => {
        telling = false;
        redis.publish(channel, `waiting ${options.queue}`).catch(() => undefined);
      });
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
      const keys = [job, `${job}:logs`, `${job}:lock`, pace, expiry, wait, delayed, completed, prioritized, outbox];
      const { status = '', now = 0, expiresAt = 0, notify = false } = terminal ?? {};
      const end = [status, now, expiresAt, notify ? 1 : 0];
      return run('append', AppendReply, keys, [id, token, expectedLength, ...end, channel, ...rows]);
    },
    mark(id, command) {
      const job = base + id;
      return run('mark', MarkReply, [job, `${job}:lock`], [id, command, channel]);
    },
    async forget(id) {
      await run('forget', z.number(), [base + id, expiry], [id, channel]);
    },
    lose({ id, losses, work }) {
      return run('lose', z.number(), [base + id], [losses, work]);
    },
    expired: (now, limit) => redis.zrangebyscore(expiry, '-inf', now, 'LIMIT', 0, limit),
    async dropped(id) {
      await redis.zrem(expiry, id);
    },
    unsettled: (limit) => run('unsettled', z.array(z.string()), [failed, settled], [base, limit]),
    outbox: (limit) => redis.zrange(outbox, '0', `${limit - 1}`),
    async sent(id) {
      await redis.zrem(outbox, id);
    },
  };
}

const flag = z.number();
const ReadReply = z
  .tuple([z.string(), z.string(), z.number(), z.string(), flag, z.number(), z.number(), z.string(), flag, flag, flag])
  .nullable();
const LogReply = z.tuple([flag, z.array(z.string())]).nullable();
const AppendReply = z.enum(['appended', 'missing', 'ended', 'lost', 'running', 'moved']);
const MarkReply = z.enum(['marked', 'not_running', 'ended', 'missing']);
