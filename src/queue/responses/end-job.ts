import type { Job, LogLine } from '../../contracts/responses/job.ts';
import type { QueueSettings } from '../queue-settings.ts';
import { logAppend, readWholeLog } from './job-log.ts';
import type { AppendResult, JobStore } from './job-store.ts';

/**
 * Writes the terminal line that `line` makes of the log as it stands: under an attempt's token, or without one only
 * while no attempt runs. Reads again where the log grew in between.
 */
export async function endJob(options: {
  store: JobStore;
  settings: QueueSettings;
  job: Job;
  token?: string;
  line(log: readonly LogLine[]): LogLine;
  now(): number;
}): Promise<Exclude<AppendResult, 'moved'>> {
  const { store, settings, job, token } = options;
  for (let round = 0; round < 20; round += 1) {
    const log = await readWholeLog(store, job.id);
    // Nobody can read an end of it any more, and its log can't be gone on with.
    if (!log) return 'missing';
    const lines = [options.line(log)];
    const append = { job, lines, expectedLength: log.length, now: options.now(), settings };
    const result = await store.append(logAppend(token === undefined ? append : { ...append, token }));
    if (result !== 'moved') return result;
  }
  throw new Error(`the log of ${job.id} grows without a running attempt`);
}
