import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { recordCorpus } from '../corpus/record-corpus.ts';

/** What stands in each file of a recorded corpus. */
async function recorded(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const texts = files.sort().map(async (file) => [file.slice(folder.length), await readFile(file, 'utf8')] as const);
  return new Map(await Promise.all(texts));
}

test('the corpus of requests is the same to the byte when it is recorded twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wire-corpus-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const only = ['background', 'conversations', 'sockets'];
  const runs: Array<Map<string, string>> = [];
  for (const name of ['one', 'other']) {
    const count = await recordCorpus({ kind: 'scripted', folder: join(folder, name), only });
    expect(count).toBeGreaterThan(20);
    runs.push(await recorded(join(folder, name)));
  }
  const [one, other] = runs;
  expect(other).toEqual(one);
  // It holds what was said, and no id or time of this run.
  const polled = one?.get('/background/polled.txt');
  expect(polled).toContain('The answer is 7.');
  expect(polled).toMatch(/"id": "resp_\d+",\n "object": "response",\n "created_at": "<time>"/);
});
