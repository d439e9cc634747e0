import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogLine } from '../../src/contracts/responses/job.ts';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import { type ControlCommand, type JobLease, type JobQueue, LeaseEnded } from '../../src/core/job-queue.ts';
import type { QueueSettings } from '../../src/queue/queue-settings.ts';
import type { BullmqQueue } from '../../src/queue/responses/bullmq-queue.ts';
import type { JobStore } from '../../src/queue/responses/job-store.ts';
import { aborted, gate, makeJob, nextWire, readAll, terminal, trace, wire } from '../support/queue-jobs.ts';

/** A backend under test, and the accidents that a test may cause in it. */
export type JobQueueBackend = {
  /** Another instance on the same jobs, as another process would have it. */
  open(queueName: string, settings: Partial<QueueSettings>): Promise<BullmqQueue>;
  /** What a paused or dead worker looks like from outside: the attempt's lock is gone. */
  loseLock(queueName: string, id: string): Promise<void>;
  /** Persists a command without its message, as if the message had been lost. */
  flag(queueName: string, id: string, command: ControlCommand): Promise<void>;
  /** What the instances keep their jobs in. */
  store(queueName: string): JobStore;
  close(): Promise<void>;
};

export const quick: Partial<QueueSettings> = {
  lockMs: 3_000,
  stalledCheckMs: 100,
  recheckMs: 300,
  pollMs: 50,
  sweepMs: 150,
  backoffMs: 5,
  handBackMs: 500,
  cancelMs: 1_000,
};

