import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { startService } from '../../src/entry/start-service.ts';

const folder = mkdtempSync(join(tmpdir(), 'start-service-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('does not wait for its models where the queue can’t be opened', { timeout: 60_000 }, async () => {
  const data = join(folder, 'data');
  writeFileSync(data, '');
  const entry = join(folder, 'endless.ts');
  writeFileSync(entry, "process.on('message', () => {});");
  const starting = startService({
    api: true,
    worker: true,
    variables: { PORT: '0', THINKFIRST_DATA: data, THINKFIRST_LOG_LEVEL: 'silent' },
    inferenceEntry: pathToFileURL(entry),
    page: false,
  });
  await expect(starting).rejects.toThrow(`The data folder ${data} is not writable: a file has that name`);
});

it.each([
  [
    { api: true, worker: false },
    undefined,
    'npm run serve runs only part of the service and needs REDIS_URL; npm start runs',
  ],
  [
    { api: true, worker: false },
    { command: 'thinkfirst serve --api-only', whole: 'thinkfirst serve', options: { REDIS_URL: '--redis' } },
    'thinkfirst serve --api-only runs only part of the service and needs --redis URL or REDIS_URL; thinkfirst serve runs',
  ],
])('half a service without Redis, %o: names what was typed', async (halves, invocation, text) => {
  await expect(startService({ ...halves, variables: {}, ...(invocation && { invocation }) })).rejects.toThrow(text);
});
