import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { lockFolder, openToOthers } from '../../queue/embedded/data-folder.ts';
import { doubtful, type Finding, faulty, well } from './finding.ts';

/** Of PGlite 0.5; it can't read another one's files. */
const postgresMajor = '18';
/** Bytes. */
const leastFree = 500_000_000;
/** ms */
const redisAnswerMs = 3_000;

/** The embedded store: whether it may be written, has room, is of this version, and is free. Changes nothing. */
export async function folderFindings(folder: string): Promise<Finding[]> {
  const path = resolve(folder);
  const writable = await writeFinding(path);
  const findings = [writable, ...privacyFindings(path)];
  if (writable.status !== 'fault') findings.push(await roomFinding(path));
  const version = join(path, 'queue', 'PG_VERSION');
  if (existsSync(version)) {
    findings.push(versionFinding(path, (await readFile(version, 'utf8')).trim()), await lockFinding(path));
  }
  return findings;
}

async function writeFinding(path: string): Promise<Finding> {
  // Where it isn't there yet, its nearest folder that is must let it be made.
  const there = existingFolder(path);
  const probe = join(there, `.thinkfirst-${randomUUID()}`);
  try {
    await writeFile(probe, '', { flag: 'wx' });
    await rm(probe);
    return well(
      'data folder',
      there === path ? `${path} can be written` : `${path} will be created at the first start`,
    );
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
    return faulty(
      'data folder',
      `${there} can’t be written (${reason})`,
      'Give this user write access, or choose another folder with THINKFIRST_DATA.',
    );
  }
}

function privacyFindings(path: string): Finding[] {
  if (!existsSync(path)) return [];
  if (!openToOthers(path)) return [well('privacy', `only this user can read ${path}`)];
  return [
    doubtful(
      'privacy',
      `other users of this machine can read ${path}, which contains prompts and answers unencrypted`,
      `chmod 700 ${path}`,
    ),
  ];
}

function existingFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingFolder(dirname(path));
}

async function roomFinding(path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(existingFolder(path));
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB free`;
  if (free >= leastFree) return well('disk', detail);
  return doubtful(
    'disk',
    detail,
    'Free some space: responses, events and traces are kept for THINKFIRST_RETENTION_DAYS.',
  );
}

export function versionFinding(path: string, version: string): Finding {
  if (version === postgresMajor) return well('store', `PostgreSQL ${version} files in ${join(path, 'queue')}`);
  return faulty(
    'store',
    `${join(path, 'queue')} was written by PostgreSQL ${version}, and this version reads ${postgresMajor}`,
    'Name a new folder with THINKFIRST_DATA; only the version that wrote this one can read it.',
  );
}

async function lockFinding(path: string): Promise<Finding> {
  const lock = await lockFolder(join(path, 'queue.lock'));
  if (lock === undefined) return well('lock', 'a running service has the store open');
  await lock.release();
  return well('lock', 'free: no service has the store open');
}

/** Whether Redis answers, and keeps what it is given. */
export async function redisFindings(url: string): Promise<Finding[]> {
  const shown = new URL(url).host;
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: redisAnswerMs,
    commandTimeout: redisAnswerMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let reason = '';
  client.on('error', (error: Error) => {
    reason ||= error.message;
  });
  try {
    await client.connect();
    const info = await client.info();
    const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
    return [
      redisVersion(shown, field('redis_version')),
      evictionFinding(field('maxmemory_policy')),
      appendFinding(field('aof_enabled')),
    ];
  } catch (error) {
    const why = reason || (error instanceof Error ? error.message : String(error));
    return [
      faulty(
        'Redis',
        `${shown} does not answer (${why})`,
        'Start it, or correct REDIS_URL; without REDIS_URL the embedded store is used.',
      ),
    ];
  } finally {
    client.disconnect();
  }
}

function redisVersion(shown: string, version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 6 || (major === 6 && minor >= 2)) return well('Redis', `${version} answers at ${shown}`);
  return faulty('Redis', `${version} at ${shown} is too old`, 'BullMQ needs Redis 6.2 or later.');
}

export function evictionFinding(policy: string): Finding {
  if (policy === 'noeviction') return well('Redis memory', 'evicts nothing');
  return faulty(
    'Redis memory',
    `its policy is ${policy || 'unknown'}: it deletes responses if memory runs out`,
    'redis-cli config set maxmemory-policy noeviction (and the same in redis.conf)',
  );
}

export function appendFinding(enabled: string): Finding {
  if (enabled === '1') return well('Redis durability', 'append-only file is on');
  return doubtful(
    'Redis durability',
    'the append-only file is off: a crash of Redis loses everything since its last snapshot',
    'redis-cli config set appendonly yes (and the same in redis.conf)',
  );
}
