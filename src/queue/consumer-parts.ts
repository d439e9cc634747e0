import type { TerminalLines } from './job-queue.ts';
import type { OpenQueues } from './open-queues.ts';
import type { QueueSettings } from './queue-settings.ts';

/** What a queue hands to its consumers and their upkeep. */
export type ConsumerParts = {
  queues: OpenQueues;
  settings: QueueSettings;
  terminalLines: TerminalLines;
  now(): number;
  onChange(id: string): void;
  onError(error: Error): void;
};
