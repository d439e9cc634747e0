import { describe, expect, it } from 'vitest';
import type { ThoughtSegment } from '../../../src/core/language-model.ts';
import { cutSegments } from '../../../src/reasoning/revision/roll-back.ts';
import { computedIn, segmentsOf, thoughtText } from '../../../src/reasoning/sampling/sample.ts';

const segments: ThoughtSegment[] = [
  { text: 'So 2 + 2 =', tokenIds: [1] },
  { text: ' 4', tokenIds: [2], expression: '2 + 2' },
  { text: '.\n"é" 3 × 3 =', tokenIds: [3] },
  { text: ' 9', tokenIds: [4], expression: '3 × 3' },
];
const computed = [
  { at: 11, length: 1, expression: '2 + 2' },
  { at: 26, length: 1, expression: '3 × 3' },
];
const text = thoughtText({ segments });

describe('computed values of a step', () => {
  it('are told by where they stand in its text', () => {
    expect(computedIn(segments)).toEqual({ computed });
    expect(computed.map(({ at, length }) => text.slice(at, at + length))).toEqual(['4', '9']);
    expect(computedIn([{ text: 'no = 4' }])).toEqual({});
  });

  it('are still known of a step that an earlier attempt has finished', () => {
    const again = segmentsOf({ text, computed });
    expect(thoughtText({ segments: again })).toBe(text);
    expect(computedIn(again)).toEqual({ computed });
    expect(segmentsOf({ text: 'plain' })).toEqual([{ text: 'plain' }]);
    expect(segmentsOf({ text: null })).toEqual([]);
    expect(segmentsOf({ text: '' })).toEqual([{ text: '' }]);
  });

  it('go with their piece where a thought is taken back', () => {
    expect(computedIn(cutSegments(segments, 14))).toEqual({ computed: computed.slice(0, 1) });
    expect(computedIn(cutSegments(segments, 11))).toEqual({});
  });
});
