/** A list of three numbers or more in a text: `27, 42, 14, 7`; `5, 6 and 8`. The longest one. */
export function numberList(text: string): number[] {
  const lists = text.match(/-?\d+(?:\.\d+)?(?:,\s+(?:and\s+)?-?\d+(?:\.\d+)?|\s+and\s+-?\d+(?:\.\d+)?)+/g) ?? [];
  const numbers = lists.map((list) => (list.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number));
  return numbers.sort((a, b) => b.length - a.length)[0] ?? [];
}

/** `a, b and c` as its items. */
export function listItems(text: string): string[] {
  return text
    .split(/,\s+(?:and\s+)?|\s+and\s+/)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** True where both hold the same items, in whatever order. */
export function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().join('\n') === [...b].sort().join('\n');
}
