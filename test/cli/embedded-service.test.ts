import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openService } from '../../src/cli/embedded-service.ts';
import { lockFolder } from '../../src/queue/embedded/data-folder.ts';
import { keptTerminal } from './run-program.ts';

it('says that a service runs with this data folder, at another address, and how to name it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-cli-'));
  const lock = await lockFolder(join(folder, 'queue.lock'));
  const { terminal, kept } = keptTerminal({ variables: { PORT: '1', THINKFIRST_DATA: folder } });
  await expect(openService({}, terminal, { quiet: false })).rejects.toMatchObject({
    message: `A Thinkfirst service is running with the data folder ${folder}, but not at http://127.0.0.1:1.`,
    advice: expect.stringContaining('--url, THINKFIRST_URL or PORT'),
    exitCode: 3,
  });
  expect(kept.told).toBe('');
  await lock?.release();
  await rm(folder, { recursive: true });
});
