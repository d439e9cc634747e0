import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStorage } from 'unstorage';
import fsDriver from 'unstorage/drivers/fs';
import { expect, test } from 'vitest';
import { createUnstorageRecords } from '../../src/store/unstorage-records.ts';
import { recordStoreSuite } from '../suites/record-store.suite.ts';

const inFolder = (base: string) => createUnstorageRecords(createStorage({ driver: fsDriver({ base }) }));
const folder = () => mkdtempSync(join(tmpdir(), 'thinkfirst-records-'));

recordStoreSuite('memory', async () => createUnstorageRecords(createStorage()));
recordStoreSuite('files', async () => inFolder(folder()));

test('files are there after a restart', async () => {
  const base = folder();
  const first = inFolder(base);
  await first.set('conversations:conv_1', { a: 1 });
  await first.close();
  expect(await inFolder(base).get('conversations:conv_1')).toEqual({ a: 1 });
});
