import { describe, expect, it } from 'vitest';
import { preferenceFile } from '../../scripts/preferences/preference-file.ts';

const rows = Array.from({ length: 200 }, (_, place) => ({
  prompt: `question ${place % 100}`,
  chosen: `answer ${place}`,
}));

describe('a file of preferences', () => {
  it('holds a tenth of the prompts out, and none on both sides', () => {
    const { train, test } = preferenceFile(rows, { heldOut: 10 });
    expect(train.length + test.length).toBe(200);
    expect(test.length).toBeGreaterThan(4);
    expect(test.length).toBeLessThan(40);
    const trained = new Set(train.map(({ prompt }) => prompt));
    expect(test.filter(({ prompt }) => trained.has(prompt))).toEqual([]);
  });

  it('keeps a prompt on its side when more feedback comes', () => {
    const before = preferenceFile(rows.slice(0, 50), { heldOut: 10 });
    const after = preferenceFile(rows, { heldOut: 10 });
    expect(after.test).toEqual(expect.arrayContaining(before.test));
  });

  it('leaves out what was said before, and holds nothing out where none is wanted', () => {
    const row = { prompt: 'a', chosen: 'b' };
    expect(preferenceFile([row, { ...row }], { heldOut: 0 })).toEqual({ train: [row], test: [], repeated: 1 });
  });
});