/** The contract of the JobQueue port: every implementation passes it. */
export function jobQueueSuite(name: string, openBackend: () => Promise<JobQueueBackend>): void {
  describe(`JobQueue on ${name}`, () => {
    let backend: JobQueueBackend;
    let queueName: string;
    let opened: BullmqQueue[];
    let queue: BullmqQueue;
    const open = async (settings: Partial<QueueSettings> = {}) => {
      const instance = await backend.open(queueName, { ...quick, ...settings });
      opened.push(instance);
      return instance;
    };
    beforeAll(async () => {
      backend = await openBackend();
    });
    afterAll(() => backend?.close());
    beforeEach(async () => {
      queueName = `q-${randomUUID()}`;
      opened = [];
      queue = await open();
    });
    afterEach(async () => {
      for (const instance of opened) await instance.close();
    });
    test.each<[string, (owner: JobQueue, id: string) => Promise<unknown>]>([
      [
        'answered',
        (owner) => owner.consume({ concurrency: 1, models: ['scripted'] }, (lease) => lease.append([terminal(0)])),
      ],
      ['cancelled while it waits', (owner, id) => owner.control(id, 'cancel')],
      [
        'failed',
        (owner) =>
          owner.consume({ concurrency: 1, models: ['scripted'] }, async () => {
            throw new ServiceError({ code: 'invalid_value', message: 'no', retryable: false });
          }),
      ],
    ])('the sealed secrets of a job that was %s are erased, and nothing else of it', async (_how, end) => {
      const tool = { type: 'mcp', server_label: 'a' };
      const body = { input: 'hello', server_tools: [{ tool, sealed: 'a secret' }, { tool }] };
      const job = makeJob({ body });
      await queue.add(job);
      expect((await queue.get(job.id))?.job).toEqual(job);
      await end(queue, job.id);
      await readAll(queue, job.id);
      const erased = { ...job, body: { ...body, server_tools: [{ tool }, { tool }] } };
      await vi.waitFor(async () => expect((await queue.get(job.id))?.job).toEqual(erased), { timeout: 20_000 });
    });

    /** A job that is leased and waits; `lease` is its handler's. */
    const running = async (owner: JobQueue, options: { end?(lease: JobLease): Promise<void> } = {}) => {
      const job = makeJob();
      const leases: JobLease[] = [];
      const { promise, open: leased } = gate<JobLease>();
      await owner.add(job);
      const consumer = await owner.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
        leases.push(lease);
        leased(lease);
        if (options.end) return options.end(lease);
        await aborted(lease.signal);
      });
      return { id: job.id, lease: await promise, leases, consumer };
    };

    describe('add, get, list', () => {
      test('takes an id once and keeps the first', async () => {
        const job = makeJob({ body: { input: 'first' } });
        expect(await queue.add(job)).toEqual({ created: true });
        expect(await queue.add({ ...job, body: { input: 'second' } })).toEqual({ created: false });
        expect((await queue.get(job.id))?.job).toEqual(job);
      });

      test('tells exactly one of many simultaneous adders that it made the job', async () => {
        const job = makeJob();
        const other = await open();
        const adds = Array.from({ length: 10 }, (_, index) => (index % 2 ? queue : other).add(job));
        expect((await Promise.all(adds)).filter((add) => add.created)).toHaveLength(1);
      });

      test('gives back NUL, lone surrogates and other odd text as they came', async () => {
        const job = makeJob({
          body: { input: 'a\u0000b \ud800 \\u0000 "é😀', '\u0000': [null, { '\udfff': '\u0000' }] },
        });
        await queue.add(job);
        expect((await queue.get(job.id))?.job).toEqual(job);
        expect((await queue.list({ owner: null, limit: 1 })).jobs[0]?.job).toEqual(job);
      });

      test.each(['unknown', '', 'a:b', 'resp_\u0000', '../x', '42', 'x'.repeat(1000)])(
        'knows no job %j',
        async (id) => {
          expect(await queue.get(id)).toBeUndefined();
          expect(await queue.remove(id)).toBe(false);
          expect(await queue.control(id, 'cancel')).toBe('not_found');
          await expect(readAll(queue, id)).rejects.toMatchObject({ code: 'not_found' });
        },
      );

      test('shows the place in the queue, 0 being next', async () => {
        const jobs = [makeJob(), makeJob(), makeJob()];
        for (const job of jobs) await queue.add(job);
        for (const [place, job] of jobs.entries()) {
          expect(await queue.get(job.id)).toMatchObject({ status: 'queued', queuePosition: place, attempts: 0 });
        }
      });

      test("lists one owner's jobs, newest first, in pages", async () => {
        const jobs = Array.from({ length: 5 }, (_, index) => makeJob({ owner: 'ann', createdAt: 1_000 + index }));
        for (const job of [...jobs, makeJob({ owner: 'bob' }), makeJob({ owner: null })]) await queue.add(job);
        const newestFirst = jobs.map((job) => job.id).reverse();
        const first = await queue.list({ owner: 'ann', limit: 2 });
        expect(first.jobs.map((snapshot) => snapshot.job.id)).toEqual(newestFirst.slice(0, 2));
        expect(first).toMatchObject({ hasMore: true, waiting: 7 });
        const rest = await queue.list({ owner: 'ann', limit: 3, after: newestFirst[1] ?? '' });
        expect(rest.jobs.map((snapshot) => snapshot.job.id)).toEqual(newestFirst.slice(2));
        expect(rest.hasMore).toBe(false);
      });

      test('lists by status', async () => {
        const [kept, cancelled] = [makeJob({ owner: 'ann' }), makeJob({ owner: 'ann' })];
        for (const job of [kept, cancelled]) await queue.add(job);
        await queue.control(cancelled.id, 'cancel');
        const ids = async (status: 'queued' | 'cancelled' | 'failed') =>
          (await queue.list({ owner: 'ann', limit: 10, status })).jobs.map((snapshot) => snapshot.job.id);
        expect(await ids('queued')).toEqual([kept.id]);
        expect(await ids('cancelled')).toEqual([cancelled.id]);
        expect(await ids('failed')).toEqual([]);
      });
    });

    describe('consume', () => {
      test('runs each job once, over two instances', async () => {
        const other = await open();
        const runs: string[] = [];
        const handler = async (lease: JobLease) => {
          runs.push(lease.job.id);
          await lease.append([terminal(0)]);
        };
        await queue.consume({ concurrency: 3, models: ['scripted'] }, handler);
        await other.consume({ concurrency: 3, models: ['scripted'] }, handler);
        const jobs = Array.from({ length: 40 }, () => makeJob());
        await Promise.all(jobs.map((job, index) => (index % 2 ? queue : other).add(job)));
        await Promise.all(jobs.map((job) => readAll(queue, job.id)));
        expect(runs.toSorted()).toEqual(jobs.map((job) => job.id).toSorted());
      });

      test('shows a job in progress, with its progress, then its terminal line', async () => {
        const finish = gate();
        const { id, lease } = await running(queue, {
          async end(own) {
            await finish.promise;
            await own.append([wire(0), terminal(1)]);
          },
        });
        const progress = {
          phase: 'think',
          step: 1,
          steps: null,
          thinking_tokens: 7,
          budget_tokens: 9,
          queue_position: null,
          eta_ms: null,
        } as const;
        await lease.progress(progress);
        const snapshot = await queue.get(id);
        expect(snapshot).toMatchObject({ status: 'in_progress', progress, attempts: 1 });
        expect(snapshot?.queuePosition).toBeUndefined();
        finish.open();
        await readAll(queue, id);
        expect(await queue.get(id)).toMatchObject({ status: 'completed', terminal: terminal(1) });
      });

      test('refuses lines after the terminal one', async () => {
        const late = gate<unknown>();
        const { id } = await running(queue, {
          async end(lease) {
            await lease.append([wire(0), terminal(1)]);
            late.open(await lease.append([wire(2)]).catch((error: unknown) => error));
          },
        });
        expect(await late.promise).toBeInstanceOf(LeaseEnded);
        expect(await readAll(queue, id)).toEqual([wire(0), terminal(1)]);
      });

      test('tries again after a failed attempt, and hands over the log', async () => {
        const job = makeJob();
        const seen: { attempt: number; log: readonly LogLine[] }[] = [];
        await queue.add(job);
        await queue.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
          seen.push({ attempt: lease.attempt, log: lease.log });
          if (lease.attempt === 1) {
            await lease.append([wire(0), trace(0)]);
            throw new Error('the first attempt fails');
          }
          await lease.append([wire(1), terminal(2)]);
        });
        expect(await readAll(queue, job.id)).toEqual([wire(0), wire(1), terminal(2)]);
        expect(seen).toEqual([
          { attempt: 1, log: [] },
          { attempt: 2, log: [wire(0), trace(0)] },
        ]);
      });

      test('fails a job whose attempts all fail, with a reason that shows nothing internal', async () => {
        const job = makeJob();
        await queue.add(job);
        let attempts = 0;
        await queue.consume({ concurrency: 1, models: ['scripted'] }, async () => {
          attempts += 1;
          throw new Error('/secret/path');
        });
        const lines = await readAll(queue, job.id);
        expect(lines).toMatchObject([{ number: 0, terminal: 'failed' }]);
        expect(JSON.stringify(lines)).not.toContain('secret');
        expect(attempts).toBe(3);
        expect(await queue.get(job.id)).toMatchObject({ status: 'failed', attempts: 3 });
      });

      test('fails a handler that returns without a terminal line', async () => {
        const job = makeJob();
        await queue.add(job);
        await queue.consume({ concurrency: 1, models: ['scripted'] }, async () => {});
        expect(await readAll(queue, job.id)).toMatchObject([{ terminal: 'failed' }]);
      });
    });

    describe('a model that comes and goes', () => {
      const reason = 'The model was removed.';

      test('is served from when the consumer is told, and its jobs are refused once it is left', async () => {
        const careful = await open({ absentModelMs: 60_000 });
        const consumer = await queue.consume({ concurrency: 2, models: ['scripted'] }, (lease) =>
          lease.append([terminal(0)]),
        );
        const job = () => makeJob({ model: 'later' });
        await expect(careful.add(job())).rejects.toMatchObject({ code: 'model_unavailable' });
        await consumer.serve('later');
        const [first, other] = [job(), makeJob()];
        await careful.add(first);
        await careful.add(other);
        for (const { id } of [first, other]) expect(await readAll(careful, id)).toEqual([terminal(0)]);
        await consumer.leave('later');
        await expect(careful.add(job())).rejects.toMatchObject({ code: 'model_unavailable' });
        // It may come back, under the same name.
        await consumer.serve('later');
        const second = job();
        await careful.add(second);
        expect(await readAll(careful, second.id)).toEqual([terminal(0)]);
      });

      test('is left: what runs ends, what waits fails with the reason, and each ends once', async () => {
        const finish = gate();
        const { id, consumer } = await running(queue, {
          async end(lease) {
            await finish.promise;
            await lease.append([wire(0), terminal(1)]);
          },
        });
        const waiting = [makeJob(), makeJob({ tier: 'flex' }), makeJob({ owner: 'ann' })];
        const other = await open();
        for (const job of waiting) await other.add(job);
        const left = consumer.leave('scripted');
        const createdBefore = Date.now() + 1_000;
        expect(await other.endWaiting('scripted', { reason, createdBefore })).toBe(1);
        for (const job of waiting) {
          expect(await readAll(other, job.id)).toMatchObject([{ terminal: 'failed', data: { reason } }]);
          expect(await queue.get(job.id)).toMatchObject({ status: 'failed' });
        }
        finish.open();
        await left;
        expect(await readAll(other, id)).toEqual([wire(0), terminal(1)]);
        expect(await other.endWaiting('scripted', { reason, createdBefore })).toBe(0);
        expect((await queue.list({ owner: null, limit: 10 })).waiting).toBe(0);
      });

      test('is left: a job that was accepted for it since it came back still runs', async () => {
        const [before, since] = [makeJob({ createdAt: 1_000 }), makeJob({ createdAt: 3_000 })];
        for (const job of [before, since]) await queue.add(job);
        expect(await queue.endWaiting('scripted', { reason, createdBefore: 2_000 })).toBe(0);
        expect(await queue.get(before.id)).toMatchObject({ status: 'failed' });
        expect(await queue.get(since.id)).toMatchObject({ status: 'queued' });
      });

      test('every process hears of it', async () => {
        const { promise, open: told } = gate();
        const other = await open();
        other.onModels(() => told());
        await queue.queues.directory.tellModels();
        await promise;
      });
    });

    describe('a lost worker', () => {
      test('can write nothing more, and another goes on with its log', async () => {
        // Stuck: it neither renews its lock nor looks around, so only its token can stop it.
        const zombie = await running(await open({ recheckMs: 600_000, lockMs: 600_000 }), {
          end: () => new Promise(() => {}),
        });
        await zombie.lease.append([wire(0)]);
        const second = gate<JobLease>();
        await queue.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
          second.open(lease);
          await aborted(lease.signal);
        });
        await backend.loseLock(queueName, zombie.id);
        const lease = await second.promise;
        expect(lease).toMatchObject({ attempt: 2, log: [wire(0)] });
        expect(zombie.lease.signal.aborted).toBe(false);
        await expect(zombie.lease.append([wire(1, 'from the zombie')])).rejects.toMatchObject({ end: 'lost' });
        expect(zombie.lease.signal.reason).toMatchObject({ end: 'lost' });
        await lease.append([wire(1), terminal(2)]);
        expect(await readAll(queue, zombie.id)).toEqual([wire(0), wire(1), terminal(2)]);
      });

      test('hears of it without writing', async () => {
        const zombie = await running(queue, { end: () => new Promise(() => {}) });
        await backend.loseLock(queueName, zombie.id);
        expect(await aborted(zombie.lease.signal)).toMatchObject({ end: 'lost' });
      });

      test('that takes its own job again lets the earlier attempt end first', async () => {
        // Stuck: only the new attempt can tell it.
        const owner = await open({ recheckMs: 600_000, lockMs: 600_000 });
        const job = makeJob();
        const began = gate();
        const seen: string[] = [];
        await owner.add(job);
        await owner.consume({ concurrency: 2, models: ['scripted'] }, async (lease) => {
          seen.push(lease.attempt === 1 ? 'first begins' : 'another begins');
          if (lease.attempt > 1) return lease.append([terminal(0)]);
          began.open();
          await aborted(lease.signal);
          seen.push('first ends');
        });
        await began.promise;
        await backend.loseLock(queueName, job.id);
        expect(await readAll(owner, job.id)).toEqual([terminal(0)]);
        expect(seen).toEqual(['first begins', 'first ends', 'another begins']);
      });

      test('leaves a committed job committed: the handler is not called again', async () => {
        const { id, leases } = await running(queue, {
          async end(lease) {
            await lease.append([terminal(0)]);
            await new Promise(() => {});
          },
        });
        await readAll(queue, id);
        const other = await open();
        const otherRuns: string[] = [];
        await other.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
          otherRuns.push(lease.job.id);
        });
        await backend.loseLock(queueName, id);
        await vi.waitFor(async () => expect((await queue.get(id))?.attempts).toBe(2), { timeout: 20_000 });
        const next = makeJob();
        await other.add(next);
        await vi.waitFor(() => expect(otherRuns).toContain(next.id), { timeout: 20_000 });
        expect(otherRuns).not.toContain(id);
        expect(leases).toHaveLength(1);
        expect(await readAll(queue, id)).toEqual([terminal(0)]);
      });

      test('costs a job three workers at most: then it fails', async () => {
        const job = makeJob();
        await queue.add(job);
        let attempts = 0;
        const consumers = await Promise.all([open(), open(), open(), open()]);
        for (const consumer of consumers) {
          await consumer.consume({ concurrency: 1, models: ['scripted'] }, async () => {
            attempts += 1;
            void backend.loseLock(queueName, job.id);
            await new Promise(() => {});
          });
        }
        const lines = await readAll(queue, job.id);
        expect(lines).toMatchObject([{ number: 0, terminal: 'failed', data: { reason: expect.any(String) } }]);
        expect(attempts).toBe(3);
      });
    });

    describe('control', () => {
      test('cancels a queued job at once, and no worker runs it', async () => {
        const [job, next] = [makeJob(), makeJob()];
        await queue.add(job);
        await queue.add(next);
        expect(await queue.control(job.id, 'cancel')).toBe('accepted');
        expect(await queue.get(job.id)).toMatchObject({
          status: 'cancelled',
          terminal: { number: 0, data: { by: 'queue' } },
        });
        expect(await queue.get(next.id)).toMatchObject({ queuePosition: 0 });
        expect(await queue.control(job.id, 'cancel')).toBe('already_ended');
        const runs: string[] = [];
        await queue.consume({ concurrency: 2, models: ['scripted'] }, async (lease) => {
          runs.push(lease.job.id);
          await lease.append([terminal(0)]);
        });
        await readAll(queue, next.id);
        expect(runs).toEqual([next.id]);
      });

      test("the queue's own line never meets a running attempt, nor another line", async () => {
        const { id, lease } = await running(queue);
        await lease.append([wire(0)]);
        const store = backend.store(queueName);
        const line = { id, rows: [JSON.stringify(terminal(1, 'cancelled'))] };
        const ends = { status: 'cancelled', now: 0, expiresAt: 4e12, notify: false };
        expect(await store.append({ ...line, expectedLength: 1, terminal: ends })).toBe('running');
        const queued = makeJob();
        await queue.add(queued);
        expect(await store.append({ ...line, id: queued.id, expectedLength: 1, terminal: ends })).toBe('moved');
        expect(await store.append({ ...line, id: queued.id, expectedLength: 0, terminal: ends })).toBe('appended');
        expect(await store.append({ ...line, id: queued.id, expectedLength: 1, terminal: ends })).toBe('ended');
        expect(await store.append({ ...line, id: 'resp_x', expectedLength: 0, terminal: ends })).toBe('missing');
        expect(await store.mark(queued.id, 'cancel')).toBe('ended');
      });

      test('cancel and pickup at the same moment give one terminal line', async () => {
        const jobs = Array.from({ length: 20 }, () => makeJob());
        const other = await open();
        await other.consume({ concurrency: 4, models: ['scripted'] }, async (lease) => {
          await lease.append([wire(nextWire(lease.log))]);
          if (!lease.signal.aborted) await lease.append([terminal(1)]);
        });
        await Promise.all(
          jobs.map(async (job) => {
            await queue.add(job);
            await queue.control(job.id, 'cancel');
          }),
        );
        for (const job of jobs) {
          const lines = await readAll(queue, job.id);
          expect(lines.filter((line) => line.terminal)).toHaveLength(1);
          expect(lines.map((line) => line.number)).toEqual(lines.map((_, index) => index));
        }
      });

      test('ends a job that waits when its deadline passes, and leaves one that runs alone', async () => {
        const waiting = makeJob();
        await queue.add(waiting);
        expect(await queue.control(waiting.id, 'expire')).toBe('accepted');
        expect(await queue.get(waiting.id)).toMatchObject({
          status: 'incomplete',
          terminal: { data: { by: 'queue' } },
        });
        expect(await queue.control(waiting.id, 'expire')).toBe('already_ended');
        const { id, lease } = await running(queue);
        expect(await queue.control(id, 'expire')).toBe('accepted');
        expect(lease.signal.aborted || lease.answerNow.aborted).toBe(false);
        expect(await queue.get(id)).toMatchObject({ status: 'in_progress' });
        await queue.control(id, 'cancel');
      });

      test("aborts a running job from another instance; the worker's own line ends it", async () => {
        const { id, lease } = await running(queue, {
          async end(own) {
            const reason = await aborted(own.signal);
            await own.append([{ ...terminal(0, 'cancelled'), data: { reason: String(reason) } }]);
          },
        });
        const other = await open();
        expect(await other.control(id, 'cancel')).toBe('accepted');
        expect(await aborted(lease.signal)).toMatchObject({ end: 'cancelled' });
        expect(await readAll(other, id)).toMatchObject([
          { terminal: 'cancelled', data: { reason: expect.any(String) } },
        ]);
        expect(await other.control(id, 'cancel')).toBe('already_ended');
      });

      test('ends a cancelled job whose handler just stops', async () => {
        const { id } = await running(queue);
        await queue.control(id, 'cancel');
        expect(await readAll(queue, id)).toMatchObject([{ terminal: 'cancelled', data: { by: 'queue' } }]);
      });

      test('finds a cancel whose message was lost', async () => {
        const { id, lease } = await running(queue);
        await backend.flag(queueName, id, 'cancel');
        expect(await aborted(lease.signal)).toMatchObject({ end: 'cancelled' });
      });

      test('a cancelled job whose worker dies is not run again', async () => {
        const { id, leases } = await running(queue, { end: () => new Promise(() => {}) });
        await queue.control(id, 'cancel');
        const other = await open();
        let runs = 0;
        await other.consume({ concurrency: 1, models: ['scripted'] }, async () => {
          runs += 1;
        });
        await backend.loseLock(queueName, id);
        expect(await readAll(queue, id)).toMatchObject([{ terminal: 'cancelled' }]);
        expect([runs, leases.length]).toEqual([0, 1]);
      });

      test('answer_now reaches the worker from another instance and cancels nothing', async () => {
        const { id, lease } = await running(queue, {
          async end(own) {
            await aborted(own.answerNow);
            await own.append([terminal(0)]);
          },
        });
        const other = await open();
        expect(await other.control(id, 'answer_now')).toBe('accepted');
        expect(await readAll(other, id)).toEqual([terminal(0)]);
        expect(lease.signal.aborted).toBe(false);
        expect(await other.control(id, 'answer_now')).toBe('already_ended');
      });

      test('answer_now has nothing to do for a queued job', async () => {
        const job = makeJob();
        await queue.add(job);
        expect(await queue.control(job.id, 'answer_now')).toBe('not_running');
      });
    });

    describe('events', () => {
      test('follows from any instance, live, resumed and afterwards, without gap or double', async () => {
        const count = 650;
        const job = makeJob();
        const expected = [...Array.from({ length: count }, (_, number) => wire(number)), terminal(count)];
        const other = await open();
        const live = [queue, other, other].map((reader) => readAllOnceAdded(reader, job.id));
        await queue.add(job);
        await queue.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
          for (let number = 0; number < count; number += 5) {
            const lines = [0, 1, 2, 3, 4].map((step) => wire(number + step));
            await lease.append(number % 50 === 0 ? [...lines, trace(number / 50)] : lines);
          }
          await lease.append([terminal(count)]);
        });
        for (const lines of await Promise.all(live)) expect(lines).toEqual(expected);
        for (const after of [0, 1, 63, 64, 65, 200, 333, count - 1, count, count + 1_000]) {
          expect(await readAll(other, job.id, { after })).toEqual(expected.slice(after + 1));
        }
        const steps = await readAll(other, job.id, { stream: 'trace', after: 3 });
        expect(steps.map((line) => line.number)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12]);
      });

      test('finds its place when the numbers of the log start late', async () => {
        const { id } = await running(queue, {
          async end(lease) {
            await lease.append(Array.from({ length: 300 }, (_, index) => wire(1_000 + index)));
            await lease.append([terminal(1_300)]);
          },
        });
        await readAll(queue, id);
        const lines = await readAll(queue, id, { after: 1_010 });
        expect([lines[0]?.number, lines.length]).toEqual([1_011, 290]);
      });

      test('ends without an error when the reader leaves', async () => {
        const job = makeJob();
        await queue.add(job);
        const reader = new AbortController();
        const reading = readAll(queue, job.id, { signal: reader.signal });
        reader.abort();
        expect(await reading).toEqual([]);
      });
    });

    describe('close', () => {
      test('lets a running job end within the drain, and takes no other', async () => {
        const finish = gate();
        const { id, consumer, leases } = await running(queue, {
          async end(lease) {
            await finish.promise;
            await lease.append([terminal(0)]);
          },
        });
        const closing = consumer.close({ drainMs: 60_000 });
        const later = makeJob();
        await queue.add(later);
        finish.open();
        await closing;
        expect(await queue.get(id)).toMatchObject({ status: 'completed' });
        expect(await queue.get(later.id)).toMatchObject({ status: 'queued' });
        expect(leases).toHaveLength(1);
      });

      test.each(['stops', 'ignores the signal'])('hands a job back whose handler %s', async (kind) => {
        const { id, lease, consumer } = await running(queue, {
          end: (own) => (kind === 'stops' ? aborted(own.signal).then(() => {}) : new Promise(() => {})),
        });
        await lease.append([wire(0)]);
        await consumer.close({ drainMs: 0 });
        expect(lease.signal.reason).toMatchObject({ end: 'shutdown' });
        await expect(lease.append([wire(1)])).rejects.toBeInstanceOf(LeaseEnded);
        const other = await open({ attempts: 1 });
        await other.consume({ concurrency: 1, models: ['scripted'] }, async (next) => {
          await next.append([wire(nextWire(next.log)), terminal(2)]);
        });
        expect(await readAll(other, id)).toEqual([wire(0), wire(1), terminal(2)]);
      });
    });

    describe('remove and retention', () => {
      test('forgets a queued, a running and an ended job', async () => {
        const { id } = await running(queue);
        const [queued, ended] = [makeJob(), makeJob()];
        for (const job of [queued, ended]) await queue.add(job);
        await queue.control(ended.id, 'cancel');
        for (const gone of [id, queued.id, ended.id]) {
          expect(await queue.remove(gone)).toBe(true);
          expect(await queue.get(gone)).toBeUndefined();
          expect(await queue.remove(gone)).toBe(false);
          await expect(readAll(queue, gone)).rejects.toMatchObject({ code: 'not_found' });
        }
        expect((await queue.list({ owner: null, limit: 10 })).jobs).toEqual([]);
      });

      test('tells of many ids at once which ones have a job: waiting, running or ended, of any model', async () => {
        const { id } = await running(queue);
        const [queued, ended, other, gone] = [makeJob(), makeJob(), makeJob({ model: 'another' }), makeJob()];
        for (const job of [queued, ended, other, gone]) await queue.add(job);
        await queue.control(ended.id, 'cancel');
        await queue.remove(gone.id);
        const there = [id, queued.id, ended.id, other.id];
        const asked = [
          ...there,
          gone.id,
          'resp_unknown',
          'not an id',
          ...Array.from({ length: 600 }, () => makeJob().id),
        ];
        expect([...(await queue.existing(asked))].sort()).toEqual(there.sort());
        // Its worker still has it.
        await queue.remove(id);
        expect((await queue.existing(asked)).has(id)).toBe(false);
        expect(await queue.existing([])).toEqual(new Set());
      });

      test('cancels the worker of a removed job', async () => {
        const { id, lease } = await running(queue);
        const other = await open();
        await other.remove(id);
        expect(await aborted(lease.signal)).toMatchObject({ end: 'cancelled' });
      });

      test('sweeps a removed job whose handler stops late, or whose worker died', async () => {
        const sweeper = await open({ attempts: 1 });
        const stopped = gate();
        const { id, lease } = await running(sweeper, { end: () => stopped.promise });
        await lease.append([wire(0)]);
        await sweeper.remove(id);
        stopped.open();
        const store = backend.store(queueName);
        await expect.poll(() => store.read(id)).toBeUndefined();
      });

      test('takes a removed id anew once its worker has let go, and says before that it must wait', async () => {
        const late = await open({ sweepMs: 3_600_000 });
        const stopped = gate();
        const { id, lease } = await running(late, { end: () => stopped.promise });
        await late.remove(id);
        const again = () => late.add(lease.job);
        await expect(again()).rejects.toMatchObject({ code: 'conflict', retryable: true, retryAfterSeconds: 1 });
        stopped.open();
        await expect.poll(again).toEqual({ created: true });
        expect(await late.get(id)).toMatchObject({ job: lease.job });
        expect((await late.list({ owner: null, limit: 10 })).jobs).toHaveLength(1);
      });

      test('finds an id that was removed and added for another model, also where the first one was seen', async () => {
        const other = await open();
        const job = makeJob();
        await queue.add(job);
        expect(await other.get(job.id)).toMatchObject({ job });
        await queue.remove(job.id);
        const again = { ...job, model: 'another' };
        expect(await queue.add(again)).toEqual({ created: true });
        expect(await other.get(job.id)).toMatchObject({ job: again });
        expect((await other.list({ owner: null, limit: 10 })).jobs).toMatchObject([{ job: again }]);
        expect(await other.control(job.id, 'cancel')).toBe('accepted');
        expect(await readAll(other, job.id)).toMatchObject([{ terminal: 'cancelled' }]);
      });

      test('sweeps what its time is over for, and keeps the rest', async () => {
        const sweeper = await open({ unstoredRetentionMs: 0 });
        const [kept, unstored] = [makeJob(), makeJob({ store: false })];
        for (const job of [kept, unstored]) await sweeper.add(job);
        await sweeper.consume({ concurrency: 1, models: ['scripted'] }, (lease) => lease.append([terminal(0)]));
        await vi.waitFor(async () => expect(await sweeper.get(unstored.id)).toBeUndefined(), { timeout: 20_000 });
        await readAll(sweeper, kept.id);
        expect(await sweeper.get(kept.id)).toMatchObject({ status: 'completed' });
        expect((await sweeper.list({ owner: null, limit: 10 })).jobs).toHaveLength(1);
      });
    });
  });
}

/** Reads from the moment that the job exists, while it is being written. */
async function readAllOnceAdded(queue: JobQueue, id: string): Promise<LogLine[]> {
  await vi.waitFor(async () => expect(await queue.get(id)).toBeDefined(), { timeout: 20_000 });
  return readAll(queue, id);
}
