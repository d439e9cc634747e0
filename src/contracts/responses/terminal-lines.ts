import { initialEvents } from './initial-response.ts';
import type { Job, LogLine, TerminalStatus } from './job.ts';
import type { OutputItem } from './output-item.ts';
import type { Response } from './response.ts';
import type { TerminalEvent } from './response-event.ts';
import { responseFromLog } from './response-from-log.ts';
import { emptyUsage, type RunningUsage, responseUsage } from './usage.ts';

/**
 * The terminal lines of responses that end without an answer, written by the queue or a worker. They keep the text and
 * the usage that the log already shows; `usage` overrides the latter if a worker knows better. Pure.
 */
export const terminalLines = {
  /** Ends the stream with `response.incomplete`, because OpenAI's clients know no cancelled event. */
  cancelled(job: Job, log: readonly LogLine[], usage?: RunningUsage): LogLine {
    return cutShort({ job, log, usage, status: 'cancelled', type: 'response.incomplete', error: null });
  },
  /** For a response whose deadline passed before any work on it, or between two attempts. */
  late(job: Job, log: readonly LogLine[]): LogLine {
    return cutShort({ job, log, usage: undefined, status: 'incomplete', type: 'response.incomplete', error: null });
  },
  /** `reason` is for the client and must reveal nothing internal. */
  failed(job: Job, log: readonly LogLine[], reason: string, usage?: RunningUsage): LogLine {
    const error = { code: 'server_error' as const, message: reason };
    return cutShort({ job, log, usage, status: 'failed', type: 'response.failed', error });
  },
};

/** The terminal line that commits `response`, whose status is terminal. */
export function terminalLine(number: number, type: TerminalEvent['type'], response: Response): LogLine {
  const event = { type, sequence_number: number, response } satisfies TerminalEvent;
  return { stream: 'wire', number, terminal: terminalStatus(response), data: event };
}

/** The number of the next wire line after `log`. */
export function nextWireNumber(job: Job, log: readonly LogLine[]): number {
  const numbers = log.filter((line) => line.stream === 'wire').map((line) => line.number);
  return Math.max(initialEvents(job).length - 1, ...numbers) + 1;
}

function cutShort(end: {
  job: Job;
  log: readonly LogLine[];
  usage: RunningUsage | undefined;
  status: 'cancelled' | 'failed' | 'incomplete';
  type: TerminalEvent['type'];
  error: Response['error'];
}): LogLine {
  const { job, log, usage, status, type, error } = end;
  const seen = responseFromLog(job, log);
  return terminalLine(nextWireNumber(job, log), type, {
    ...seen,
    status,
    error,
    incomplete_details: status === 'incomplete' ? { reason: 'deadline' } : null,
    progress: null,
    output: seen.output.map(closed),
    usage: usage ? responseUsage(usage) : (seen.usage ?? responseUsage(emptyUsage())),
  });
}

function closed(item: OutputItem): OutputItem {
  return 'status' in item && item.status === 'in_progress' ? { ...item, status: 'incomplete' } : item;
}

function terminalStatus(response: Response): TerminalStatus {
  if (response.status === 'queued' || response.status === 'in_progress') {
    throw new Error(`a ${response.status} response can't be committed`);
  }
  return response.status;
}
