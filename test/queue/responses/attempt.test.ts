import { describe, expect, test } from 'vitest';
import type { LogLine } from '../../../src/contracts/responses/job.ts';
import type { JobHandler } from '../../../src/core/job-queue.ts';
import { defaultQueueSettings } from '../../../src/queue/queue-settings.ts';
import { type AttemptContext, runAttempt } from '../../../src/queue/responses/attempt.ts';
import type { BullmqAttempt } from '../../../src/queue/responses/bullmq-parts.ts';
import type { JobRecord, JobStore } from '../../../src/queue/responses/job-store.ts';
import { createQuarantine } from '../../../src/queue/responses/quarantine.ts';
import { importedNonce, storeJob } from '../../../src/queue/responses/stored-job.ts';
import { makeJob, terminal, testTerminalLines, wire } from '../../support/queue-jobs.ts';

const record: JobRecord = {
  data: undefined,
  progress: undefined,
  attempts: 1,
  running: true,
  failed: false,
  position: undefined,
  length: 1,
  terminal: undefined,
  cancel: false,
  answerNow: false,
  forgotten: false,
  token: 'token',
};

/** One attempt at a job with a line in its log; gives what the handler was given, the rows added and the looks at the store. */
async function attempted(options: { number?: number; losses?: number; nonce?: string; record?: Partial<JobRecord> }) {
  const looks: string[] = [];
  const rows: string[] = [];
  const logs: (readonly LogLine[])[] = [];
  const found = { ...record, ...options.record };
  const old = found.length === 0 ? [] : [JSON.stringify(wire(0))];
  const store = {
    read: async () => {
      looks.push('read');
      return found;
    },
    log: async (_id: string, from: number) => {
      looks.push('log');
      return { rows: [...old, ...rows].slice(from), ended: false };
    },
    lose: async () => 1,
    append: async (append: { rows: readonly string[] }) => {
      rows.push(...append.rows);
      return 'appended';
    },
  } as unknown as JobStore;
  const { number = 1, losses = 0, nonce = 'nonce' } = options;
  const handBack = async () => new Error('handed back');
  const attempt = { id: 'resp_a', data: storeJob(makeJob({ id: 'resp_a' }), nonce), token: 'token', number, losses };
  const handler: JobHandler = async (lease) => {
    logs.push(lease.log);
    if (!lease.signal.aborted) await lease.append([terminal(lease.log.length)]);
  };
  const context: AttemptContext = {
    store,
    settings: defaultQueueSettings,
    terminalLines: testTerminalLines,
    handler,
    now: () => 0,
    closing: () => false,
    endsEarlier: () => false,
    register: () => () => {},
    quarantine: createQuarantine(() => 0),
    onChange: () => {},
    onError: () => {},
  };
  const whole: BullmqAttempt = {
    ...attempt,
    last: false,
    progress: async () => {},
    handBack,
    giveUp: (reason) => new Error(reason),
  };
  await runAttempt(whole, context);
  return { looks, logs, rows: rows.map((row) => JSON.parse(row)) };
}

describe('an attempt', () => {
  test('that nothing came before asks for nothing', async () => {
    const { looks, logs, rows } = await attempted({});
    expect(looks).toEqual([]);
    expect(logs).toEqual([[]]);
    expect(rows).toEqual([terminal(0)]);
  });

  test.each([
    ['after one that was handed back', { number: 2 }],
    ['after a lost worker', { number: 1, losses: 1 }],
    ['at a job that was brought in with its log', { nonce: importedNonce }],
  ])('%s goes on from the log', async (_, options) => {
    const { logs, rows } = await attempted(options);
    expect(logs).toEqual([[wire(0)]]);
    expect(rows).toEqual([terminal(1)]);
  });

  test('after one that was handed back hears of a cancel in between', async () => {
    const { logs, rows } = await attempted({ number: 2, record: { cancel: true } });
    expect(logs).toEqual([]);
    expect(rows).toMatchObject([{ number: 1, terminal: 'cancelled' }]);
  });

  test.each([[{ terminal: JSON.stringify(terminal(0)) }], [{ forgotten: true }]])(
    'at a job that is over (%j) runs nothing',
    async (over) => {
      expect(await attempted({ number: 2, record: over })).toMatchObject({ logs: [], rows: [] });
    },
  );
});
