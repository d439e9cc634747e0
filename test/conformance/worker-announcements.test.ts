import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModelCard } from '../../src/contracts/service/model-card.ts';
import { createRedisDirectory } from '../../src/queue/redis/redis-directory.ts';
import { redisMissing, startTestRedis, type TestRedis } from '../support/redis-server.ts';

const now = 1_800_000_000_000;
const cardOf = ({ batching }: { batching: boolean }): ModelCard['capabilities'] => ({
  thinking: true,
  exact_budget: false,
  rollback: false,
  constraints: [],
  logprobs: false,
  score: false,
  tools: true,
  seed: true,
  batching,
  compute: false,
  compute_default: false,
  sampling: ['temperature'],
  inputs: ['text'],
});

describe.skipIf(redisMissing() !== undefined)('what workers announce in Redis', () => {
  let redis: TestRedis;
  let client: Redis;
  let bases = 0;
  const directory = () => createRedisDirectory(client, { prefix: `announced-${process.pid}`, base: `jobs${bases++}` });

  beforeAll(async () => {
    redis = await startTestRedis();
    client = new Redis(redis.url);
  });
  afterAll(async () => {
    client.disconnect();
    await redis.close();
  });

  test('a model has the room that every one of its workers has', async () => {
    const { announce, contextLengths } = directory();
    await announce('three', [{ id: 'small model', contextLength: 6_000 }], now - 1_000);
    await announce('one', [{ id: 'small model', contextLength: 5_825 }], now);
    await announce('two', [{ id: 'small model', contextLength: 8_192 }], now + 5_000);
    await announce('two', [{ id: 'other/model:1', contextLength: 4_096 }], now + 5_000);
    expect(await contextLengths()).toEqual(
      new Map([
        ['small model', 5_825],
        ['other/model:1', 4_096],
      ]),
    );
  });

  test('a worker that fell silent while another speaks says nothing any more; the last of all does', async () => {
    const { announce, contextLengths } = directory();
    await announce('gone', [{ id: 'tiny', contextLength: 1_000 }], now);
    await announce('here', [{ id: 'tiny', contextLength: 2_000 }], now + 40_000);
    await announce('elsewhere', [{ id: 'other', contextLength: 3_000 }], now + 90_000);
    expect((await contextLengths()).get('tiny')).toBe(2_000);
  });

  test('what a server turned out to do is heard of the worker that spoke last', async () => {
    const { announce, capabilities } = directory();
    const before = { ...cardOf({ batching: false }), server_budget: 'unverified' as const };
    const after = { ...cardOf({ batching: true }), server_budget: 'ignored' as const };
    await announce('one', [{ id: 'qwen', contextLength: 4_096, capabilities: before }], now);
    await announce('two', [{ id: 'qwen', contextLength: 4_096, capabilities: after }], now + 1);
    await announce('three', [{ id: 'tiny', contextLength: 4_096 }], now + 2);
    expect(await capabilities()).toEqual(new Map([['qwen', after]]));
  });

  test('Python is refused for a model while one of its workers can not run it', async () => {
    const { announce, pythonRefusals } = directory();
    expect(await pythonRefusals()).toEqual(new Map());
    const pythonRefusal = 'bubblewrap is not installed.';
    await announce('without', [{ id: 'tiny', contextLength: 1, pythonRefusal }], now);
    await announce('with', [{ id: 'tiny', contextLength: 1 }], now + 5_000);
    await announce('with', [{ id: 'other', contextLength: 1 }], now + 5_000);
    expect(await pythonRefusals()).toEqual(new Map([['tiny', pythonRefusal]]));
    // That worker is gone.
    await announce('with', [{ id: 'tiny', contextLength: 1 }], now + 40_000);
    expect(await pythonRefusals()).toEqual(new Map());
  });

  test('a worker of a version that announced no room is passed over', async () => {
    const { announce, contextLengths } = directory();
    await client.zadd(`announced-${process.pid}:jobs${bases - 1}:tf:workers`, now, 'old tiny');
    await announce('unknown', [{ id: 'tiny', contextLength: undefined }], now);
    expect(await contextLengths()).toEqual(new Map());
  });
});
