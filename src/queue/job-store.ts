import type { ControlCommand } from './job-queue.ts';

/**
 * What the queue keeps beside BullMQ's own operations, in the same backend: the conditional log append, control flags,
 * the index by owner and the expiry index. Every method is one atomic step. Two implementations: Redis (Lua) and
 * PostgreSQL (functions).
 */
export type JobStore = {
  /** Enters the job in its owner's index; done before the job itself is added, so a crash between leaves no hidden job. */
  index(entry: { id: string; owner: string; createdAt: number }): Promise<void>;
  /** Whether the stored job is the one that was added with this nonce. */
  isCreatedBy(id: string, nonce: string): Promise<boolean>;
  read(id: string): Promise<JobRecord | undefined>;
  /** Rows of the log from an index on, oldest first. */
  log(id: string, from: number, limit: number): Promise<LogPage | undefined>;
  append(append: LogAppend): Promise<AppendResult>;
  /** Persists a command for the attempt that runs now and publishes it to every process. */
  mark(id: string, command: ControlCommand): Promise<'marked' | 'not_running' | 'ended' | 'missing'>;
  /** Makes the job invisible at once and due for removal. */
  forget(id: string, owner: string): Promise<void>;
  /** Ids of an owner, newest first. */
  list(owner: string, options: { after: string | undefined; limit: number }): Promise<string[]>;
  /** Ids whose time is over. */
  expired(now: number, limit: number): Promise<string[]>;
  /** Cleans what may be left in indexes once the job itself is gone. */
  dropped(id: string, owner: string | undefined): Promise<void>;
  /** Ids that BullMQ has failed and that have no terminal line yet. */
  unsettled(limit: number): Promise<string[]>;
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
  terminal?: { status: string; now: number; expiresAt: number };
};

/** `lost`: the token isn't the lock's. `running`: a tokenless append met a running attempt. `moved`: another length. */
export type AppendResult = 'appended' | 'missing' | 'ended' | 'lost' | 'running' | 'moved';
