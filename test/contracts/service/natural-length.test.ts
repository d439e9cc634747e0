import { describe, expect, it } from 'vitest';
import { learnedLength, naturalLength, type ObservedLength } from '../../../src/contracts/service/natural-length.ts';

const chains = (from: number, to: number, ended = true): ObservedLength[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ tokens: from + index, ended }));

describe('the natural length', () => {
  it('is the plain quantile where all chains ended by themselves', () => {
    expect(naturalLength(chains(1, 100))).toBe(95);
    expect(naturalLength(chains(1, 20), 0.5)).toBe(10);
    expect(naturalLength(chains(7, 7))).toBe(7);
  });

  it('counts a chain that was stopped as longer, not as so long', () => {
    // Every second one was stopped at 10 tokens: the others alone say how long a chain is.
    const stopped = Array.from({ length: 100 }, () => ({ tokens: 10, ended: false }));
    expect(naturalLength([...chains(101, 200), ...stopped])).toBe(195);
    // Stopped ones that were long already put it up.
    expect(naturalLength([...chains(1, 100), ...chains(90, 99, false)]) ?? 0).toBeGreaterThan(95);
  });

  it('is unknown where too many were stopped to tell', () => {
    expect(naturalLength([])).toBeUndefined();
    expect(naturalLength(chains(1, 10, false))).toBeUndefined();
    expect(naturalLength([...chains(1, 90), ...chains(91, 100, false)])).toBeUndefined();
  });

  it('takes a chain that ended at a length before one that was stopped there', () => {
    expect(
      naturalLength(
        [
          { tokens: 5, ended: false },
          { tokens: 5, ended: true },
        ],
        0.5,
      ),
    ).toBe(5);
  });
});

describe('the length that a model’s own responses have shown', () => {
  it('counts only with enough chains that ended by themselves', () => {
    expect(learnedLength(chains(101, 119))).toBeUndefined();
    expect(learnedLength([...chains(101, 119), ...chains(10, 60, false)])).toBeUndefined();
    expect(learnedLength(chains(101, 200))).toBe(195);
  });

  it('is never so short that a chain would have no room', () => {
    expect(learnedLength(chains(1, 40))).toBe(64);
  });
});
