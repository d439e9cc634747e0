import { z } from 'zod';
import type { ControlCommand } from '../../core/job-queue.ts';
import type { AppendResult, JobRecord, JobStore, LogAppend, LogPage } from '../responses/job-store.ts';
import { type RedisCommands, runRedisScript, type ScriptArgument, type ScriptName } from './redis-scripts.ts';

/** The job store on BullMQ's own Redis keys: `<prefix>:<queue>:…`. */
export function createRedisStore(
  redis: RedisCommands,
  place: { prefix: string; queue: string; channel: string },
): JobStore {
  return new RedisStore(redis, place);
}

class RedisStore implements JobStore {
  private readonly redis: RedisCommands;
  private readonly queue: string;
  private readonly channel: string;
  /** What precedes an id or a list's name in a key. */
  private readonly base: string;
  private telling = false;

  constructor(redis: RedisCommands, { prefix, queue, channel }: { prefix: string; queue: string; channel: string }) {
    this.redis = redis;
    this.queue = queue;
    this.channel = channel;
    this.base = `${prefix}:${queue}:`;
  }

  async created(id: string, nonce: string): Promise<boolean> {
    return (await this.run('created', z.number(), [this.key(id)], [nonce, this.queue, this.channel])) === 1;
  }

  async tellWaiting(): Promise<void> {
    if (this.telling) return;
    this.telling = true;
    // One notice for all jobs added in one turn of the event loop.
    process.nextTick(() => {
      this.telling = false;
      this.redis.publish(this.channel, `waiting ${this.queue}`).catch(() => undefined);
    });
  }

  async read(id: string): Promise<JobRecord | undefined> {
    const keys = [...this.jobKeys(id), ...this.keys('wait', 'failed', 'prioritized')];
    const reply = await this.run('read', ReadReply, keys, [id]);
    return reply ? recordOf(reply) : undefined;
  }

  async existing(ids: readonly string[]): Promise<string[]> {
    const found = await this.run('existing', z.array(z.number()), this.keys(...ids), []);
    return found.flatMap((place) => ids[place - 1] ?? []);
  }

  async log(id: string, from: number, limit: number): Promise<LogPage | undefined> {
    const [job, logs] = this.jobKeys(id);
    const reply = await this.run('log', LogReply, [job, logs], [from, from + limit - 1]);
    return reply ? { ended: reply[0] === 1, rows: reply[1] } : undefined;
  }

  append({ id, token = '', expectedLength, rows, terminal }: LogAppend): Promise<AppendResult> {
    const lists = this.keys('wait', 'delayed', 'completed', 'prioritized', 'tf:outbox');
    const keys = [...this.jobKeys(id), ...this.keys('tf:pace', 'tf:expiry'), ...lists];
    const { status = '', now = 0, expiresAt = 0, notify = false } = terminal ?? {};
    const end = [status, now, expiresAt, notify ? 1 : 0];
    return this.run('append', AppendReply, keys, [id, token, expectedLength, ...end, this.channel, ...rows]);
  }

  mark(id: string, command: ControlCommand): ReturnType<JobStore['mark']> {
    const [job, , lock] = this.jobKeys(id);
    return this.run('mark', MarkReply, [job, lock], [id, command, this.channel]);
  }

  async forget(id: string): Promise<void> {
    await this.run('forget', z.number(), [this.key(id), this.key('tf:expiry')], [id, this.channel]);
  }

  lose({ id, losses, work }: { id: string; losses: number; work: number }): Promise<number> {
    return this.run('lose', z.number(), [this.key(id)], [losses, work]);
  }

  expired(now: number, limit: number): Promise<string[]> {
    return this.redis.zrangebyscore(this.key('tf:expiry'), '-inf', now, 'LIMIT', 0, limit);
  }

  async dropped(id: string): Promise<void> {
    await this.redis.zrem(this.key('tf:expiry'), id);
  }

  unsettled(limit: number): Promise<string[]> {
    return this.run('unsettled', z.array(z.string()), this.keys('failed', 'tf:settled'), [this.base, limit]);
  }

  outbox(limit: number): Promise<string[]> {
    return this.redis.zrange(this.key('tf:outbox'), '0', `${limit - 1}`);
  }

  async sent(id: string): Promise<void> {
    await this.redis.zrem(this.key('tf:outbox'), id);
  }

  private key(name: string): string {
    return this.base + name;
  }

  private keys(...names: readonly string[]): string[] {
    return names.map((name) => this.key(name));
  }

  private jobKeys(id: string): [job: string, logs: string, lock: string] {
    const job = this.key(id);
    return [job, `${job}:logs`, `${job}:lock`];
  }

  private async run<T>(name: ScriptName, reply: z.ZodType<T>, keys: string[], args: ScriptArgument[]): Promise<T> {
    return reply.parse(await runRedisScript(this.redis, name, keys, args));
  }
}

function recordOf(reply: NonNullable<z.infer<typeof ReadReply>>): JobRecord {
  const [data, progress, attempts, token, failed, position, length, terminal, cancel, answerNow, forgotten] = reply;
  return {
    data: JSON.parse(data),
    progress: progress === '' ? undefined : JSON.parse(progress),
    attempts,
    running: token !== '',
    failed: failed === 1,
    position: position < 0 ? undefined : position,
    length,
    terminal: terminal === '' ? undefined : terminal,
    cancel: cancel === 1,
    answerNow: answerNow === 1,
    forgotten: forgotten === 1,
    token: token === '' ? undefined : token,
  };
}

const flag = z.number();
const ReadReply = z
  .tuple([z.string(), z.string(), z.number(), z.string(), flag, z.number(), z.number(), z.string(), flag, flag, flag])
  .nullable();
const LogReply = z.tuple([flag, z.array(z.string())]).nullable();
const AppendReply = z.enum(['appended', 'missing', 'ended', 'lost', 'running', 'moved']);
const MarkReply = z.enum(['marked', 'not_running', 'ended', 'missing']);
