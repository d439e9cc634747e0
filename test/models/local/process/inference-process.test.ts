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
