/** A point of the chart with its interval, in pixels, and the width of its words. */
export type Labelled = { x: number; y: number; top: number; bottom: number; width: number };

/** Where the words stand: `x` by `anchor`, `y` their baseline. */
export type LabelPlace = { x: number; y: number; anchor: 'start' | 'middle' | 'end' };

type Box = { left: number; right: number; top: number; bottom: number };

const lineHeight = 15;
const gap = 7;

/**
 * A place for each label that covers no other label and stays within the chart: above its interval, below it, right or left
 * of its point, whichever is free first. Where none is, above.
 */
export function labelPlaces(points: readonly Labelled[], chart: Box): LabelPlace[] {
  const taken: Box[] = [];
  return points.map((point) => {
    const { x, y, top, bottom } = point;
    const choices: LabelPlace[] = [
      { x, y: top - gap, anchor: 'middle' },
      { x, y: bottom + gap + lineHeight * 0.75, anchor: 'middle' },
      { x: x + gap + 5, y: y - gap, anchor: 'start' },
      { x: x - gap - 5, y: y - gap, anchor: 'end' },
    ];
    const free = choices.find((choice) => {
      const box = boxOf(choice, point.width);
      const within =
        box.left >= chart.left && box.right <= chart.right && box.top >= chart.top && box.bottom <= chart.bottom;
      return within && !taken.some((other) => overlap(box, other));
    });
    const chosen = free ?? { x, y: top - gap, anchor: 'middle' as const };
    taken.push(boxOf(chosen, point.width));
    return chosen;
  });
}

function boxOf({ x, y, anchor }: LabelPlace, width: number): Box {
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return { left, right: left + width, top: y - lineHeight * 0.8, bottom: y + lineHeight * 0.2 };
}

function overlap(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
