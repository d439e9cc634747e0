import type { ControlCommand } from '../../core/job-queue.ts';

/**
 * What we store about the jobs of one BullMQ queue, in the same backend: the conditional log append, control flags and
 * the expiry index. Every method is one atomic step. There are two implementations: Redis (Lua) and PostgreSQL
 * (functions).
 */
export type JobStore = {
  /** Whether the stored job is the one that was added with this nonce; notifies workers that there is a job. */
  created(id: string, nonce: string): Promise<boolean>;
  /** Notifies workers that there may be a job. Resolves immediately: a lost notice is made up for by polling. */
  tellWaiting(): Promise<void>;
  read(id: string): Promise<JobRecord | undefined>;
  /** Those of these ids that have a job here which its owner has not removed. */
  existing(ids: readonly string[]): Promise<string[]>;
  /** Rows of the log from an index, oldest first. */
  log(id: string, from: number, limit: number): Promise<LogPage | undefined>;
  append(append: LogAppend): Promise<AppendResult>;
  /** Stores a command for the attempt that runs now and sends it to every process. */
  mark(id: string, command: ControlCommand): Promise<'marked' | 'not_running' | 'ended' | 'missing'>;
  /** Hides the job immediately and marks it for removal. */
  forget(id: string): Promise<void>;
  /**
   * Records that an attempt starts after this many lost workers, and the current length of the log. Returns how many
   * were lost in a row without progress of the log.
   */
  lose(loss: { id: string; losses: number; work: number }): Promise<number>;
  /** Ids of expired jobs. */
  expired(now: number, limit: number): Promise<string[]>;
  /** Removes what may be left in the expiry index after the job itself is gone. */
  dropped(id: string): Promise<void>;
  /** Ids of jobs that BullMQ has failed and that have no terminal line yet. */
  unsettled(limit: number): Promise<string[]>;
  /** Ids of ended jobs whose webhook is not queued yet, in the order in which they ended. */
  outbox(limit: number): Promise<string[]>;
  sent(id: string): Promise<void>;
};

export type JobRecord = {
  /** BullMQ's `data`, unparsed. */
  data: unknown;
  progress: unknown;
  /** The number of attempts started so far. */
  attempts: number;
  /** Leased now: a worker holds its lock. */
  running: boolean;
  failed: boolean;
  /** Only for a waiting job. 0 is next. */
  position: number | undefined;
  /** Rows in the log. */
  length: number;
  /** The terminal row, if there is one. */
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
  /** The attempt's lock token; without one, the queue itself writes, and only if no attempt runs. */
  token?: string;
  /** The length that the log must have now; makes a repeated append harmless. */
  expectedLength: number;
  rows: readonly string[];
  /** Set if the last row is the terminal one. Epoch ms. */
  terminal?: { status: string; now: number; expiresAt: number; notify: boolean };
};

/**
 * `lost`: the lock has another token. `running`: an append without a token found a running attempt. `moved`: the log
 * has another length.
 */
export type AppendResult = 'appended' | 'missing' | 'ended' | 'lost' | 'running' | 'moved';
