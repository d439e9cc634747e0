import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Environment } from './environment.ts';
import { errorForLog } from './error-for-log.ts';

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
