import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
