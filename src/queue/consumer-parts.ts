import type { TerminalLines } from './job-queue.ts';
import type { OpenQueues } from './open-queues.ts';
import type { QueueSettings } from './queue-settings.ts';

export type RemovedJob = { id: string; owner: string | null };

/** What a queue hands to its consumers and their upkeep. */
export type ConsumerParts = {
  queues: OpenQueues;
  settings: QueueSettings;
  terminalLines: TerminalLines;
  now(): number;
  onChange(id: string): void;
  /** Jobs whose time was over and that are gone. */
  onRemoved(jobs: readonly RemovedJob[]): Promise<void>;
  onError(error: Error): void;
};
