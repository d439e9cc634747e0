import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordStore } from '../core/record-store.ts';
import { makeDataFolder } from '../queue/embedded/data-folder.ts';
import { clusterPrefix, createRedisClient, type RedisAddress } from '../queue/redis/redis-client.ts';
import { createFileRecords } from '../store/file-records.ts';
import { createKeyStore, type KeyStore } from '../store/key-store.ts';
import { createRedisRecords } from '../store/redis-records.ts';
import { createSealer, type Sealer } from '../store/sealer.ts';
import { type Environment, parseEnvironment } from './environment.ts';
import { redisAddress } from './open-queue.ts';
import { StartError } from './run-entry.ts';

/**
 * The keys of the service that this environment describes, for `thinkfirst keys`. It may run or not: keys are records
 * beside the queue (files in the data folder, or in Redis), which no lock guards, and a running service notices within
 * seconds. Times of an ordinary call: under 50 ms on files.
 * @throws StartError where the data folder can't be written or Redis doesn't answer
 */
export async function openKeys(
  variables: Readonly<Record<string, string | undefined>>,
): Promise<{ keys: KeyStore; close(): Promise<void> }> {
  const { records } = await openRecords(parseEnvironment(variables));
  return { keys: createKeyStore({ records, now: Date.now }), close: () => records.close() };
}

const secretBytes = 32;
/** A Redis that accepts and never answers would hold every request that has a key. ms */
const commandTimeout = 5_000;

/**
 * Small records beside the queue: files in the data folder, or keys in Redis. The secret is `THINKFIRST_SECRET`, else one
 * that was made at the first start and lies beside the records.
 * @throws StartError where the data folder can't be written
 */
export async function openRecords(environment: Environment): Promise<{ records: RecordStore; sealer: Sealer }> {
  const { THINKFIRST_DATA: folder, THINKFIRST_SECRET: given } = environment;
  const url = redisAddress(environment);
  const records = recordStore(environment);
  if (given !== undefined) return { records, sealer: createSealer(Buffer.from(given)) };
  if (url === undefined) return { records, sealer: createSealer(secretOfFolder(folder)) };
  const secret = await secretOfRedis(url, `${clusterPrefix(url, environment.REDIS_PREFIX)}-secret`);
  return { records, sealer: createSealer(secret) };
}

/** The records alone; makes nothing before something is written. */
export function recordStore(environment: Environment): RecordStore {
  const url = redisAddress(environment);
  if (url === undefined) {
    return createFileRecords(join(environment.THINKFIRST_DATA, 'records'));
  }
  const redis = createRedisClient(url, { maxRetriesPerRequest: 1, commandTimeout });
  // An outage is told by each command that fails; an error event without a listener would be printed as well.
  redis.on('error', () => undefined);
  return createRedisRecords({ redis, base: `${clusterPrefix(url, environment.REDIS_PREFIX)}-records` });
}

function secretOfFolder(folder: string): Buffer {
  const file = join(folder, 'secret');
  const beside = `${file}-${randomUUID()}`;
  try {
    makeDataFolder(folder);
    if (!existsSync(file)) {
      writeFileSync(beside, randomBytes(secretBytes).toString('base64url'), { flag: 'wx', mode: 0o600 });
      placeOnce(beside, file);
    }
  } catch {
    throw new StartError(`The data folder ${folder} can't be written.`);
  } finally {
    rmSync(beside, { force: true });
  }
  return Buffer.from(readFileSync(file, 'utf8').trim());
}

/** Whole in one step, and only where there is none by now: the first stays. */
function placeOnce(beside: string, file: string): void {
  try {
    linkSync(beside, file);
  } catch {
    // A file system without hard links.
    if (!existsSync(file)) renameSync(beside, file);
  }
}

/** One secret for all processes, set by whichever comes first. */
async function secretOfRedis(url: RedisAddress, key: string): Promise<Buffer> {
  const client = createRedisClient(url, { maxRetriesPerRequest: 1, commandTimeout, lazyConnect: true });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.set(key, randomBytes(secretBytes).toString('base64url'), 'NX');
    return Buffer.from((await client.get(key)) ?? '');
  } catch {
    throw new StartError('Redis does not answer; the secret of this service could not be read.');
  } finally {
    client.disconnect();
  }
}
