import type { Job, LogLine } from '../../contracts/responses/job.ts';
import type { ControlCommand, TerminalLines } from '../../core/job-queue.ts';
import type { OpenQueue, OpenQueues } from '../open-queues.ts';
import { queuesOf } from '../queue-names.ts';
import type { QueueSettings } from '../queue-settings.ts';
import { removeJob } from './add-job.ts';
import { endJob, eraseSecrets } from './job-log.ts';
import type { JobRecord, LogPage } from './job-store.ts';
import { isJobId, loadJob, ownerKey } from './stored-job.ts';

type FoundJob = OpenQueue & { record: JobRecord };

type ControlParts = {
  queues: OpenQueues;
  settings: QueueSettings;
  terminalLines: TerminalLines;
  now(): number;
  /** Passes a command to the attempts that run in this process. */
  deliver(id: string, command: ControlCommand): void;
  /** The job's log has changed. */
  onChange(id: string): void;
  onError(error: Error): void;
};

/** Finds jobs by id, and stops or removes them, whether they wait or run. */
export class JobControl {
  private readonly parts: ControlParts;

  constructor(parts: ControlParts) {
    this.parts = parts;
  }

  /** A page of a job's log; undefined if there is no such job. */
  async log(id: string, from: number, limit: number): Promise<LogPage | undefined> {
    if (!isJobId(id)) return undefined;
    return (await this.parts.queues.read(id, ({ store }) => store.log(id, from, limit)))?.found;
  }

  /** Undefined also for a job that its owner has removed and that still has to be swept. */
  async visible(id: string): Promise<FoundJob | undefined> {
    const read = isJobId(id) ? await this.parts.queues.read(id, ({ store }) => store.read(id)) : undefined;
    return read && !read.found.forgotten ? { ...read.queue, record: read.found } : undefined;
  }

  /** A running job receives the command; a waiting one ends at once. `expire` leaves a running job alone. */
  async control(
    id: string,
    command: ControlCommand | 'expire',
  ): Promise<'accepted' | 'already_ended' | 'not_found' | 'not_running'> {
    for (let round = 0; round < 20; round += 1) {
      const found = await this.visible(id);
      if (!found) return 'not_found';
      const { record } = found;
      if (record.terminal !== undefined) return 'already_ended';
      const result = record.running ? await this.command(found, id, command) : await this.end(found, command);
      // A worker has taken or released the job in the meantime.
      if (result !== 'changed') return result;
    }
    throw new Error(`${id} changes hands too often`);
  }

  /** False: there is no such job. */
  async remove(id: string): Promise<boolean> {
    const found = await this.visible(id);
    if (!found) return false;
    await this.control(id, 'cancel');
    await found.store.forget(id);
    this.parts.onChange(id);
    // If a worker still holds the job, it is removed by the sweep, or when the id is added again.
    await removeJob(id, found, this.parts.queues);
    return true;
  }

  /** Fails a model's waiting jobs. @returns the number of jobs that a worker still has */
  async endWaiting(model: string, options: { reason: string; createdBefore: number }): Promise<number> {
    const { queues } = this.parts;
    const known = new Set(await queues.directory.queues());
    let held = 0;
    for (const name of queuesOf(queues.base, model)) {
      if (known.has(name)) held += await this.endWaitingIn(queues.open(name), options);
    }
    return held;
  }

  private async endWaitingIn(
    { parts }: OpenQueue,
    { reason, createdBefore }: { reason: string; createdBefore: number },
  ): Promise<number> {
    const { terminalLines } = this.parts;
    const seen = new Set<string>();
    let held = 0;
    const end = async (id: string) => {
      const found = await this.visible(id);
      if (found === undefined || found.record.terminal !== undefined) return;
      if (loadJob(found.record.data).createdAt >= createdBefore) return;
      const ended = await this.endUnheld(found, (job, log) => terminalLines.failed(job, log, reason));
      if (ended === 'running') held += 1;
    };
    for (;;) {
      // Ended jobs are not listed again, so the next list begins with others.
      const fresh = (await parts.unfinished()).filter((id) => !seen.has(id));
      if (fresh.length === 0) return held;
      await Promise.all(fresh.map(end));
      for (const id of fresh) seen.add(id);
    }
  }

  private async command({ store }: FoundJob, id: string, command: ControlCommand | 'expire') {
    if (command === 'expire') return 'accepted';
    const marked = await store.mark(id, command);
    if (marked === 'not_running') return 'changed';
    if (marked === 'missing') return 'not_found';
    if (marked === 'ended') return 'already_ended';
    this.parts.deliver(id, command);
    return 'accepted';
  }

  private async end(found: FoundJob, command: ControlCommand | 'expire') {
    if (command === 'answer_now') return 'not_running';
    const { late, cancelled } = this.parts.terminalLines;
    const ended = await this.endUnheld(found, command === 'expire' ? late : cancelled);
    if (ended === 'running') return 'changed';
    if (ended === 'missing') return 'not_found';
    return ended === 'appended' ? 'accepted' : 'already_ended';
  }

  /** Writes the terminal line of a job, unless a worker has the job. */
  private async endUnheld(found: FoundJob, line: (job: Job, log: readonly LogLine[]) => LogLine) {
    const { queues, settings, now, onChange, onError } = this.parts;
    const { record, store } = found;
    const job = loadJob(record.data);
    const ended = await endJob({ store, settings, job, now, line: (log) => line(job, log) });
    if (ended === 'running' || ended === 'missing') return ended;
    // The job has ended, even if freeing its position fails.
    if (ended === 'appended') await eraseSecrets(found, { id: job.id, data: record.data }).catch(onError);
    if (ended === 'appended' && record.position !== undefined) {
      await queues.directory.left(found.name, ownerKey(job.owner)).catch(onError);
    }
    onChange(job.id);
    return ended;
  }
}
