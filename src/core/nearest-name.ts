import { distance } from 'fastest-levenshtein';

/** Part of the longer one's length that may differ: `modle` is meant for `model`, `note` for nothing. */
const mostOff = 0.4;

/** The one of `names` that was meant by `written`, capitals aside; undefined where none is near. */
export function nearestName(written: string, names: readonly string[]): string | undefined {
  const [nearest] = byNearness(written, names);
  return nearest !== undefined && off(written, nearest) <= mostOff ? nearest : undefined;
}

/** All of `names`, the ones that are most like `written` first. */
export function byNearness(written: string, names: readonly string[]): string[] {
  return names.toSorted((a, b) => off(written, a) - off(written, b));
}

function off(written: string, name: string): number {
  return distance(written.toLowerCase(), name.toLowerCase()) / Math.max(written.length, name.length);
}
