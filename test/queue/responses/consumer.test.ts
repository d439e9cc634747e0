import { describe, expect, test } from 'vitest';
import type { ControlCommand, JobLease } from '../../../src/core/job-queue.ts';
import type { OpenQueues } from '../../../src/queue/open-queues.ts';
import { defaultQueueSettings } from '../../../src/queue/queue-settings.ts';
import type { BullmqAttempt, BullmqSource } from '../../../src/queue/responses/bullmq-parts.ts';
import { startConsumer } from '../../../src/queue/responses/consumer.ts';
import type { LogAppend } from '../../../src/queue/responses/job-store.ts';
import { storeJob } from '../../../src/queue/responses/stored-job.ts';
import { aborted, gate, makeJob, terminal, testTerminalLines } from '../../support/queue-jobs.ts';

/** A consumer of queues that give what `attempt` says. */
async function consuming(handler: (lease: JobLease) => Promise<void>, options: { pythonRefusal?(): string } = {}) {
  const announced: unknown[] = [];
  const appends: LogAppend[] = [];
  const starts: ((attempt: BullmqAttempt) => Promise<void>)[] = [];
  const store = {
    log: async () => ({ rows: [], ended: false }),
    append: async (append: LogAppend) => {
      appends.push(append);
      return 'appended';
    },
  };
  const source: BullmqSource = {
    name: 'responses',
    ready: async () => {},
    take: async () => undefined,
    dueAt: () => 0,
    close: async () => {},
  };
  const parts = {
    source: (process: (attempt: BullmqAttempt) => Promise<void>) => {
      starts.push(process);
      return source;
    },
  };
  const directory = {
    announce: async (_worker: string, models: readonly unknown[]) => void announced.push(...models),
    queues: async () => [],
  };
  const queues = { base: 'responses', directory, open: () => ({ parts, store }), all: async () => [] };
  const consumer = await startConsumer({
    queues: queues as unknown as OpenQueues,
    settings: defaultQueueSettings,
    terminalLines: testTerminalLines,
    now: Date.now,
    onChange: () => {},
    onExpiring: async () => {},
    onRemoved: async () => {},
    onError: () => {},
    concurrency: 1,
    models: ['scripted'],
    handler,
    ...options,
  });
  const attempt = (id: string): BullmqAttempt => ({
    id,
    data: storeJob(makeJob({ id }), 'nonce'),
    token: 'token',
    number: 1,
    last: false,
    losses: 0,
    progress: async () => {},
    handBack: async () => new Error('handed back'),
    giveUp: (reason) => new Error(reason),
  });
  return { consumer, appends, announced, run: (id: string) => starts[0]?.(attempt(id)) };
}

describe('a consumer', () => {
  test('announces its models, and why Python can not run beside them', async () => {
    const refused = { pythonRefusal: () => 'bubblewrap is not installed.' };
    const { consumer, announced } = await consuming(async () => {}, refused);
    expect(announced).toMatchObject([{ id: 'scripted', pythonRefusal: 'bubblewrap is not installed.' }]);
    await consumer.close({ drainMs: 0 });
  });

  test.each<ControlCommand>(['cancel', 'answer_now'])(
    'gives a lease the %s that overtook the job on its way here, and no other lease',
    async (command) => {
      const heard = new Map<string, boolean>();
      const { consumer, run } = await consuming(async (lease) => {
        heard.set(lease.job.id, (command === 'cancel' ? lease.signal : lease.answerNow).aborted);
        await lease.append([terminal(0)]);
      });
      consumer.deliver('resp_a', command);
      await run('resp_b');
      await run('resp_a');
      // A cancelled one isn't even handed to the handler.
      expect(heard).toEqual(new Map([['resp_b', false], ...(command === 'cancel' ? [] : [['resp_a', true] as const])]));
      await consumer.close({ drainMs: 0 });
    },
  );

  test('ends a job that was cancelled on its way here by the line of a cancelled one', async () => {
    const { consumer, appends, run } = await consuming(async () => {});
    consumer.deliver('resp_a', 'cancel');
    await run('resp_a');
    expect(appends).toMatchObject([{ id: 'resp_a', token: 'token', terminal: { status: 'cancelled' } }]);
    await consumer.close({ drainMs: 0 });
  });

  test('tells a lease that is open', async () => {
    const begun = gate();
    const { consumer, appends, run } = await consuming(async (lease) => {
      begun.open();
      await aborted(lease.signal);
    });
    const ended = run('resp_a');
    await begun.promise;
    consumer.deliver('resp_a', 'cancel');
    await ended;
    expect(appends).toMatchObject([{ terminal: { status: 'cancelled' } }]);
    await consumer.close({ drainMs: 0 });
  });
});
