import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JobLease } from '../../src/core/job-queue.ts';
import { openEmbeddedConnection } from '../../src/queue/embedded/embedded-connection.ts';
import { createBullmqQueue } from '../../src/queue/responses/bullmq-queue.ts';
import { type JobQueueBackend, jobQueueSuite, quick } from '../suites/job-queue.suite.ts';
import { jobQueueOrderSuite } from '../suites/job-queue-order.suite.ts';
import { gate, makeJob, queueOf, readAll, terminal, testTerminalLines } from '../support/queue-jobs.ts';

const openBackend = async (): Promise<JobQueueBackend> => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'thinkfirst-queue-'));
  const onError = () => {};
  const connection = await openEmbeddedConnection({ dataFolder, onError });
  return {
    open: (name, settings) =>
      createBullmqQueue({ connection, name, settings, terminalLines: testTerminalLines, onError }),
    store: (name) => connection.store(queueOf(name), name),
    async loseLock(queue, id) {
      await connection.query(
        `UPDATE bullmq.job SET lock_token = 'gone', locked_until_ms = 0, stalled_marked = true WHERE queue = $1 AND id = $2`,
        [queueOf(queue), id],
      );
    },
    async flag(queue, id, command) {
      const column = command === 'cancel' ? 'cancel' : 'answer_now';
      await connection.query(`INSERT INTO thinkfirst.mark (queue, job_id, ${column}) VALUES ($1, $2, true)`, [
        queueOf(queue),
        id,
      ]);
    },
    async close() {
      await connection.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
};

jobQueueSuite('PGlite in the process', openBackend);
jobQueueOrderSuite('PGlite in the process', openBackend);

describe('queries of the embedded database', () => {
  let folder: string;
  let connection: Awaited<ReturnType<typeof openEmbeddedConnection>>;
  const query = (text: string, params: unknown[]) => connection.query(text, params);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thinkfirst-queue-'));
    connection = await openEmbeddedConnection({ dataFolder: folder, onError: () => {} });
  });
  afterAll(async () => {
    await connection.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('take and give all types, also when they are run again', async () => {
    const text = `SELECT $1::text AS word, $2::bigint AS number, $3::text[] AS words, $4::jsonb AS data, $5::boolean AS flag`;
    const values = { word: 'né "1"', number: 7, words: ['x', 'y, "z"'], data: { a: [1, null] }, flag: true };
    expect((await query(text, Object.values(values))).rows).toEqual([values]);
    expect((await query(text, [null, undefined, [], null, false])).rows).toEqual([
      { word: null, number: null, words: [], data: null, flag: false },
    ]);
  });

  test('count the rows that they change', async () => {
    await query('CREATE TABLE changed (id integer)', []);
    expect(await query('INSERT INTO changed SELECT generate_series(1, $1)', [3])).toMatchObject({ rowCount: 3 });
    expect(await query('DELETE FROM changed WHERE id > $1', [1])).toMatchObject({ rows: [], rowCount: 2 });
  });

  test('one that fails throws, and the next one runs', async () => {
    const text = 'SELECT $1::bigint AS value';
    await expect(query(text, ['no number'])).rejects.toThrow('invalid input syntax');
    await expect(query('SELECT nothing($1)', [1])).rejects.toThrow();
    expect((await query(text, ['12'])).rows).toEqual([{ value: 12 }]);
  });
});

test('a process that was paused past its locks keeps its jobs: nobody else can have taken them', async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'thinkfirst-queue-'));
  const connection = await openEmbeddedConnection({ dataFolder, onError: () => {} });
  const name = 'paused';
  const settings = { ...quick, lockMs: 10_000 };
  const queue = await createBullmqQueue({
    connection,
    name,
    settings,
    terminalLines: testTerminalLines,
    onError: () => {},
  });
  const goOn = gate();
  const leases: JobLease[] = [];
  const consumer = await queue.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
    leases.push(lease);
    await goOn.promise;
    await lease.append([terminal(0)]);
  });
  const job = makeJob();
  await queue.add(job);
  const first = async (text: string) => (await connection.query<{ value: unknown }>(text, [queueOf(name)])).rows[0];
  // From its next check on, the job would count as stalled.
  await expect
    .poll(() => first('SELECT stalled_marked AS value FROM bullmq.job WHERE queue = $1'))
    .toEqual({ value: true });

  const { now } = Date;
  const pause = 600_000;
  const wokenAt = now() + pause;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + pause);
  const checked = `SELECT value::bigint >= ${wokenAt} AS value FROM bullmq.meta WHERE queue = $1 AND field = 'stalled-check'`;
  await expect.poll(() => first(checked)).toEqual({ value: true });
  goOn.open();
  expect(await readAll(queue, job.id)).toEqual([terminal(0)]);
  expect(leases.map(({ attempt, signal }) => [attempt, signal.aborted])).toEqual([[1, false]]);

  await consumer.close({ drainMs: 1_000 });
  await queue.close();
  clock.mockRestore();
  await connection.close();
  await rm(dataFolder, { recursive: true, force: true });
});
