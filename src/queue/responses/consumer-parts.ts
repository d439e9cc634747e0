import type { Job } from '../../contracts/responses/job.ts';
import type { TerminalLines } from '../../core/job-queue.ts';
import type { OpenQueues } from '../open-queues.ts';
import type { QueueSettings } from '../queue-settings.ts';

export type RemovedJob = { id: string; owner: string | null };

/** What a queue hands to its consumers and their upkeep. */
export type ConsumerParts = {
  queues: OpenQueues;
  settings: QueueSettings;
  terminalLines: TerminalLines;
  now(): number;
  onChange(id: string): void;
  /** A job whose time is over and that is still there; where this fails it stays until the next run. */
  onExpiring(job: Job): Promise<void>;
  /** Jobs whose time was over and that are gone. */
  onRemoved(jobs: readonly RemovedJob[]): Promise<void>;
  onError(error: Error): void;
};
