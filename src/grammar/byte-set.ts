/** A set of byte values; equal sets have equal keys. */
export type ByteSet = { readonly key: string; readonly members: Uint8Array };

/** A set from inclusive ranges `[low, high]` of byte values. */
export function byteSet(ranges: ReadonlyArray<readonly [low: number, high: number]>): ByteSet {
  const members = new Uint8Array(256);
  for (const [low, high] of ranges) members.fill(1, low, high + 1);
  return { key: Buffer.from(members).toString('latin1'), members };
}

export function unionOf(sets: readonly ByteSet[]): ByteSet {
  const members = new Uint8Array(256);
  for (const set of sets)
    for (let byte = 0; byte < 256; byte += 1) members[byte] = (members[byte] ?? 0) | (set.members[byte] ?? 0);
  return { key: Buffer.from(members).toString('latin1'), members };
}

/**
 * Bytes that no set distinguishes share a class: `classOf[byte]` is its number, `representatives[class]` one byte of
 * it.
 */
export type ByteClasses = { readonly classOf: Uint8Array; readonly representatives: Uint8Array };

export function partition(sets: readonly ByteSet[]): ByteClasses {
  const classOf = new Uint8Array(256);
  let count = 1;
  for (const set of sets) {
    const renamed = new Map<number, number>();
    const sizes = new Map<number, { all: number; inside: number }>();
    for (let byte = 0; byte < 256; byte += 1) {
      const size = sizes.get(classOf[byte] ?? 0) ?? { all: 0, inside: 0 };
      size.all += 1;
      size.inside += set.members[byte] ?? 0;
      sizes.set(classOf[byte] ?? 0, size);
    }
    for (const [name, size] of sizes) if (size.inside > 0 && size.inside < size.all) renamed.set(name, count++);
    for (let byte = 0; byte < 256; byte += 1) {
      const split = renamed.get(classOf[byte] ?? 0);
      if (split !== undefined && set.members[byte] === 1) classOf[byte] = split;
    }
  }
  const representatives = new Uint8Array(count);
  for (let byte = 255; byte >= 0; byte -= 1) representatives[classOf[byte] ?? 0] = byte;
  return { classOf, representatives };
}
