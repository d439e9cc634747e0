import { z } from 'zod';
import type { ControlCommand } from '../../core/job-queue.ts';
import type { AppendResult, JobRecord, JobStore, LogAppend, LogPage } from '../responses/job-store.ts';
import type { Notice } from '../responses/notices.ts';

export type Query = (text: string, params: unknown[]) => Promise<{ rows: unknown[] }>;

/** The job store on BullMQ's PostgreSQL tables and on our own tables. */
export function createEmbeddedStore(query: Query, queue: string, tell: (notice: Notice) => void): JobStore {
  return new EmbeddedStore(query, queue, tell);
}

class EmbeddedStore implements JobStore {
  private readonly query: Query;
  private readonly queue: string;
  private readonly tell: (notice: Notice) => void;
  /** Every failed job that ended before this time has its terminal line. Epoch ms. */
  private settledUntil = 0;

  constructor(query: Query, queue: string, tell: (notice: Notice) => void) {
    this.query = query;
    this.queue = queue;
    this.tell = tell;
  }

  async created(id: string, nonce: string): Promise<boolean> {
    this.tell({ type: 'waiting', queue: this.queue });
    const text = `SELECT data->>'nonce' AS value FROM bullmq.job WHERE queue = $1 AND id = $2`;
    return (await this.rows(ValueRow, text, [id]))[0]?.value === nonce;
  }

  async tellWaiting(): Promise<void> {
    this.tell({ type: 'waiting', queue: this.queue });
  }

  async read(id: string): Promise<JobRecord | undefined> {
    const [row] = await this.rows(ReadRow, readText, [id]);
    return row && recordOf(row);
  }

  existing(ids: readonly string[]): Promise<string[]> {
    return this.ids(existingText, [[...ids]]);
  }

  async log(id: string, from: number, limit: number): Promise<LogPage | undefined> {
    const [head] = await this.rows(LogRow, logText, [id, from, limit]);
    return head && { rows: head.rows, ended: head.ended };
  }

  async append({ id, token = '', expectedLength, rows, terminal }: LogAppend): Promise<AppendResult> {
    const { status = '', now = 0, expiresAt = 0, notify = false } = terminal ?? {};
    const text = 'SELECT thinkfirst.append_log($1, $2, $3, $4, $5::text[], $6, $7, $8, $9) AS value';
    const end = [status, now, expiresAt, notify];
    const [row] = await this.rows(AppendRow, text, [id, token, expectedLength, [...rows], ...end]);
    const result = row?.value ?? 'missing';
    if (result === 'appended') this.tell({ type: 'log', id, change: { from: expectedLength, rows } });
    return result;
  }

  async mark(id: string, command: ControlCommand): ReturnType<JobStore['mark']> {
    const [row] = await this.rows(MarkRow, 'SELECT thinkfirst.mark_job($1, $2, $3) AS value', [id, command]);
    if (row?.value === 'marked') this.tell({ type: 'control', id, command });
    return row?.value ?? 'missing';
  }

  async forget(id: string): Promise<void> {
    await this.query('SELECT thinkfirst.forget_job($1, $2)', [this.queue, id]);
    this.tell({ type: 'log', id });
  }

  async lose({ id, losses, work }: { id: string; losses: number; work: number }): Promise<number> {
    return (await this.rows(LoseRow, loseText, [id, losses, work]))[0]?.fruitless ?? 0;
  }

  expired(now: number, limit: number): Promise<string[]> {
    const text = 'SELECT job_id AS id FROM thinkfirst.mark WHERE queue = $1 AND expires_at <= $2 LIMIT $3';
    return this.ids(text, [now, limit]);
  }

  /** The marks are deleted with the job. */
  async dropped(): Promise<void> {}

  async unsettled(limit: number): Promise<string[]> {
    const failed = await this.rows(FailedRow, unsettledText, [this.settledUntil, limit]);
    this.settledUntil = failed.find(({ open }) => open)?.at ?? failed.at(-1)?.at ?? this.settledUntil;
    return failed.flatMap(({ id, open }) => (open ? [id] : []));
  }

  outbox(limit: number): Promise<string[]> {
    return this.ids('SELECT job_id AS id FROM thinkfirst.outbox WHERE queue = $1 ORDER BY ended_at LIMIT $2', [limit]);
  }

  async sent(id: string): Promise<void> {
    await this.query('DELETE FROM thinkfirst.outbox WHERE queue = $1 AND job_id = $2', [this.queue, id]);
  }

  /** `$1` is the queue. */
  private async rows<T>(row: z.ZodType<T>, text: string, params: unknown[]): Promise<T[]> {
    return z.array(row).parse((await this.query(text, [this.queue, ...params])).rows);
  }

