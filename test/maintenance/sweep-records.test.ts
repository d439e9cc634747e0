import { expect, test, vi } from 'vitest';
import { conversationKey } from '../../src/api/conversations/conversation-index.ts';
import { addToConversation } from '../../src/api/conversations/conversations.ts';
import { createBatchRecords } from '../../src/api/protocols/batches/batch-records.ts';
import { BatchRecord, FileRecord } from '../../src/contracts/protocols/batch.ts';
import { ConversationRecord } from '../../src/contracts/responses/conversation.ts';
import type { Job } from '../../src/contracts/responses/job.ts';
import { sweepRecords } from '../../src/maintenance/sweep-records.ts';
import { createWorkingApi } from '../api/responses/fixture.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import { createMemoryRecords } from '../support/memory-records.ts';

type OnRemoved = Parameters<Parameters<typeof sweepRecords>[0]['queue']['onRemoved']>[0];

const dayMs = 86_400_000;
const swept = {
  queue: { ...createMemoryQueue(), onRemoved() {}, onExpiring() {} },
  retentionMs: 30 * dayMs,
  onError() {},
};

test('feedback goes with the responses it is about, after one look through its keys for all of them', async () => {
  const stored = createMemoryRecords();
  let looks = 0;
  const records = {
    ...stored,
    keys(prefix: string) {
      if (prefix.startsWith('feedback')) looks += 1;
      return stored.keys(prefix);
    },
  };
  const kept = 'feedback:ann:fb_3:resp_kept';
  for (const key of ['feedback:ann:fb_1:resp_a', 'feedback:bob:fb_2:resp_kept2:resp_b', kept]) {
    await stored.set(key, {});
  }
  const listeners: OnRemoved[] = [];
  const sweep = sweepRecords({
    ...swept,
    queue: { ...swept.queue, onRemoved: (listener) => void listeners.push(listener) },
    records,
    now: Date.now,
  });
  await sweep.swept;
  looks = 0;
  for (const listener of listeners) {
    await listener([
      { id: 'resp_a', owner: 'ann' },
      { id: 'resp_b', owner: 'bob' },
      { id: 'resp_c', owner: null },
    ]);
  }
  expect(await stored.keys('feedback')).toEqual([kept]);
  expect(looks).toBe(1);
  sweep.close();
});

test('feedback on a response that is gone goes at the second sweep in a row that misses it', async () => {
  const api = await createWorkingApi();
  const { records, now } = api.dependencies;
  for (let made = 0; made < 2; made += 1) await api.ask({ input: 'a' });
  for (const id of ['resp_0000', 'resp_0001']) await api.post(`/v1/responses/${id}/feedback`, { rating: 'up' });
  const left = async () => (await records.keys('feedback')).map((key) => key.split(':').at(-1)).sort();
  // As a process leaves it that dies before it has removed the feedback.
  await api.queue.remove('resp_0000');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const asked: (readonly string[])[] = [];
  const queue = {
    ...api.queue,
    onExpiring() {},
    onRemoved() {},
    get: () => Promise.reject(new Error('no job is read')),
    existing(ids: readonly string[]) {
      asked.push(ids);
      return api.queue.existing(ids);
    },
  };
  const sweep = sweepRecords({ ...swept, queue, records, now });
  await sweep.swept;
  expect(await left()).toEqual(['resp_0000', 'resp_0001']);
  expect(asked[0]?.toSorted()).toEqual(['resp_0000', 'resp_0001']);
  vi.advanceTimersByTime(3_600_000);
  vi.useRealTimers();
  await expect.poll(left).toEqual(['resp_0001']);
  sweep.close();
});

