/** A row that waits for room. */
export type WaitingRow = {
  /** Rows of one request share it. */
  request: object;
  /** Tokens of cache that it takes. */
  room: number;
  /** How often a later row went in past it. */
  passed: number;
};

/** So often may later rows go in past one that doesn't fit; then it is waited for, so a large row isn't starved by small ones. */
const patience = 8;

/**
 * The rows that go in now, in order: of the requests in their order of arrival, the one with the fewest running rows goes
 * first, so that one of many samples doesn't shut out the others.
 * `waiting` in order of arrival; `running` gives a request's running rows; `free` is the room left, in tokens.
 */
export function admit<Row extends WaitingRow>(
  waiting: readonly Row[],
  options: { free: number; slots: number; running(request: object): number },
): Row[] {
  const admitted: Row[] = [];
  const counts = new Map<object, number>();
  const count = (request: object) => counts.get(request) ?? options.running(request);
  let rest = [...waiting];
  let { free, slots } = options;
  while (rest.length > 0 && slots > 0) {
    const order = rest
      .map((row, index) => ({ row, index }))
      .sort((a, b) => count(a.row.request) - count(b.row.request) || a.index - b.index);
    const impatient = order.find(({ row }) => row.passed >= patience && row.room > free);
    const next = impatient ? undefined : order.find(({ row }) => row.room <= free);
    if (!next) break;
    for (const { row, index } of order) if (index < next.index && row.room > free) row.passed += 1;
    admitted.push(next.row);
    counts.set(next.row.request, count(next.row.request) + 1);
    free -= next.row.room;
    slots -= 1;
    rest = rest.filter((row) => row !== next.row);
  }
  return admitted;
}
