import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderFindings } from '../../../src/cli/doctor/store.ts';
import { makeDataFolder, openToOthers } from '../../../src/queue/embedded/data-folder.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'thinkfirst-data-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
const statusOf = async (path: string) => (await folderFindings(path)).find(({ name }) => name === 'privacy')?.status;

describe('the data folder', () => {
  it('is made for this user alone, its new parents too', async () => {
    makeDataFolder(join(base, 'new', 'data'));
    expect([await modeOf(join(base, 'new')), await modeOf(join(base, 'new', 'data'))]).toEqual([0o700, 0o700]);
    expect(await statusOf(join(base, 'new', 'data'))).toBe('ok');
  });

  it('is closed where an older version left it open, and left alone where it holds other files', async () => {
    const old = join(base, 'old');
    await mkdir(join(old, 'records'), { recursive: true });
    await chmod(old, 0o755);
    expect(await statusOf(old)).toBe('warning');
    makeDataFolder(old);
    expect(await modeOf(old)).toBe(0o700);
    await writeFile(join(old, 'notes.txt'), '');
    await chmod(old, 0o755);
    makeDataFolder(old);
    expect([openToOthers(old), await statusOf(old)]).toEqual([true, 'warning']);
  });
});
