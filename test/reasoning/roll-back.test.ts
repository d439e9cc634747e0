import { describe, expect, it } from 'vitest';
import { rollBack } from '../../src/reasoning/roll-back.ts';

const pieces = (text: string) =>
  (text.match(/\n|[^\n]{1,3}/g) ?? []).map((piece, index) => ({ text: piece, tokenIds: [index] }));
const text = (segments: ReturnType<typeof rollBack>) => segments?.map((segment) => segment.text).join('');
const correction = 'Wait, {{wrong}} is wrong. I do that step again.\n';

describe('rollBack', () => {
  it('cuts behind the wrong line and feeds the correction on a line of its own', () => {
    const back = rollBack(pieces('one\ntwo is 5\nthree'), { line: 1, correction, wrong: '5' });
    expect(text(back)).toBe('one\ntwo is 5\nWait, 5 is wrong. I do that step again.\n');
    expect(back?.at(-1)).toEqual({ text: '\nWait, 5 is wrong. I do that step again.\n', fed: true });
  });

  it('keeps token ids of whole pieces and only the text of a cut one', () => {
    const back = rollBack([{ text: 'one\ntwo\nthr', tokenIds: [7] }], { line: 1, correction, wrong: '5' });
    expect(back?.[0]).toEqual({ text: 'one\ntwo' });
  });

  it('counts what was fed before no second time', () => {
    const fed = [{ text: 'one\n', fed: true, tokenIds: [1] }, { text: 'two' }];
    expect(rollBack(fed, { line: 1, correction, wrong: '5' })?.[0]).toEqual({ text: 'one\n', tokenIds: [1] });
  });

  it('drops a line that was to put another right and is wrong again', () => {
    const thought = 'two is 5\nWait, 5 is wrong. I do that step again.\ntwo is 6\nmore';
    expect(text(rollBack(pieces(thought), { line: 2, correction, wrong: '6' }))).toBe(
      'two is 5\nWait, 5 is wrong. I do that step again.\n',
    );
  });

  it('gives nothing for a line that is not there', () => {
    expect(rollBack(pieces('one'), { line: 3, correction, wrong: '5' })).toBeUndefined();
  });
});
