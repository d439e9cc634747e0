import { describe, expect, it } from 'vitest';
import { columns } from '../../../src/cli/render/columns.ts';
import { ago, bar, clipped, counted, duration } from '../../../src/cli/render/figures.ts';
import { shownText } from '../../../src/cli/terminal.ts';

describe('figures', () => {
  it.each([
    [400, '0.4 s'],
    [12_340, '12.3 s'],
    [185_000, '3 min 5 s'],
    [59_970, '1 min 0 s'],
    [119_700, '2 min 0 s'],
  ])('%d ms are %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [30, 'just now'],
    [300, '5 min ago'],
    [10_800, '3 h ago'],
    [200_000, '2 d ago'],
  ])('%d s before is %s', (seconds, text) => expect(ago(1_000_000 - seconds, 1_000_000_000)).toBe(text));

  it('counts with the right number', () => {
    expect([counted(1, 'token'), counted(2_048, 'token')]).toEqual(['1 token', '2,048 tokens']);
  });

  it('clips to a width, on one line', () => {
    expect(clipped('one\ntwo three', 8)).toBe('one two…');
    expect(clipped('one', 8)).toBe('one');
  });

  it('show what others wrote without orders to the terminal', () => {
    expect(clipped('a\u001b]0;title\u0007b\u009b2Jc', 40)).toBe('a]0;titleb2Jc');
    expect(shownText('one\n\ttwo\r\u001b[2J')).toBe('one\n\ttwo[2J');
  });

  it('fills a bar in proportion and never beyond it', () => {
    expect(bar(1, 4, 8)).toEqual({ full: '━━', empty: '──────' });
    expect(bar(9, 4, 8)).toEqual({ full: '━'.repeat(8), empty: '' });
    expect(bar(1, 0, 8).full).toBe('');
  });

  it('aligns columns by what is seen, not by colour codes', () => {
    expect(
      columns(
        [
          ['a', '10', 'x'],
          ['\u001b[1mbbb\u001b[22m', '7', 'y'],
        ],
        { right: [1] },
      ),
    ).toBe('a    10  x\n\u001b[1mbbb\u001b[22m   7  y');
  });
});
