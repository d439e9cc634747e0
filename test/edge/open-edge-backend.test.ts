import { describe, expect, it } from 'vitest';
import { EdgeVariables } from '../../src/edge/edge-variables.ts';
import { openEdgeBackend } from '../../src/edge/open-edge-backend.ts';
import { redisMissing, startTestRedis } from '../support/redis-server.ts';

describe.skipIf(redisMissing() !== undefined)('the connection of one request', () => {
  it('stays open for work that begins while it is being closed', async () => {
    const redis = await startTestRedis();
    const backend = openEdgeBackend(EdgeVariables.parse({ REDIS_URL: redis.url, REDIS_PREFIX: `kept-${Date.now()}` }));
    const { records } = backend;
    const write = async () => {
      for (const value of [1, 2, 3]) await records.set('kept:a', value);
      return records.get('kept:a');
    };
    let written: Promise<unknown> | undefined;
    backend.keepOpen(
      records.get('kept:a').then(() => {
        written = write();
        backend.keepOpen(written);
      }),
    );
    await backend.close();
    expect(await written).toBe(3);
    await redis.close();
  });
});
