import type { ControlCommand } from '../../core/job-queue.ts';

/** Commands that were told before the lease that they are for was open here: its job was taken, and the answer on its way. */
export type EarlyCommands = {
  keep(id: string, command: ControlCommand): void;
  take(id: string): readonly ControlCommand[];
};

/** Answers overtake each other by less. ms */
const keptMs = 1_000;
/** Most commands are for jobs of other processes: the oldest goes. */
const mostKept = 1_000;

export function createEarlyCommands(now: () => number): EarlyCommands {
  const kept = new Map<string, { at: number; commands: ControlCommand[] }>();
  return {
    keep(id, command) {
      const commands = kept.get(id)?.commands ?? [];
      kept.delete(id);
      if (kept.size >= mostKept) kept.delete(kept.keys().next().value ?? '');
      kept.set(id, { at: now(), commands: [...commands, command] });
    },
    take(id) {
      const entry = kept.get(id);
      kept.delete(id);
      return entry && now() - entry.at <= keptMs ? entry.commands : [];
    },
  };
}
