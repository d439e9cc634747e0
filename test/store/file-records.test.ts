import { existsSync, mkdtempSync } from 'node:fs';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { createFileRecords } from '../../src/store/file-records.ts';
import { recordStoreSuite } from '../suites/record-store.suite.ts';
import { startChild } from '../support/child-process.ts';
import { createMemoryRecords } from '../support/memory-records.ts';

const inFolder = (base: string) => createFileRecords(base);
const folders: string[] = [];
const folder = () => {
  const parent = mkdtempSync(join(tmpdir(), 'thinkfirst-records-'));
  folders.push(parent);
  return join(parent, 'records');
};
afterAll(() => Promise.all(folders.map((parent) => rm(parent, { recursive: true }))));

recordStoreSuite('memory', async () => createMemoryRecords());
recordStoreSuite('files', async () => inFolder(folder()));

test('files are there after a restart', async () => {
  const base = folder();
  const first = inFolder(base);
  await first.set('conversations:conv_1', { a: 1 });
  await first.close();
  expect(await inFolder(base).get('conversations:conv_1')).toEqual({ a: 1 });
});

test('a record that is being written is read as it was, and then as it is', { timeout: 60_000 }, async () => {
  const base = folder();
  const records = inFolder(base);
  const texts = ['old', 'new'].map((word) => word.repeat(5_000_000));
  await records.set('files:large', texts[0]);
  let written = false;
  const writing = records.set('files:large', texts[1]).then(() => {
    written = true;
  });
  while (!written) {
    const read: unknown = JSON.parse(await readFile(join(base, 'files/large'), 'utf8'));
    expect(texts.some((text) => text === read)).toBe(true);
  }
  await writing;
  expect((await records.get('files:large')) === texts[1]).toBe(true);
  expect(await records.keys('files')).toEqual(['files:large']);
});

test('a process killed while it writes leaves the record whole, and nothing that a later one keeps', {
  timeout: 60_000,
}, async () => {
  const base = folder();
  for (let kills = 0; kills < 3; kills += 1) {
    const child = startChild(new URL('../support/record-writer.ts', import.meta.url), [base]);
    await child.saw('written');
    // In the middle of the next write.
    await vi.waitUntil(async () => (await readdir(`${base}-unfinished`)).length > 0, { timeout: 10_000, interval: 1 });
    await child.kill();
    expect(await inFolder(base).get('files:large')).toHaveProperty('text.length', 20_000_000);
  }
  const left = join(`${base}-unfinished`, 'of-a-killed-process');
  await writeFile(left, 'half');
  await inFolder(base).set('files:small', 1);
  expect(existsSync(left)).toBe(true);
  await utimes(left, 0, 0);
  await inFolder(base).set('files:small', 2);
  expect(existsSync(left)).toBe(false);
  expect((await readdir(base)).sort()).toEqual(['files']);
});
