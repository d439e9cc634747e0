import type { BullmqParts } from './bullmq-parts.ts';
import type { TerminalLines } from './job-queue.ts';
import type { JobStore } from './job-store.ts';
import type { QueueSettings } from './queue-settings.ts';

/** What a queue hands to its consumers and their upkeep. */
export type ConsumerParts = {
  parts: BullmqParts;
  store: JobStore;
  settings: QueueSettings;
  terminalLines: TerminalLines;
  now(): number;
  onChange(id: string): void;
  onError(error: Error): void;
};
