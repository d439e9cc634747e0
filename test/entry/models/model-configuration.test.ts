import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createModelConfiguration } from '../../../src/entry/models/model-configuration.ts';

const embedded = fileURLToPath(new URL('../../../models/thinkfirst-135m', import.meta.url));
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinkfirst-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = () => join(folder, 'thinkfirst.config.json');
const written = async () => JSON.parse(await readFile(file(), 'utf8'));
const create = (variables: Record<string, string> = {}) => createModelConfiguration({ folder, variables });

test('without a file the embedded model is what the next start reads, and stays beside the first that is added', async () => {
  const configuration = create();
  expect(await configuration.read()).toMatchObject({ source: 'embedded', entries: [embedded] });
  const change = await configuration.add({ kind: 'hub', hub: 'some-org/some-model' });
  expect(change).toMatchObject({ written: true, checked: { id: 'some-model', context_length: null } });
  expect(await written()).toEqual({ models: [embedded, { hub: 'some-org/some-model' }] });
  expect(await configuration.read()).toMatchObject({
    source: 'file',
    entries: [embedded, { hub: 'some-org/some-model' }],
  });
});

test('a file that is there for MCP servers alone names no models, and keeps them when one is added', async () => {
  const mcpServers = { files: { command: 'mcp-files' } };
  await writeFile(file(), JSON.stringify({ mcpServers }));
  expect(await create().read()).toMatchObject({ source: 'embedded', entries: [embedded] });
  await create().add({ kind: 'hub', hub: 'some-org/some-model' });
  expect(await written()).toEqual({ mcpServers, models: [embedded, { hub: 'some-org/some-model' }] });
});

test('a folder is read before it is taken: its family and context are told', async () => {
  const { checked, written: wrote } = await create().check({ kind: 'folder', id: 'mine', folder: embedded });
  expect(checked).toMatchObject({ id: 'mine', family: 'thinkfirst', context_length: expect.any(Number) });
  expect(wrote).toBe(false);
  await expect(readFile(file())).rejects.toThrow();
  await expect(create().check({ kind: 'folder', folder: join(folder, 'nothing') })).rejects.toMatchObject({
    code: 'invalid_value',
    param: 'model.folder',
    message: expect.stringMatching(/^Invalid 'model\.folder': .*[^.]\.$/),
  });
});

test('what else the file says stays, two at once are both kept, and an id is taken once', async () => {
  await writeFile(file(), JSON.stringify({ note: 'mine', models: ['hub:a/one'] }));
  const configuration = create();
  await Promise.all([
    configuration.add({ kind: 'hub', hub: 'a/two' }),
    configuration.add({ kind: 'hub', hub: 'a/three' }),
  ]);
  expect(await written()).toEqual({ note: 'mine', models: ['hub:a/one', { hub: 'a/two' }, { hub: 'a/three' }] });
  await expect(configuration.add({ kind: 'hub', hub: 'b/two' })).rejects.toMatchObject({ param: 'model.id' });
});

test('an effort table is named in the entry of its model, and in no other; who may read the file, still may', async () => {
  const big = { id: 'big', url: 'http://127.0.0.1:9/v1', model: 'x', family: 'plain', apiKeyVariable: 'UNSET_API_KEY' };
  await writeFile(file(), JSON.stringify({ note: 'mine', models: [embedded, 'hub:a/one', big] }), { mode: 0o644 });
  const configuration = create();
  const named = ['thinkfirst-135m', 'one', 'big'].map((id) => configuration.nameEffortTable(id, `./${id}.effort.json`));
  expect(await Promise.all(named)).toEqual([true, true, true]);
  expect(await written()).toEqual({
    note: 'mine',
    models: [
      { folder: embedded, effortTable: './thinkfirst-135m.effort.json' },
      { hub: 'a/one', effortTable: './one.effort.json' },
      { ...big, effortTable: './big.effort.json' },
    ],
  });
  expect((await stat(file())).mode & 0o777).toBe(0o644);
  expect(await configuration.nameEffortTable('other', './x')).toBe(false);
  expect(await create({ THINKFIRST_MODELS: 'one' }).nameEffortTable('one', './x')).toBe(false);
  await rm(file());
  expect(await configuration.nameEffortTable('thinkfirst-135m', './x')).toBe(false);
});

test('an upstream must answer; its key is not sent, and one that is not set yet is told', async () => {
  const asked: Array<string | undefined> = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.setHeader('content-type', 'application/json').end('{"data":[{"id":"big"}]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1`;
  const upstream = { kind: 'upstream', id: 'up', url, family: 'qwen3', apiKeyVariable: 'BIG_API_KEY' } as const;
  try {
    const there = await create({ BIG_API_KEY: 'secret' }).check({ ...upstream, model: 'big' });
    expect(there.checked.notices).toEqual([]);
    const other = await create().check({ ...upstream, model: 'big' });
    expect(other.checked.notices).toEqual(['Set BIG_API_KEY before the next start; it must contain the key.']);
    expect(new Set(asked)).toEqual(new Set([undefined]));
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  await expect(create().check({ ...upstream, model: 'big' })).rejects.toMatchObject({ param: 'model.url' });
  for (const [wrong, expected] of [
    ['ftp://x', 'an http or https URL'],
    [`${url}/chat/completions`, 'the address before /chat/completions, mostly one that ends in /v1'],
  ]) {
    const fault = { param: 'model.url', message: `Invalid 'model.url': ${expected}.` };
    await expect(create().check({ ...upstream, url: wrong ?? '' })).rejects.toMatchObject(fault);
  }
});

test('where a variable names the models, the file is not read, so nothing is written', async () => {
  const configuration = create({ THINKFIRST_MODELS: 'hub:a/b' });
  expect(await configuration.read()).toMatchObject({ source: 'variable', entries: ['hub:a/b'] });
  await expect(configuration.add({ kind: 'hub', hub: 'c/d' })).rejects.toMatchObject({ code: 'conflict' });
  // An id of the file, or several: the variable's own words, which are no entries.
  const ids = create({ THINKFIRST_MODELS: 'one,two' });
  expect(await ids.check({ kind: 'hub', hub: 'c/d' })).toMatchObject({ written: false });
});
