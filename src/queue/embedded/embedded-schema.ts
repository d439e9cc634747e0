/**
 * Our part of the embedded database, in addition to BullMQ's schema: marks per job (a foreign key removes them with the
 * job), an index by owner, and functions equivalent to the Lua scripts for Redis. Run at every
 * start.
 */
export const embeddedSchema = `
CREATE SCHEMA IF NOT EXISTS thinkfirst;

CREATE TABLE IF NOT EXISTS thinkfirst.mark (
  queue      text NOT NULL,
  job_id     text NOT NULL,
  status     text,
  expires_at bigint,
  cancel     boolean NOT NULL DEFAULT false,
  answer_now boolean NOT NULL DEFAULT false,
  forgotten  boolean NOT NULL DEFAULT false,
  losses     integer NOT NULL DEFAULT 0,
  work       integer NOT NULL DEFAULT 0,
  fruitless  integer NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, job_id),
  FOREIGN KEY (queue, job_id) REFERENCES bullmq.job (queue, id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS mark_expiry ON thinkfirst.mark (queue, expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS thinkfirst.outbox (
  queue    text NOT NULL,
  job_id   text NOT NULL,
  ended_at bigint NOT NULL,
  PRIMARY KEY (queue, job_id)
);

CREATE TABLE IF NOT EXISTS thinkfirst.place (
  base       text NOT NULL,
  id         text NOT NULL,
  queue      text NOT NULL,
  owner      text NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (base, id)
);
CREATE INDEX IF NOT EXISTS place_owner ON thinkfirst.place (base, owner, created_at, id);
CREATE TABLE IF NOT EXISTS thinkfirst.queue (base text NOT NULL, name text NOT NULL, PRIMARY KEY (base, name));

CREATE OR REPLACE FUNCTION thinkfirst.append_log(
  p_queue text, p_id text, p_token text, p_expected bigint, p_rows text[], p_status text, p_now bigint, p_expires bigint,
  p_notify boolean
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_state text;
  v_token text;
BEGIN
  SELECT state::text, lock_token INTO v_state, v_token
    FROM bullmq.job WHERE queue = p_queue AND id = p_id FOR UPDATE;
  IF NOT FOUND THEN RETURN 'missing'; END IF;
  IF EXISTS (SELECT 1 FROM thinkfirst.mark WHERE queue = p_queue AND job_id = p_id AND status IS NOT NULL) THEN
    RETURN 'ended';
  END IF;
  IF p_token <> '' THEN
    IF v_state <> 'active' OR v_token IS DISTINCT FROM p_token THEN RETURN 'lost'; END IF;
  ELSIF v_state = 'active' THEN
    RETURN 'running';
  END IF;
  IF (SELECT count(*) FROM bullmq.job_log WHERE queue = p_queue AND job_id = p_id) <> p_expected THEN
    RETURN 'moved';
  END IF;
  INSERT INTO bullmq.job_log (queue, job_id, idx, row)
    SELECT p_queue, p_id, p_expected + r.n - 1, r.row FROM unnest(p_rows) WITH ORDINALITY AS r(row, n);
  IF p_status <> '' THEN
    INSERT INTO thinkfirst.mark (queue, job_id, status, expires_at) VALUES (p_queue, p_id, p_status, p_expires)
      ON CONFLICT (queue, job_id) DO UPDATE SET status = EXCLUDED.status,
        expires_at = CASE WHEN mark.forgotten THEN mark.expires_at ELSE EXCLUDED.expires_at END;
    IF p_notify THEN
      INSERT INTO thinkfirst.outbox VALUES (p_queue, p_id, p_now) ON CONFLICT DO NOTHING;
    END IF;
    IF p_token = '' THEN
      UPDATE bullmq.job SET state = 'completed', finished_at_ms = p_now
        WHERE queue = p_queue AND id = p_id AND state IN ('waiting', 'delayed');
    END IF;
  END IF;
  RETURN 'appended';
END;
$$;

CREATE OR REPLACE FUNCTION thinkfirst.mark_job(p_queue text, p_id text, p_command text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  v_state text;
BEGIN
  SELECT state::text INTO v_state FROM bullmq.job WHERE queue = p_queue AND id = p_id FOR UPDATE;
  IF NOT FOUND THEN RETURN 'missing'; END IF;
  IF EXISTS (SELECT 1 FROM thinkfirst.mark WHERE queue = p_queue AND job_id = p_id AND status IS NOT NULL) THEN
    RETURN 'ended';
  END IF;
  IF v_state <> 'active' THEN RETURN 'not_running'; END IF;
  INSERT INTO thinkfirst.mark (queue, job_id, cancel, answer_now)
    VALUES (p_queue, p_id, p_command = 'cancel', p_command = 'answer_now')
    ON CONFLICT (queue, job_id) DO UPDATE SET
      cancel = mark.cancel OR EXCLUDED.cancel, answer_now = mark.answer_now OR EXCLUDED.answer_now;
  RETURN 'marked';
END;
$$;

CREATE OR REPLACE FUNCTION thinkfirst.forget_job(p_queue text, p_id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO thinkfirst.mark (queue, job_id, forgotten, expires_at)
    SELECT p_queue, p_id, true, 0 FROM bullmq.job WHERE queue = p_queue AND id = p_id
    ON CONFLICT (queue, job_id) DO UPDATE SET forgotten = true, expires_at = 0;
END;
$$;
`;

/**
 * Releases the jobs of a killed process: the kernel lock proves that no other process works here, so every active job
 * has lost its worker and need not wait for its lock to expire.
 */
export const releaseOrphans = `
UPDATE bullmq.job SET locked_until_ms = 0, stalled_marked = true WHERE state = 'active';
DELETE FROM bullmq.meta WHERE field = 'stalled-check';
`;

/** Moves the locks of all running jobs by so many ms. */
export const shiftLocks = `
UPDATE bullmq.job SET locked_until_ms = locked_until_ms + $1::bigint WHERE state = 'active';
`;

/**
 * One statement per call, because VACUUM and CHECKPOINT cannot share one. PGlite has no autovacuum and no checkpointer.
 */
export const embeddedUpkeep: readonly string[] = [
  'VACUUM bullmq.job',
  'VACUUM bullmq.job_log',
  'VACUUM bullmq.event',
  'VACUUM bullmq.meta',
  'VACUUM thinkfirst.mark',
  'VACUUM thinkfirst.place',
  'VACUUM thinkfirst.outbox',
  'CHECKPOINT',
];
