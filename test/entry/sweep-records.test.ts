import { createStorage } from 'unstorage';
import { expect, test, vi } from 'vitest';
import { createBatchRecords } from '../../src/api/translations/batch-records.ts';
import { FileRecord } from '../../src/contracts/batch.ts';
import { noScopes } from '../../src/contracts/key-scopes.ts';
import { sweepRecords } from '../../src/entry/sweep-records.ts';
import { createUnstorageRecords } from '../../src/store/unstorage-records.ts';

type OnRemoved = Parameters<Parameters<typeof sweepRecords>[0]['queue']['onRemoved']>[0];

test('feedback goes with the responses it is about, after one look through its keys for all of them', async () => {
  const stored = createUnstorageRecords(createStorage());
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
    queue: { onRemoved: (listener) => void listeners.push(listener) },
    records,
    now: Date.now,
    onError() {},
  });
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

test('files and batches of a version that listed none are listed with their owners', async () => {
  const records = createUnstorageRecords(createStorage());
  const file = { object: 'file', bytes: 5, filename: 'in.jsonl', purpose: 'batch', status: 'processed' };
  await records.set('files:file-old', { ...file, id: 'file-old', created_at: 10, owner: 'ann' });
  const store = createBatchRecords(records);
  await store.saveFile(FileRecord.parse({ ...file, id: 'file-new', created_at: 20, owner: 'ann' }), '{}');
  const listed = async () => {
    const { data } = await store.files({ owner: 'ann', scopes: noScopes }, {});
    return data.map(({ id }) => id);
  };
  expect(await listed()).toEqual(['file-new']);
  const sweep = sweepRecords({ queue: { onRemoved() {} }, records, now: Date.now, onError() {} });
  await vi.waitUntil(async () => (await listed()).length === 2);
  expect(await listed()).toEqual(['file-new', 'file-old']);
  await store.removeFile(await store.file('file-old', { owner: 'ann', scopes: noScopes }, 'id'));
  expect((await records.keys('files-of')).map((key) => key.split(':').at(-1))).toEqual(['file-new']);
  sweep.close();
});
