import { expect, test } from 'vitest';
import { createBatchRecords } from '../../../../src/api/protocols/batches/batch-records.ts';
import { BatchRecord } from '../../../../src/contracts/protocols/batch.ts';
import { allScopes } from '../../../../src/contracts/service/key-scopes.ts';
import { createMemoryRecords } from '../../../support/memory-records.ts';

const scopes = allScopes;
const made = (id: string, owner: string, created_at: number) =>
  BatchRecord.parse({
    ...{ id, owner, created_at, endpoint: '/v1/responses', input_file_id: '', cancelled_at: null },
    ...{ metadata: {}, errors: [], requests: [] },
  });

test('a page of batches reads those that it shows, newest first, and nobody else’s', async () => {
  const stored = createMemoryRecords();
  const read: string[] = [];
  const records = {
    ...stored,
    get(key: string) {
      read.push(key);
      return stored.get(key);
    },
  };
  const store = createBatchRecords(records);
  for (const [index, id] of ['batch_a', 'batch_b', 'batch_c'].entries()) await store.saveBatch(made(id, 'ann', index));
  await store.saveBatch(made('batch_of_bob', 'bob', 9));
  // An Idempotency-Key in two processes at once.
  await store.saveBatch(made('batch_c', 'ann', 3));
  const caller = { owner: 'ann', scopes };
  const page = await store.batches(caller, { limit: 2 });
  expect(page.data.map(({ id }) => id)).toEqual(['batch_c', 'batch_b']);
  expect(page.hasMore).toBe(true);
  expect(read.sort()).toEqual(['batches:batch_b', 'batches:batch_c']);
  await store.removeBatch(made('batch_c', 'ann', 3));
  const rest = await store.batches(caller, {});
  expect(rest.data.map(({ id }) => id)).toEqual(['batch_b', 'batch_a']);
});
