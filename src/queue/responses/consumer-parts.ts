import type { Job } from '../../contracts/responses/job.ts';
import type { TerminalLines } from '../../core/job-queue.ts';
import type { OpenQueues } from '../open-queues.ts';
import type { QueueSettings } from '../queue-settings.ts';

export type RemovedJob = { id: string; owner: string | null };

/** What a queue gives to its consumers and their maintenance. */
export type ConsumerParts = {
  queues: OpenQueues;
  settings: QueueSettings;
  terminalLines: TerminalLines;
  now(): number;
  onChange(id: string): void;
  /** Called for an expired job before it is removed; if this fails, the job stays until the next run. */
  onExpiring(job: Job): Promise<void>;
  /** Called with expired jobs that have been removed. */
  onRemoved(jobs: readonly RemovedJob[]): Promise<void>;
  onError(error: Error): void;
};
