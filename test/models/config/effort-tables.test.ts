import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fileName, packagedTable, readEffortTable } from '../../../src/models/config/effort-tables.ts';

const folder = mkdtempSync(join(tmpdir(), 'thinkfirst-tables-'));
afterAll(() => rmSync(folder, { recursive: true }));

const packaged = JSON.parse(readFileSync(packagedTable('default-plain'), 'utf8'));
const write = (name: string, content: unknown) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { path, field: 'models[0].effortTable' };
};

describe('the effort table of a model', () => {
  it('is the one that its entry names, before the package has one of this id', () => {
    const named = write('mine.effort.json', { ...packaged, temperature: 0.123 });
    expect(readEffortTable('thinkfirst-135m', named)).toMatchObject({ model: 'thinkfirst-135m', temperature: 0.123 });
    expect(readEffortTable('thinkfirst-135m').calibrated).not.toBeNull();
    expect(readEffortTable('org/other')).toMatchObject({ model: 'org/other', calibrated: null });
  });

  it.each([
    [
      'none',
      { path: join(folder, 'none'), field: 'models[0].effortTable' },
      `there is no file ${join(folder, 'none')}; \`thinkfirst calibrate --model mine\` writes it`,
    ],
    ['a folder', { path: folder, field: 'models[0].effortTable' }, `${folder} can't be read (EISDIR)`],
    [
      'no JSON, which is not quoted',
      write('passwords', 'root:x:0'),
      `${join(folder, 'passwords')} is not valid JSON; expected an effort table written by \`thinkfirst calibrate\``,
    ],
    [
      'another JSON',
      write('a.json', []),
      `${join(folder, 'a.json')} is not an effort table: Invalid input: expected object, received array`,
    ],
    [
      'a table with a wrong field',
      write('b.json', { ...packaged, levels: { ...packaged.levels, low: { ...packaged.levels.low, samples: 'two' } } }),
      `${join(folder, 'b.json')} is not an effort table: levels.low.samples: Invalid input: expected number, received string`,
    ],
  ])('that is %s is refused by field, file and what was expected', (_, named, message) => {
    expect(() => readEffortTable('mine', named)).toThrow(
      expect.objectContaining({
        name: 'ServiceError',
        code: 'invalid_value',
        message: `models[0].effortTable: ${message}`,
      }),
    );
  });

  it('has a file name that no path can be made of', () => {
    expect(fileName('org/../x y')).not.toMatch(/[/ ]/);
  });
});
