/** Tokens of the smallest class. */
const smallest = 256;

/**
 * The capacity of a row that may grow to `need` tokens: 256, then four classes to the octave (320, 384, 448, 512, 640 …),
 * so that at most a fifth of a row is spare and rows of like size share a group. Never above `largest`.
 */
export function capacityFor(need: number, largest: number): number {
  if (need > largest) throw new RangeError('a row can never fit');
  let step = smallest / 4;
  while (step * 8 < need) step *= 2;
  return Math.min(largest, Math.max(smallest, Math.ceil(need / step) * step));
}

/**
 * Splits rows into the fewest groups of one capacity each that fit into `tokens` together, and among those into the ones
 * that take the least: each group is one pass over the weights in every step, so few groups matter more than spare room.
 * `needs` in descending order; gives each group's capacity and row count in that order.
 */
export function planGroups(
  needs: readonly number[],
  options: { tokens: number; largest: number },
): Array<{ capacity: number; rows: number }> {
  const capacities = needs.map((need) => capacityFor(need, options.largest));
  const count = needs.length;
  if (count === 0) return [];
  /** best[rows]: the least room for the first `rows` rows in so many groups, and where the last of them begins. */
  let best: Array<{ room: number; splits: readonly number[] }> = [{ room: 0, splits: [] }];
  for (let groups = 1; groups <= count; groups += 1) {
    const next: typeof best = [];
    for (let end = groups; end <= count; end += 1) {
      for (let start = groups - 1; start < end; start += 1) {
        const before = best[start];
        const room = (before?.room ?? Number.POSITIVE_INFINITY) + (end - start) * (capacities[start] ?? 0);
        if (before && room < (next[end]?.room ?? Number.POSITIVE_INFINITY)) {
          next[end] = { room, splits: [...before.splits, start] };
        }
      }
    }
    const whole = next[count];
    if (whole && whole.room <= options.tokens) {
      return whole.splits.map((start, index) => ({
        capacity: capacities[start] ?? 0,
        rows: (whole.splits[index + 1] ?? count) - start,
      }));
    }
    best = next;
  }
  throw new RangeError('the rows do not fit');
}
