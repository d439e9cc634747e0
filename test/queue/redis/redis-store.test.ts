import { expect, test } from 'vitest';
import type { RedisCommands } from '../../../src/queue/redis/redis-scripts.ts';
import { createRedisStore } from '../../../src/queue/redis/redis-store.ts';

test('one word tells workers of all jobs that one turn of the loop has added', async () => {
  const words: string[] = [];
  const redis = { publish: async (channel: string, text: string) => void words.push(`${channel} ${text}`) };
  const queue = { prefix: 'p', queue: 'responses.tiny.default', channel: 'notices' };
  const store = createRedisStore(redis as unknown as RedisCommands, queue);
  await Promise.all([store.tellWaiting(), store.tellWaiting(), store.tellWaiting()]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(words).toEqual(['notices waiting responses.tiny.default']);
  await store.tellWaiting();
  await new Promise((resolve) => setImmediate(resolve));
  expect(words).toHaveLength(2);
});
