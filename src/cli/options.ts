import { type Command, InvalidArgumentError } from 'commander';

/** The options of every command that talks to a service. */
export function serviceOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the service (default: THINKFIRST_URL, else 127.0.0.1 at PORT or 8080)')
    .option('--key <key>', 'its key (default: THINKFIRST_KEY)');
}

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
