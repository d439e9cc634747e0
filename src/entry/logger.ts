import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Environment } from './environment.ts';

/** Logs go to stderr: JSON lines, or readable ones on a terminal. Prompts, thoughts and answers are never among the fields. */
export function createLogger({ THINKFIRST_LOG_LEVEL: level }: Environment): Logger {
  const destination = process.stderr.isTTY
    ? pretty({ destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss', sync: true })
    : pino.destination({ dest: 2, sync: false });
  return pino({ level }, destination);
}
