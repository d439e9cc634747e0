import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbeddedConnection } from '../../src/queue/embedded/embedded-connection.ts';
import { createBullmqQueue } from '../../src/queue/responses/bullmq-queue.ts';
import { type JobQueueBackend, jobQueueSuite } from '../suites/job-queue.suite.ts';
import { jobQueueOrderSuite } from '../suites/job-queue-order.suite.ts';
import { queueOf, testTerminalLines } from '../support/queue-jobs.ts';

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