  private async ids(text: string, params: unknown[]): Promise<string[]> {
    return (await this.rows(IdRow, text, params)).map((row) => row.id);
  }
}

function recordOf(row: z.infer<typeof ReadRow>): JobRecord {
  const waiting = row.state === 'waiting' && row.terminal === null;
  return {
    data: row.data,
    progress: row.progress ?? undefined,
    attempts: row.attempts,
    running: row.state === 'active',
    failed: row.state === 'failed',
    position: waiting ? row.position : undefined,
    length: row.length,
    terminal: row.terminal ?? undefined,
    cancel: row.cancel,
    answerNow: row.answer_now,
    forgotten: row.forgotten,
    token: row.state === 'active' ? (row.lock_token ?? undefined) : undefined,
  };
}

const readText = `
SELECT j.data, j.progress, j.state::text AS state, j.lock_token, j.attempts_started AS attempts,
  (SELECT count(*)::int FROM bullmq.job_log l WHERE l.queue = j.queue AND l.job_id = j.id) AS length,
  CASE WHEN m.status IS NOT NULL THEN
    (SELECT row FROM bullmq.job_log l WHERE l.queue = j.queue AND l.job_id = j.id ORDER BY idx DESC LIMIT 1)
  END AS terminal,
  CASE WHEN j.state = 'waiting' THEN
    (SELECT count(*)::int FROM bullmq.job w
      WHERE w.queue = j.queue AND w.state = 'waiting' AND (w.priority, w.seq) < (j.priority, j.seq))
  ELSE 0 END AS position,
  COALESCE(m.cancel, false) AS cancel, COALESCE(m.answer_now, false) AS answer_now,
  COALESCE(m.forgotten, false) AS forgotten
FROM bullmq.job j LEFT JOIN thinkfirst.mark m ON m.queue = j.queue AND m.job_id = j.id
WHERE j.queue = $1 AND j.id = $2`;

const existingText = `
SELECT j.id FROM bullmq.job j LEFT JOIN thinkfirst.mark m ON m.queue = j.queue AND m.job_id = j.id
WHERE j.queue = $1 AND j.id = ANY($2::text[]) AND COALESCE(m.forgotten, false) = false`;

const logText = `
SELECT m.status IS NOT NULL AS ended, ARRAY(
  SELECT l.row FROM bullmq.job_log l
  WHERE l.queue = $1 AND l.job_id = $2 AND l.idx >= $3::bigint AND l.idx < $3::bigint + $4::bigint ORDER BY l.idx
) AS rows
FROM bullmq.job j LEFT JOIN thinkfirst.mark m ON m.queue = j.queue AND m.job_id = j.id
WHERE j.queue = $1 AND j.id = $2 AND COALESCE(m.forgotten, false) = false`;

const loseText = `
INSERT INTO thinkfirst.mark AS m (queue, job_id, losses, work, fruitless) VALUES ($1, $2, $3, $4, 1)
ON CONFLICT (queue, job_id) DO UPDATE SET
  fruitless = CASE WHEN EXCLUDED.losses <= m.losses THEN m.fruitless
    WHEN EXCLUDED.work > m.work THEN 1 ELSE m.fruitless + 1 END,
  work = CASE WHEN EXCLUDED.losses > m.losses THEN EXCLUDED.work ELSE m.work END,
  losses = GREATEST(m.losses, EXCLUDED.losses)
RETURNING fruitless`;

const unsettledText = `
SELECT j.id, j.finished_at_ms::float8 AS at, m.status IS NULL AS open
FROM bullmq.job j LEFT JOIN thinkfirst.mark m ON m.queue = j.queue AND m.job_id = j.id
WHERE j.queue = $1 AND j.state = 'failed' AND j.finished_at_ms >= $2 ORDER BY j.finished_at_ms LIMIT $3`;

const LoseRow = z.object({ fruitless: z.number() });
const FailedRow = z.object({ id: z.string(), at: z.number(), open: z.boolean() });
const IdRow = z.object({ id: z.string() });
const ValueRow = z.object({ value: z.string().nullable() });
const LogRow = z.object({ ended: z.boolean(), rows: z.array(z.string()) });
const AppendRow = z.object({ value: z.enum(['appended', 'missing', 'ended', 'lost', 'running', 'moved']) });
const MarkRow = z.object({ value: z.enum(['marked', 'not_running', 'ended', 'missing']) });
const ReadRow = z.object({
  data: z.unknown(),
  progress: z.unknown(),
  state: z.string(),
  lock_token: z.string().nullable(),
  attempts: z.number(),
  length: z.number(),
  terminal: z.string().nullable(),
  position: z.number(),
  cancel: z.boolean(),
  answer_now: z.boolean(),
  forgotten: z.boolean(),
});
