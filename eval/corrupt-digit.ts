/** A small seeded generator (mulberry32): numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * The thought with one digit changed in the result of one of its equations (the number after an equals sign), chosen
 * with `random`; undefined if it has no equation.
 */
export function corruptDigit(thought: string, random: () => number): { text: string; line: string } | undefined {
  const results = [...thought.matchAll(/= (-?\d+(?:\.\d+)?)(?![\d.]*[^\S\n]*[×÷*/+-])/g)];
  const result = results[Math.floor(random() * results.length)];
  const number = result?.[1];
  if (result === undefined || number === undefined) return undefined;
  const start = result.index + 2;
  const digits = [...number.matchAll(/\d/g)].map((match) => match.index);
  const at = start + (digits[Math.floor(random() * digits.length)] ?? 0);
  const digit = Number(thought[at]);
  const text = `${thought.slice(0, at)}${(digit + 1 + Math.floor(random() * 9)) % 10}${thought.slice(at + 1)}`;
  const from = text.lastIndexOf('\n', at) + 1;
  const to = text.indexOf('\n', at);
  return { text, line: text.slice(from, to === -1 ? undefined : to) };
}
