import { CommanderError } from 'commander';
import { ServiceError } from '../contracts/service/service-error.ts';
import { StartError } from '../entry/run-entry.ts';
import { keepFilesPrivate } from '../queue/embedded/data-folder.ts';
import { CliError, exitCodes } from './cli-error.ts';
import { createProgram } from './program.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** `thinkfirst …`: runs one command line and sets the exit code. */
export async function main(words: readonly string[]): Promise<void> {
  keepFilesPrivate();
  // Whoever reads our output may stop reading (`| head`): that is no fault.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(exitCodes.ok);
      throw error;
    });
  }
  const terminal = createTerminal({ colour: !words.includes('--no-color'), variables: process.env });
  try {
    await createProgram(terminal).parseAsync([...words], { from: 'user' });
  } catch (error) {
    process.exitCode = tell(error, terminal);
  }
}

/** One line on what is wrong, one on what to do. @returns the exit code */
function tell(error: unknown, { note, notePaint }: Terminal): number {
  // Commander has printed its own.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof CliError || error instanceof StartError || error instanceof ServiceError) {
    if (error.message !== '') note(`${notePaint.red('thinkfirst:')} ${error.message}`);
    if (error instanceof CliError && error.advice !== undefined) note(`  ${error.advice}`);
    return error instanceof CliError ? error.exitCode : exitCodes.failed;
  }
  note(`${notePaint.red('thinkfirst:')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  note('  This is a bug in Thinkfirst. `thinkfirst doctor` may help.');
  return exitCodes.failed;
}
