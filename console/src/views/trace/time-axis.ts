import { scaleLinear } from 'd3-scale';

/** A time written below the axis: ms since its beginning, its words, and where they begin, in px. */
type TimeTick = { at: number; words: string; left: number };

const mostTicks = 8;
/** Of a label's characters, on average and rather too wide, and between two labels. px */
const glyphWidth = 7.5;
const gap = 10;

/**
 * Times at even distances over an axis of `span` ms and `width` px: as many as stand beside each other, none of them told in
 * another's words (0.25 s as 0.3 s). The outermost stay within the axis.
 */
export function timeTicks(span: number, width: number, wordsOf: (ms: number) => string): TimeTick[] {
  const x = scaleLinear([0, span], [0, width]);
  for (let count = mostTicks; count > 1; count -= 1) {
    const ticks = x.ticks(count).map((at): TimeTick => {
      const words = wordsOf(at);
      const own = words.length * glyphWidth;
      return { at, words, left: Math.max(0, Math.min(width - own, x(at) - own / 2)) };
    });
    const apart = ticks.every(({ left }, index) => {
      const before = ticks[index - 1];
      return before === undefined || before.left + before.words.length * glyphWidth + gap <= left;
    });
    if (apart && new Set(ticks.map(({ words }) => words)).size === ticks.length) return ticks;
  }
  return [{ at: 0, words: wordsOf(0), left: 0 }];
}
