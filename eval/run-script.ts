import { z } from 'zod';
import { exitCodes } from '../src/cli/cli-error.ts';

/** Runs a script of the command line: what goes wrong is told without a stack; its options are wrong: exit code 2, as the command line's own. */
export async function runScript(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('ERR_PARSE_ARGS')) {
      // Node goes on with what to do about a file of that name.
      const [fault] = String(error instanceof Error ? error.message : error).split('. ');
      console.error(`thinkfirst: ${fault}. --help lists the options.`);
      process.exitCode = exitCodes.usage;
      return;
    }
    console.error(
      error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : error,
    );
    process.exitCode = exitCodes.failed;
  }
}
