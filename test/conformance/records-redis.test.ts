import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conversationKey } from '../../src/api/conversations/conversation-index.ts';
import { addToConversation } from '../../src/api/conversations/conversations.ts';
import { ConversationRecord } from '../../src/contracts/responses/conversation.ts';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { openRecords } from '../../src/entry/open-records.ts';
import { createKeyStore } from '../../src/store/key-store.ts';
import { recordStoreSuite } from '../suites/record-store.suite.ts';
import { redisMissing, startTestRedis, type TestRedis } from '../support/redis-server.ts';

const missing = redisMissing();

describe.skipIf(missing !== undefined)('records on Redis', () => {
  let redis: TestRedis;
  const open = () => openRecords(parseEnvironment({ REDIS_URL: redis.url, REDIS_PREFIX: 'records-test' }));
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis.close());

  recordStoreSuite('Redis', async () => (await open()).records);

  test('processes share records and the secret', async () => {
    const [one, other] = [await open(), await open()];
    await one.records.set('conversations:shared', { a: 1 });
    expect(await other.records.get('conversations:shared')).toEqual({ a: 1 });
    expect(other.sealer.open(one.sealer.seal('thought', null), null)).toBe('thought');
    await Promise.all([one.records.close(), other.records.close()]);
  });

  test('processes that change one record at the same time lose no change', async () => {
    const [one, other] = [await open(), await open()];
    const id = 'conv_of_two';
    const record = { version: 1, id, createdAt: 0, owner: null, metadata: {}, entries: [] };
    await one.records.set(conversationKey(id), record);
    const added = Array.from({ length: 40 }, (_, index) =>
      addToConversation({ ...(index % 2 === 0 ? one : other), now: Date.now }, id, {
        type: 'response',
        id: `resp_${index}`,
      }),
    );
    await Promise.all(added);
    const kept = ConversationRecord.parse(await other.records.get(conversationKey(id)));
    expect(new Set(kept.entries.map((entry) => entry.type === 'response' && entry.id)).size).toBe(40);
    await Promise.all([one.records.close(), other.records.close()]);
  });

  test('a list reads its own keys alone, and not the whole keyspace', async () => {
    const { records } = await open();
    const client = new Redis(redis.url);
    await records.keys('files-of');
    for (const key of ['files-of:ann:1', 'files-of:bob:2', 'files-of:ann-2:3']) await records.set(key, {});
    await client.config('RESETSTAT');
    expect(await records.keys('files-of:ann')).toEqual(['files-of:ann:1']);
    expect(await client.info('commandstats')).not.toContain('cmdstat_scan');
    await records.remove('files-of:ann:1');
    expect(await records.keys('files-of:ann')).toEqual([]);
    await records.close();
    client.disconnect();
  });

  test('an outage is told as one of the backend', async () => {
    if (redis.outage === undefined) return;
    const { records } = await open();
    await records.get('conversations:shared');
    await redis.outage.begin();
    await expect(records.get('conversations:shared')).rejects.toMatchObject({ code: 'backend_unavailable' });
    await redis.outage.end();
    await records.close();
  });

  test('a Redis that accepts and never answers is told as an outage', { timeout: 20_000 }, async () => {
    if (redis.outage === undefined) return;
    const { records } = await open();
    await records.get('conversations:shared');
    redis.outage.freeze();
    try {
      const away = { code: 'backend_unavailable', status: 503 };
      const asked = [records.get('conversations:shared'), createKeyStore({ records, now: Date.now }).required()];
      await Promise.all(asked.map((answer) => expect(answer).rejects.toMatchObject(away)));
    } finally {
      redis.outage.thaw();
    }
    expect(await records.get('conversations:shared')).toEqual({ a: 1 });
    await records.close();
  });
});
