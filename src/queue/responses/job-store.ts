import type { ControlCommand } from '../../core/job-queue.ts';

/**
 * What the queue keeps beside BullMQ's own operations, in the same backend: the conditional log append, control flags
 * and the expiry index, of one of BullMQ's queues. Every method is one atomic step. Two implementations: Redis (Lua) and
 * PostgreSQL (functions).
 */
export type JobStore = {
  /** Whether the stored job is the one that was added with this nonce; tells workers that there is one. */
  created(id: string, nonce: string): Promise<boolean>;
  /** Tells workers that there may be a job. Resolves at once: a lost word is made good by looking again. */
  tellWaiting(): Promise<void>;
  read(id: string): Promise<JobRecord | undefined>;
  /** Rows of the log from an index on, oldest first. */
  log(id: string, from: number, limit: number): Promise<LogPage | undefined>;
  append(append: LogAppend): Promise<AppendResult>;
  /** Persists a command for the attempt that runs now and publishes it to every process. */
  mark(id: string, command: ControlCommand): Promise<'marked' | 'not_running' | 'ended' | 'missing'>;
  /** Makes the job invisible at once and due for removal. */
  forget(id: string): Promise<void>;
  /**
   * Notes that an attempt begins after so many lost workers, and how much the log holds by now. Gives how many in a row
   * were lost without any more of it.
   */
  lose(loss: { id: string; losses: number; work: number }): Promise<number>;
  /** Ids whose time is over. */
  expired(now: number, limit: number): Promise<string[]>;
  /** Cleans what may be left in the expiry index once the job itself is gone. */
  dropped(id: string): Promise<void>;
  /** Ids that BullMQ has failed and that have no terminal line yet. */
  unsettled(limit: number): Promise<string[]>;
  /** Ids that have ended and whose webhook is not on its way yet, in order of their ends. */
  outbox(limit: number): Promise<string[]>;
  sent(id: string): Promise<void>;
};

export type JobRecord = {
  /** BullMQ's `data`, unparsed. */
  data: unknown;
  progress: unknown;
  /** Attempts begun so far. */
  attempts: number;
  /** Leased now: a worker holds its lock. */
  running: boolean;
  failed: boolean;
  /** Only while it waits. 0 is next. */
  position: number | undefined;
  /** Rows in the log. */
  length: number;
  /** The terminal row, once there is one. */
  terminal: string | undefined;
  cancel: boolean;
  answerNow: boolean;
  forgotten: boolean;
  /** The token of the attempt that holds the lock. */
  token: string | undefined;
};

export type LogPage = { rows: string[]; ended: boolean };

export type LogAppend = {
  id: string;
  /** The attempt's lock token; absent: the queue itself writes, and only while no attempt runs. */
  token?: string;
  /** Rows that the log must have now: makes a repeated append harmless. */
  expectedLength: number;
  rows: readonly string[];
  /** Set when the last row is the terminal one. Epoch ms. */
  terminal?: { status: string; now: number; expiresAt: number; notify: boolean };
};

/** `lost`: the token isn't the lock's. `running`: a tokenless append met a running attempt. `moved`: another length. */
export type AppendResult = 'appended' | 'missing' | 'ended' | 'lost' | 'running' | 'moved';
