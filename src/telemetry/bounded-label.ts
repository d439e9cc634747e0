/**
 * Keeps a label's values few: the first `most` different ones pass, any further one is `other`. Each value of a label is a
 * series of its own in Prometheus, for ever.
 */
export function boundedLabel(most: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= most) return 'other';
    seen.add(value);
    return value;
  };
}
