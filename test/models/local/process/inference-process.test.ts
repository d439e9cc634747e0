import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { startInferenceProcess } from '../../../../src/models/local/process/inference-process.ts';

it('gives a start up that still loads, and leaves no process behind', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'inference-process-'));
  const entry = join(folder, 'endless.ts');
  writeFileSync(entry, "process.on('message', () => {});");
  const logged: Array<Record<string, unknown>> = [];
  const log = (fields: Record<string, unknown>, message: string) => void logged.push({ ...fields, message });
  const noQueue = new AbortController();
  const starting = startInferenceProcess({
    entry: pathToFileURL(entry),
    models: [{ id: 'any', path: folder }],
    threads: 1,
    kvMegabytes: 16,
    kvBits: 8,
    log: { info: log, warn: log, error: log },
    signal: noQueue.signal,
  });
  noQueue.abort(new Error('there is no queue'));
  await expect(starting).rejects.toThrow('there is no queue');
  rmSync(folder, { recursive: true });
  expect(logged).toEqual([expect.objectContaining({ message: 'inference process closed' })]);
  // Its own name: `pid` is the logger's, of this process.
  const pid = Number(logged[0]?.['inferencePid']);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('goes on without a GGUF file that ends the process, and names it', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'inference-process-'));
  const entry = join(folder, 'crashing.ts');
  writeFileSync(entry, crashingEntry);
  const logged: Array<Record<string, unknown>> = [];
  const log = (fields: Record<string, unknown>, message: string) => void logged.push({ ...fields, message });
  const start = (models: ReadonlyArray<{ id: string; path: string }>) =>
    startInferenceProcess({
      entry: pathToFileURL(entry),
      models,
      threads: 1,
      kvMegabytes: 16,
      kvBits: 8,
      log: { info: log, warn: log, error: log },
    });
  const hostile = { id: 'hostile', path: join(folder, 'hostile.gguf') };
  const inference = await start([hostile, { id: 'good', path: folder }]);
  expect([...inference.models.keys()]).toEqual(['good']);
  expect(logged).toContainEqual({
    model: 'hostile',
    error: expect.stringMatching(/hostile\.gguf cannot be loaded: the inference process ended .*\(signal SIG/),
    message: 'a model is left out: it cannot be loaded',
  });
  await inference.close();
  await expect(start([hostile])).rejects.toThrow(/hostile\.gguf cannot be loaded/);
  rmSync(folder, { recursive: true });
});

it('starts again without a GGUF file that is damaged meanwhile, and a call to that model says so', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'inference-process-'));
  const entry = join(folder, 'crashing.ts');
  writeFileSync(entry, crashingEntry);
  const log = () => {};
  const inference = await startInferenceProcess({
    entry: pathToFileURL(entry),
    models: [
      { id: 'other', path: join(folder, 'sound-at-first.gguf') },
      { id: 'good', path: folder },
    ],
    threads: 1,
    kvMegabytes: 16,
    kvBits: 8,
    log: { info: log, warn: log, error: log },
  });
  const [other, good] = [...inference.models.values()];
  const count = (model = good) => model?.countTokens({ messages: [] }, { thinking: false });
  expect(await count(other)).toBe(7);
  writeFileSync(join(folder, 'damaged'), '');
  process.kill(inference.pid ?? 0, 'SIGKILL');
  while (inference.ready) await new Promise((resolve) => setImmediate(resolve));
  expect(await count()).toBe(7);
  await expect(count(other)).rejects.toThrow(/sound-at-first\.gguf cannot be loaded: the inference process ended/);
  await inference.close();
  rmSync(folder, { recursive: true });
});

/** As workers/inference.ts, but that a GGUF file ends it as a fault in native code does. */
const crashingEntry = `
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
const crashes = (path) =>
  path.endsWith('.gguf') && (!path.includes('sound-at-first') || existsSync(join(dirname(path), 'damaged')));
process.on('message', (message) => {
  if (message.type === 'close') process.exit(0);
  if (message.type === 'count') process.send({ type: 'done', call: message.call, tokens: 7 });
  if (message.type !== 'start') return;
  for (const { id, path } of message.models) {
    process.send({ type: 'loading', model: id }, () => {
      if (crashes(path)) process.kill(process.pid, 'SIGSEGV');
    });
    if (crashes(path)) return;
  }
  const capabilities = {
    thinking: true, exactBudget: true, rollback: true, constraints: [], logprobs: true,
    score: true, tools: true, seed: true, batching: true, compute: true,
  };
  const models = message.models.map(({ id }) => ({ id, contextLength: 512, capabilities }));
  process.send({ type: 'ready', models, startMs: 1, residentBytes: 1 });
});
process.on('disconnect', () => process.exit(0));
`;
