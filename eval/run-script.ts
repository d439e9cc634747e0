import { z } from 'zod';
import { exitCodes } from '../src/cli/cli-error.ts';

/**
 * Runs a command-line script: prints errors without a stack; for wrong options it exits with code 2, like the command
 * line.
 */
export async function runScript(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('ERR_PARSE_ARGS')) {
      // Node adds advice about a file of that name, which is left out.
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
