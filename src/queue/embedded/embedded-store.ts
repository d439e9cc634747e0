import { z } from 'zod';
import type { JobStore } from '../responses/job-store.ts';
import type { Notice } from '../responses/notices.ts';

export type Query = (text: string, params: unknown[]) => Promise<{ rows: unknown[] }>;

/** The job store on BullMQ's PostgreSQL tables and on our own tables. */
export function createEmbeddedStore(query: Query, queue: string, tell: (notice: Notice) => void): JobStore {
  /** Every failed job that ended before this time has its terminal line. Epoch ms. */
  let settledUntil = 0;
  const rows = async <T>(row: z.ZodType<T>, text: string, params: unknown[]) =>
    z.array(row).parse((await query(text, [queue, ...params])).rows);
  const ids = async (text: string, params: unknown[]) => (await rows(IdRow, text, params)).map((row) => row.id);

  return {
    async created(id, nonce) {
      tell({ type: 'waiting', queue });
      const text = `SELECT data->>'nonce' AS value FROM bullmq.job WHERE queue = $1 AND id = $2`;
      return (await rows(ValueRow, text, [id]))[0]?.value === nonce;
    },
    async tellWaiting() {
      tell({ type: 'waiting', queue });
    },
    async read(id) {
      const [row] = await rows(ReadRow, readText, [id]);
      if (!row) return undefined;
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
    },
    async log(id, from, limit) {
      const [head] = await rows(LogRow, logText, [id, from, limit]);
      return head && { rows: head.rows, ended: head.ended };
    },
    async append({ id, token = '', expectedLength, rows: added, terminal }) {
      const { status = '', now = 0, expiresAt = 0, notify = false } = terminal ?? {};
      const text = 'SELECT thinkfirst.append_log($1, $2, $3, $4, $5::text[], $6, $7, $8, $9) AS value';
      const end = [status, now, expiresAt, notify];
      const [row] = await rows(AppendRow, text, [id, token, expectedLength, [...added], ...end]);
      tell({ type: 'log', id });
      return row?.value ?? 'missing';
    },
    async mark(id, command) {
      const [row] = await rows(MarkRow, 'SELECT thinkfirst.mark_job($1, $2, $3) AS value', [id, command]);
      if (row?.value === 'marked') tell({ type: 'control', id, command });
      return row?.value ?? 'missing';
    },
    async forget(id) {
      await query('SELECT thinkfirst.forget_job($1, $2)', [queue, id]);
      tell({ type: 'log', id });
    },
    async lose({ id, losses, work }) {
      return (await rows(LoseRow, loseText, [id, losses, work]))[0]?.fruitless ?? 0;
    },
    expired: (now, limit) =>
      ids('SELECT job_id AS id FROM thinkfirst.mark WHERE queue = $1 AND expires_at <= $2 LIMIT $3', [now, limit]),
    /** The marks are deleted with the job. */
    async dropped() {},
    async unsettled(limit) {
      const failed = await rows(FailedRow, unsettledText, [settledUntil, limit]);
      settledUntil = failed.find(({ open }) => open)?.at ?? failed.at(-1)?.at ?? settledUntil;
      return failed.flatMap(({ id, open }) => (open ? [id] : []));
    },
    outbox: (limit) =>
      ids('SELECT job_id AS id FROM thinkfirst.outbox WHERE queue = $1 ORDER BY ended_at LIMIT $2', [limit]),
    async sent(id) {
      await query('DELETE FROM thinkfirst.outbox WHERE queue = $1 AND job_id = $2', [queue, id]);
    },
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
