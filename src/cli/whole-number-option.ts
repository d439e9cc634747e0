import { InvalidArgumentError } from 'commander';

/** Reads an option's value that is a whole number, `least` or more; `_` may stand between its digits. */
export function wholeNumberFrom(least: number): (text: string) => number {
  return (text) => {
    const digits = text.replaceAll('_', '');
    if (!/^-?\d+$/.test(digits) || Number(digits) < least) {
      throw new InvalidArgumentError(`Expected a whole number, ${least} or more.`);
    }
    return Number(digits);
  };
}
