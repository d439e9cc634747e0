import type { ControlCommand } from '../../core/job-queue.ts';

/** Commands received before their job's lease is open here; applied when it opens. */
type PendingCommands = {
  keep(id: string, command: ControlCommand): void;
  take(id: string): readonly ControlCommand[];
};

/** Replies overtake each other by less than this. ms */
const keptMs = 1_000;
/** Most commands are for jobs of other processes, so the oldest is dropped. */
const mostKept = 1_000;

export function createPendingCommands(now: () => number): PendingCommands {
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
