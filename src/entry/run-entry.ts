import { ServiceError } from '../contracts/service/service-error.ts';
import { keepFilesPrivate } from '../queue/embedded/data-folder.ts';

/** A reason not to start that the operator can mend: printed as its one line, without a stack; exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** What an entry has opened; `close` drains and closes it within `graceMs`. */
export type Running = { close(options: { graceMs: number }): Promise<void> };

/** For running answers; what else has to close takes under a second. */
const graceMs = 6_000;
const hardLimitMs = 9_500;

/**
 * Runs an entry: one clear line and exit code 1 when it can't start; on SIGINT or SIGTERM closes once, in order, and
 * exits 0 within 10 s. A second signal exits at once.
 */
export async function runEntry(start: () => Promise<Running>): Promise<void> {
  keepFilesPrivate();
  let stopping = false;
  let running: Running | undefined;
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(130);
    stopping = true;
    process.stderr.write('\nStopping: running answers have a few seconds to finish, no new ones are started.\n');
    setTimeout(() => process.exit(0), hardLimitMs).unref();
    await running?.close({ graceMs });
    process.exit(0);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    running = await start();
  } catch (error) {
    if (error instanceof StartError || error instanceof ServiceError) {
      process.stderr.write(`thinkfirst: ${error.message}\n`);
      process.exit(1);
    }
    throw error;
  }
}