test('files, batches and conversations go once their time is over; a conversation by its last use', async () => {
  const records = createMemoryRecords();
  let clock = 100 * dayMs;
  const now = () => clock;
  const store = createBatchRecords(records);
  const file = { object: 'file', bytes: 5, filename: 'in.jsonl', purpose: 'batch', status: 'processed' };
  const batch = { endpoint: '/v1/responses', input_file_id: '', cancelled_at: null, metadata: {}, errors: [] };
  const ended = { custom_id: 'a', response_id: null, error: { status: 400, body: {} } };
  const running = { custom_id: 'a', response_id: 'resp_running', error: null };
  const make = async (name: string) => {
    const made = { owner: 'ann', created_at: Math.floor(clock / 1000) };
    await store.saveFile(FileRecord.parse({ ...file, ...made, id: `file-${name}` }), Buffer.from('{}'), 1_000_000);
    await store.saveBatch(BatchRecord.parse({ ...batch, ...made, id: `batch_${name}`, requests: [ended] }));
    await store.saveInput(`batch_${name}`, []);
    await store.saveBatch(BatchRecord.parse({ ...batch, ...made, id: `batch_${name}r`, requests: [running] }));
    for (const kind of ['idle', 'used']) {
      const id = `conv_${name}${kind}`;
      await records.set(conversationKey(id), { ...made, version: 1, id, createdAt: clock, metadata: {}, entries: [] });
      await addToConversation({ records, now }, id, { type: 'response', id: 'resp_1' });
    }
  };
  await make('old');
  // Of a version that wrote down no use.
  const older = { version: 1, owner: 'ann', createdAt: clock, metadata: {}, entries: [] };
  await records.set('conversations:conv_older', { ...older, id: 'conv_older' });
  const queue = { ...swept.queue, get: async () => Object({ job: {} }) };
  await sweepRecords({ ...swept, queue, records, now }).swept;
  clock += 20 * dayMs;
  await make('young');
  await addToConversation({ records, now }, 'conv_oldused', { type: 'response', id: 'resp_2' });
  clock += 12 * dayMs;
  await sweepRecords({ ...swept, queue, records, now }).swept;
  const left = await Promise.all(
    ['files', 'file-contents', 'batches', 'batch-inputs'].map((kind) => records.keys(kind)),
  );
  expect(left.flat().sort()).toEqual([
    'batch-inputs:batch_young',
    'batches:batch_oldr',
    'batches:batch_young',
    'batches:batch_youngr',
    'file-contents:file-young',
    'files:file-young',
  ]);
  const conversations = async () => (await records.keys('conversations')).map((key) => key.split(':')[1]).sort();
  expect(await conversations()).toEqual(['conv_oldused', 'conv_youngidle', 'conv_youngused']);
  clock += 40 * dayMs;
  await sweepRecords({ ...swept, records, now }).swept;
  for (const kind of ['files', 'batches', 'batches-of', 'conversations', 'conversations-of']) {
    expect(await records.keys(kind)).toEqual([]);
  }
});

test('a response of a conversation is kept there before it goes, where nobody has kept it', async () => {
  const api = await createWorkingApi();
  const { records } = api.dependencies;
  const { id } = JSON.parse(await (await api.post('/v1/conversations', {})).text());
  const { id: responseId } = JSON.parse(await (await api.ask({ input: 'Six by seven?', conversation: id })).text());
  const key = conversationKey(id);
  const keeping = async () => ConversationRecord.parse(await records.get(key)).entries;
  await expect.poll(async () => (await keeping())[0]?.type).toBe('items');
  const [kept] = await keeping();
  // As the record is left by an API process that died before the end.
  await records.update(key, (value) => ({ ...Object(value), entries: [{ type: 'response', id: responseId }] }));
  const listeners: ((job: Job) => Promise<void>)[] = [];
  const onExpiring = (listener: (job: Job) => Promise<void>) => void listeners.push(listener);
  const { now } = api.dependencies;
  const sweep = sweepRecords({ ...swept, queue: { ...api.queue, onRemoved() {}, onExpiring }, records, now });
  const job = (await api.queue.get(responseId))?.job;
  for (const listener of listeners) if (job) await listener(job);
  const items = kept?.type === 'items' ? kept.items : [];
  expect(items.length).toBeGreaterThan(1);
  expect(await keeping()).toMatchObject([{ type: 'items', items, response: { id: responseId, gone: true } }]);
  sweep.close();
});

test('a stored chat completion goes with its response, or after it where a process died between the two', async () => {
  const api = await createWorkingApi();
  const { records, now } = api.dependencies;
  const messages = [{ role: 'user', content: 'Six by seven?' }];
  for (let made = 0; made < 3; made += 1) await api.post('/v1/chat/completions', { messages, store: true });
  const left = async () => [
    ...(await records.keys('chat-completions')),
    ...(await records.keys('chat-completions-of')),
  ];
  expect(await left()).toHaveLength(6);
  const listeners: OnRemoved[] = [];
  const queue = { ...api.queue, onExpiring() {}, onRemoved: (listener: OnRemoved) => void listeners.push(listener) };
  const first = sweepRecords({ ...swept, queue, records, now });
  for (const listener of listeners) await listener([{ id: 'resp_0000', owner: null }]);
  expect((await left()).filter((key) => key.includes('chatcmpl-0000'))).toEqual([]);
  await api.queue.remove('resp_0001');
  await first.swept;
  first.close();
  expect(await left()).toHaveLength(4);
  const second = sweepRecords({ ...swept, queue, records, now: () => now() + 31 * dayMs });
  await second.swept;
  second.close();
  expect((await left()).filter((key) => key.includes('chatcmpl-0002'))).toHaveLength(2);
  expect(await left()).toHaveLength(2);
});
