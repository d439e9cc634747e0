import { describe, expect, it } from 'vitest';
import { createKvArena } from '../../../../src/models/local/decoder/kv-arena.ts';

describe.each(['float32', 'int8'] as const)('an arena of %s', (cacheType) => {
  it('takes its bytes, and moves rows that change places with each other', () => {
    const arena = createKvArena({ layers: 1, kvHeads: 2, headDim: 2, cacheType }, 8);
    const [keys] = arena.buffers;
    if (!keys) throw new Error('no buffer');
    expect(keys.byteLength).toBe(8 * 2 * 2 * (cacheType === 'int8' ? 1 : 4));
    // Two rows of capacity 4, [row, head, position, channel]; three tokens in the first, two in the second.
    const first = { offset: 0, capacity: 4 };
    const second = { offset: 4, capacity: 4 };
    keys.set([1, 2, 3, 4, 5, 6, 0, 0, -1, -2, -3, -4, -5, -6, 0, 0]);
    keys.set([11, 12, 13, 14, 0, 0, 0, 0, -11, -12, -13, -14, 0, 0, 0, 0], 16);
    arena.move([
      { from: first, to: second, length: 3 },
      { from: second, to: first, length: 2 },
    ]);
    expect([...keys.subarray(0, 4), ...keys.subarray(8, 12)]).toEqual([11, 12, 13, 14, -11, -12, -13, -14]);
    expect([...keys.subarray(16, 22), ...keys.subarray(24, 30)]).toEqual([1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6]);
  });
});
