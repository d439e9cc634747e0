import type { ControlCommand, LeaseEnd } from '../../core/job-queue.ts';
import type { JobRecord, JobStore } from './job-store.ts';
import type { OpenLease } from './lease.ts';
import { createPendingCommands } from './pending-commands.ts';

/** Time until a lease's job is checked again for the first time. */
const soonMs = 200;

/** The leases that are open in this process, with the commands for them. */
export class OpenLeases {
  private readonly open = new Map<OpenLease, JobStore>();
  private readonly pending: ReturnType<typeof createPendingCommands>;
  private readonly onError: (error: Error) => void;

  constructor({ now, onError }: { now(): number; onError(error: Error): void }) {
    this.pending = createPendingCommands(now);
    this.onError = onError;
  }

  /** @returns a function that must be called when the attempt has ended */
  register(lease: OpenLease, store: JobStore): () => void {
    this.open.set(lease, store);
    for (const command of this.pending.take(lease.id)) obey(lease, command);
    // A command may have been given after the job was taken, and its notice lost.
    const soon = setTimeout(() => applyCommands(lease, store).catch(this.onError), soonMs);
    return () => {
      clearTimeout(soon);
      this.open.delete(lease);
    };
  }

  /** Passes a command to the attempts at this job. */
  deliver(id: string, command: ControlCommand): void {
    const leases = this.of(id);
    if (leases.length === 0) this.pending.keep(id, command);
    for (const lease of leases) obey(lease, command);
  }

  /** Whether an earlier attempt at the job still runs here. If so, it is notified that it has lost the job. */
  endsEarlier(id: string): boolean {
    const earlier = this.of(id);
    for (const lease of earlier) lease.end('lost');
    return earlier.length > 0;
  }

  endAll(reason: LeaseEnd): void {
    for (const lease of this.open.keys()) lease.end(reason);
  }

  /** Finds commands whose notice was missed, and jobs that another worker has taken; with an id, only for that job. */
  recheck(id?: string): void {
    for (const [lease, store] of this.open)
      if (id === undefined || lease.id === id) recheck(lease, store).catch(this.onError);
  }

  private of(id: string): OpenLease[] {
    return [...this.open.keys()].filter((lease) => lease.id === id);
  }
}

function obey(lease: OpenLease, command: ControlCommand): void {
  if (command === 'cancel') lease.end('cancelled');
  else lease.answerNow();
}

async function applyCommands(lease: OpenLease, store: JobStore): Promise<JobRecord | undefined> {
  const record = await store.read(lease.id);
  if (record?.cancel) lease.end('cancelled');
  if (record?.answerNow) lease.answerNow();
  return record;
}

async function recheck(lease: OpenLease, store: JobStore): Promise<void> {
  const record = await applyCommands(lease, store);
  if (!lease.committed() && record?.token !== lease.token) lease.end('lost');
}
