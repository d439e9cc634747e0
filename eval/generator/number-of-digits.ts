import type { Random } from './random.ts';

/** A whole number with that many decimal digits, without leading zeros. */
export function numberOfDigits(random: Random, digits: number): number {
  return random.integer(10 ** (digits - 1), 10 ** digits - 1);
}
