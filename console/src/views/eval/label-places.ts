/** A point of the chart with its interval, in pixels, and the width of its words. */
export type Labelled = { x: number; y: number; top: number; bottom: number; width: number };

/** Where the words stand: `x` by `anchor`, `y` their baseline. */
export type LabelPlace = { x: number; y: number; anchor: 'start' | 'middle' | 'end' };

type Spot = { x: number; y: number };
type Box = { left: number; right: number; top: number; bottom: number };

const lineHeight = 15;
const gap = 7;

/** Half of an interval's end bar, and air. */
const halfBar = 7;

/**
 * A place for each label that covers no other label and no interval, and stays within the chart: above its interval, below
 * it, right or left of its point or of its interval's ends, a line or two further off, or at an edge of the chart, whichever
 * is free first and off the `line` that joins points, or else whichever is free first. Where none is, above.
 */
export function labelPlaces(points: readonly Labelled[], chart: Box, line: readonly Spot[] = []): LabelPlace[] {
  const joined = line.flatMap((to, index) => along(line[index - 1] ?? to, to));
  const taken: Box[] = points.map(({ x, top, bottom }) => ({ left: x - halfBar, right: x + halfBar, top, bottom }));
  return points.map((point) => {
    const { x, y, top, bottom } = point;
    const above = (lines: number) => top - gap - lines * lineHeight;
    const below = (lines: number) => bottom + gap + (lines + 0.75) * lineHeight;
    const choices: LabelPlace[] = [
      { x, y: above(0), anchor: 'middle' },
      { x, y: below(0), anchor: 'middle' },
      ...[y - gap, bottom, top + lineHeight].flatMap((at): LabelPlace[] => [
        { x: x + gap + 5, y: at, anchor: 'start' },
        { x: x - gap - 5, y: at, anchor: 'end' },
      ]),
      ...[1, 2].flatMap((lines): LabelPlace[] => [
        { x, y: above(lines), anchor: 'middle' },
        { x, y: below(lines), anchor: 'middle' },
      ]),
      ...[0, 1, 2, 3].flatMap((lines) =>
        [above(lines), below(lines)].flatMap((at): LabelPlace[] => [
          { x: chart.left, y: at, anchor: 'start' },
          { x: chart.right, y: at, anchor: 'end' },
        ]),
      ),
    ];
    const free = choices.filter((choice) => {
      const box = boxOf(choice, point.width);
      const within =
        box.left >= chart.left && box.right <= chart.right && box.top >= chart.top && box.bottom <= chart.bottom;
      return within && !taken.some((other) => overlap(box, other));
    });
    const offLine = free.find((choice) => !joined.some((other) => overlap(boxOf(choice, point.width), other)));
    const chosen = offLine ?? free[0] ?? { x, y: above(0), anchor: 'middle' as const };
    taken.push(boxOf(chosen, point.width));
    return chosen;
  });
}

/** A straight line as small boxes. */
function along(from: Spot, to: Spot): Box[] {
  const pieces = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / 4));
  return Array.from({ length: pieces + 1 }, (_, piece) => {
    const x = from.x + ((to.x - from.x) * piece) / pieces;
    const y = from.y + ((to.y - from.y) * piece) / pieces;
    return { left: x - 2, right: x + 2, top: y - 2, bottom: y + 2 };
  });
}

function boxOf({ x, y, anchor }: LabelPlace, width: number): Box {
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return { left, right: left + width, top: y - lineHeight * 0.8, bottom: y + lineHeight * 0.2 };
}

function overlap(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
