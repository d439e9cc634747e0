import { createStorage } from 'unstorage';
import { expect, test } from 'vitest';
import { sweepRecords } from '../../src/entry/sweep-records.ts';
import { createUnstorageRecords } from '../../src/store/unstorage-records.ts';

type OnRemoved = Parameters<Parameters<typeof sweepRecords>[0]['queue']['onRemoved']>[0];

test('feedback goes with the responses it is about, after one look through its keys for all of them', async () => {
  const stored = createUnstorageRecords(createStorage());
  let looks = 0;
  const records = {
    ...stored,
    keys(prefix: string) {
      looks += 1;
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
