import { describe, expect, it } from 'vitest';
import type { ThoughtSegment } from '../../../src/core/language-model.ts';
import { rollBack } from '../../../src/reasoning/revision/roll-back.ts';

const pieces = (text: string) =>
  (text.match(/\n|[^\n]{1,3}/g) ?? []).map((piece, index) => ({ text: piece, tokenIds: [index] }));
const text = (segments: readonly ThoughtSegment[] | undefined) => segments?.map((segment) => segment.text).join('');
const correction = 'Wait, {{wrong}} is wrong. I do that step again.\n';

describe('rollBack', () => {
  it('cuts behind the wrong line with the correction on a line of its own, and before it', () => {
    const back = rollBack(pieces('one\ntwo is 5\nthree'), { line: 1, correction, wrong: '5' });
    expect(text(back?.corrected)).toBe('one\ntwo is 5\nWait, 5 is wrong. I do that step again.\n');
    expect(back?.corrected.at(-1)).toEqual({ text: '\nWait, 5 is wrong. I do that step again.\n', fed: true });
    expect(text(back?.before)).toBe('one\n');
    expect(back?.wrongLine).toBe('two is 5');
  });

  it('keeps token ids of whole pieces and only the text of a cut one', () => {
    const back = rollBack([{ text: 'one\ntwo\nthr', tokenIds: [7] }], { line: 1, correction, wrong: '5' });
    expect(back?.corrected[0]).toEqual({ text: 'one\ntwo' });
  });

  it('counts what was fed before no second time', () => {
    const fed = [{ text: 'one\n', fed: true, tokenIds: [1] }, { text: 'two' }];
    const back = rollBack(fed, { line: 1, correction, wrong: '5' });
    expect(back?.corrected[0]).toEqual({ text: 'one\n', tokenIds: [1] });
  });

  it('drops a line that was to put another right and is wrong again', () => {
    const thought = 'one\ntwo is 5\nWait, 5 is wrong. I do that step again.\ntwo is 6\nmore';
    const back = rollBack(pieces(thought), { line: 3, correction, wrong: '6' });
    expect(text(back?.corrected)).toBe('one\ntwo is 5\nWait, 5 is wrong. I do that step again.\n');
    expect(text(back?.before)).toBe('one\n');
  });

  it('gives nothing for a line that is not there', () => {
    expect(rollBack(pieces('one'), { line: 3, correction, wrong: '5' })).toBeUndefined();
  });
});
