import { type ExitCode, exitCodes } from './exit-codes.ts';

/** An end that the user can do something about: its message says what was wrong, `advice` what to do. No stack is shown. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly advice: string | undefined;

  constructor(options: { message: string; advice?: string; exitCode?: ExitCode; cause?: unknown }) {
    super(options.message, { cause: options.cause });
    this.exitCode = options.exitCode ?? exitCodes.failed;
    this.advice = options.advice;
  }
}
