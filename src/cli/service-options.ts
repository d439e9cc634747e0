import type { Command } from 'commander';

/** The options of every command that talks to a service. */
export function serviceOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the service (default: THINKFIRST_URL, else 127.0.0.1 at PORT or 8080)')
    .option('--key <key>', 'its key (default: THINKFIRST_KEY)');
}
