import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTlsRedis, type TlsRedis } from '../support/redis-tls.ts';

const child = fileURLToPath(new URL('../support/redis-service-child.ts', import.meta.url));

describe('Redis over TLS', () => {
  let redis: TlsRedis | { missing: string };
  beforeAll(async () => {
    redis = await startTlsRedis();
  });
  afterAll(async () => {
    if ('close' in redis) await redis.close();
  });
  /** What a process with this environment says. Node reads the certificates that it trusts at its start. */
  const run = async (url: string, environment: Record<string, string> = {}) => {
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, ...environment };
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', child, url], { env });
    return stdout.trim();
  };

  test('carries jobs, records and limits, with the authority that NODE_EXTRA_CA_CERTS names', async (context) => {
    if ('missing' in redis) return context.skip(redis.missing);
    const said = await run(redis.url, { NODE_EXTRA_CA_CERTS: redis.certificate });
    expect(JSON.parse(said)).toEqual({ record: { lines: 2 }, allowed: true });
  });

  test('is refused at the start where nobody vouches for the certificate', async (context) => {
    if ('missing' in redis) return context.skip(redis.missing);
    expect(await run(redis.url)).toMatch(/^Redis at rediss:\/\/127\.0\.0\.1:\d+ is not reachable: .*certificate/);
  });

  test('does not talk in the clear where TLS is asked for', async (context) => {
    if ('missing' in redis) return context.skip(redis.missing);
    const plain = redis.url.replace('rediss:', 'redis:');
    expect(await run(plain, { NODE_EXTRA_CA_CERTS: redis.certificate })).toMatch(/is not reachable/);
  });
});
