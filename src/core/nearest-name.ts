import { distance } from 'fastest-levenshtein';

/** Part of the longer one's length that may differ: `modle` is meant for `model`, `note` for nothing. */
const mostOff = 0.4;

/** The one of `names` that was meant by `written`, capitals aside; undefined where none is near. */
export function nearestName(written: string, names: readonly string[]): string | undefined {
  const off = (name: string) =>
    distance(written.toLowerCase(), name.toLowerCase()) / Math.max(written.length, name.length);
  const [nearest] = names.toSorted((a, b) => off(a) - off(b));
  return nearest !== undefined && off(nearest) <= mostOff ? nearest : undefined;
}
