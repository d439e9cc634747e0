import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const exported = (variables: Record<string, string>, ...options: string[]) =>
  run(process.execPath, ['--import', 'tsx', 'scripts/export-preferences.ts', ...options], {
    env: { PATH: process.env['PATH'] ?? '', ...variables },
  });

it('looks for the service where the command line does, and says how to name another', async () => {
  await expect(exported({ PORT: '1' })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/No service answers at http:\/\/127\.0\.0\.1:1\..*--url, THINKFIRST_URL or PORT/),
  });
  await expect(exported({}, '--url', 'nowhere')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('"nowhere" is not the address of a service.'),
  });
}, 60_000);
