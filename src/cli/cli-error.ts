/** What the process ends with; `docs/cli.md` lists the same ones, a test compares the two. */
export const exitCodes = {
  ok: 0,
  /** The service refused or failed, or a check of `doctor` did. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** No service answers there. */
  unreachable: 3,
  /** The key is missing, unknown, or may not do this. */
  forbidden: 4,
  /** There is an answer, and it was cut short. */
  incomplete: 5,
  /** Ctrl-C, or another signal to end. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

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

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'the disk is full',
};

/** A file of the command line that can't be read or written, with the system's reason in words. */
export function fileError(file: string, what: 'read' | 'written', cause: unknown): CliError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  const reason = code === undefined ? '' : `: ${reasons[code] ?? code}`;
  return new CliError({ message: `${file} can't be ${what}${reason}.`, exitCode: exitCodes.usage, cause });
}
