import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Seeded random values. The same seed and the same calls give the same values on every machine. */
export type Random = {
  /** Uniform, including both ends. */
  integer(from: number, to: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** `count` different positions of the list, in random order. */
  some<Item>(items: readonly Item[], count: number): Item[];
  /** `count` integers, which may repeat. */
  integers(count: number, from: number, to: number): number[];
  chance(probability: number): boolean;
};

/** @param stream text that identifies the stream: `seed/kind` separates the questions of different kinds. */
export function createRandom(stream: string): Random {
  const generator = xoroshiro128plus(hash(stream));
  const integer = (from: number, to: number) => uniformInt(generator, from, to);
  const some = <Item>(items: readonly Item[], count: number): Item[] => {
    const rest = [...items];
    const taken: Item[] = [];
    while (taken.length < count && rest.length > 0) taken.push(...rest.splice(integer(0, rest.length - 1), 1));
    return taken;
  };
  return {
    integer,
    some,
    pick(items) {
      const [item] = some(items, 1);
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
    integers: (count, from, to) => Array.from({ length: count }, () => integer(from, to)),
    chance: (probability) => integer(1, 1_000_000) <= probability * 1_000_000,
  };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value | 0;
}
