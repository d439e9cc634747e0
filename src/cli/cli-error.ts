import { type ExitCode, exitCodes } from './exit-codes.ts';

/** An end that the user can do something about: its message says what was wrong, `advice` what to do. No stack is shown. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly advice: string | undefined;
  /** The same may succeed a moment later. */
  readonly retryable: boolean;

  constructor(options: {
    message: string;
    advice?: string;
    exitCode?: ExitCode;
    retryable?: boolean;
    cause?: unknown;
  }) {
    super(options.message, { cause: options.cause });
    this.exitCode = options.exitCode ?? exitCodes.failed;
    this.advice = options.advice;
    this.retryable = options.retryable ?? false;
  }
}
