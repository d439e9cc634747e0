import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assertWritable, tableBefore, tablePlace } from '../../../eval/calibration/table-place.ts';
import { packagedTable, readEffortTable } from '../../../src/models/config/effort-tables.ts';
import type { ModelConfig } from '../../../src/models/config/model-config.ts';

const embedded: ModelConfig = { kind: 'folder', id: 'thinkfirst-135m', path: './models/thinkfirst-135m' };
const hub: ModelConfig = { kind: 'hub', id: 'org/b', name: 'org/b' };
const named = (path: string): ModelConfig => ({ ...hub, effortTable: { path, field: 'effortTable' } });

describe('where a calibration writes its table', () => {
  it.each([
    ['of the embedded model: in the package', embedded, undefined, packagedTable('thinkfirst-135m'), true],
    [
      'of the embedded model by another id: as any other',
      { ...embedded, id: 'mine' },
      undefined,
      './mine.effort.json',
      false,
    ],
    ['of any other: beside the file of the configuration', hub, undefined, './org--b.effort.json', false],
    ['where the entry names it', named('./b.json'), undefined, './b.json', true],
    ['where it is told to', named('./b.json'), '/srv/b.json', '/srv/b.json', false],
    ['where it is told to, which the entry names as well', named('./b.json'), 'b.json', 'b.json', true],
  ])('%s', (_, config, out, path, isRead) => {
    expect(tablePlace(config, out)).toEqual({ path, isRead });
  });

  it('is known to be writable before anything is measured', async () => {
    await expect(assertWritable('./mine.json')).resolves.toBeUndefined();
    await expect(assertWritable('/nowhere/mine.json')).rejects.toThrow(
      "/nowhere can't be written (ENOENT); name another file with --out",
    );
  });

  it('takes what was there before as the start, and needs nothing there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'calibrate-'));
    const path = join(folder, 'b.json');
    expect(tableBefore(named(path))).toEqual(readEffortTable('org/b'));
    await writeFile(path, JSON.stringify({ ...readEffortTable('org/b'), temperature: 0.123 }));
    expect(tableBefore(named(path)).temperature).toBe(0.123);
    await writeFile(path, '{}');
    expect(() => tableBefore(named(path))).toThrow(/not an effort table/);
    await rm(folder, { recursive: true });
  });
});
