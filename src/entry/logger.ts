import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { Environment } from './environment.ts';

type LoggedError = { type: string; message: string; code?: string; frames: string[]; cause?: LoggedError | string };

const longestMessage = 200;
const mostFrames = 12;
const mostCauses = 4;

/**
 * An error as it is logged. What a parser or an upstream complains about may quote a thought (`Unexpected token 'q',
 * "quokka"… is not valid JSON`): outside of our own errors and the system's, what stands in quotes is left out, and no
 * field but the code is taken along. The frames say where it happened.
 */
export function errorForLog(error: unknown, depth = 0): LoggedError | string {
  if (!(error instanceof Error)) return `thrown: ${typeof error}`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const cause = error.cause === undefined || depth >= mostCauses ? undefined : errorForLog(error.cause, depth + 1);
  return {
    type: error.name,
    message: isOurs(error, code) ? error.message : withoutQuotes(error.message),
    ...(code === undefined ? {} : { code }),
    frames: framesOf(error),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** Written for callers, or made by the operating system of names and addresses. */
function isOurs(error: Error, code: string | undefined): boolean {
  return error instanceof ServiceError || 'syscall' in error || /^ERR_[A-Z_]+$/.test(code ?? '');
}

/** From the first quotation mark of any kind to the last; a message may also break off within one. */
function withoutQuotes(message: string): string {
  const line = message.replace(/\s+/g, ' ');
  const first = line.search(/["'`“”‘’«»]/);
  return (first < 0 ? line : `${line.slice(0, first)}…`).slice(0, longestMessage);
}

function framesOf(error: Error): string[] {
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  return lines.filter((line) => /^at .+:\d+:\d+\)?$/.test(line)).slice(0, mostFrames);
}

/**
 * Logs go to stderr (or to `destination`): JSON lines, or readable ones on a terminal. Prompts, thoughts and answers are
 * never among the fields, nor quoted by an error.
 */
export function createLogger(
  { THINKFIRST_LOG_LEVEL: level }: Pick<Environment, 'THINKFIRST_LOG_LEVEL'>,
  destination: DestinationStream = standardError(),
): Logger {
  return pino({ level, serializers: { err: (error: unknown) => errorForLog(error) } }, destination);
}

function standardError(): DestinationStream {
  return process.stderr.isTTY
    ? pretty({ destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss', sync: true })
    : pino.destination({ dest: 2, sync: false });
}
