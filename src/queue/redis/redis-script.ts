import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { redisScripts } from './redis-scripts.ts';

/** A client of one server or of a cluster: their commands are the same. */
export type RedisCommands = Redis | Cluster;
export type ScriptName = keyof typeof redisScripts;
export type ScriptArgument = string | number;

/** Runs one of our scripts by its hash, and by its text where the server doesn't know it (first use, after a restart). */
export async function runRedisScript(
  redis: RedisCommands,
  name: ScriptName,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<unknown> {
  const { lua } = redisScripts[name];
  const hash = hashes.get(name) ?? createHash('sha1').update(lua).digest('hex');
  hashes.set(name, hash);
  try {
    return await redis.evalsha(hash, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(lua, keys.length, ...keys, ...args);
  }
}

const hashes = new Map<ScriptName, string>();
