import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Job } from '../../src/contracts/responses/job.ts';
import type { JobLease, JobQueue } from '../../src/core/job-queue.ts';
import type { QueueSettings } from '../../src/queue/queue-settings.ts';
import { gate, makeJob, readAll, terminal, wire } from '../support/queue-jobs.ts';
import { type JobQueueBackend, quick } from './job-queue.suite.ts';

/** Whose turn it is, who has to wait or is refused, and who runs alone: every implementation of the port passes it. */
export function jobQueueOrderSuite(name: string, openBackend: () => Promise<JobQueueBackend>): void {
  describe(`the order of jobs on ${name}`, () => {
    let backend: JobQueueBackend;
    let queueName: string;
    let opened: JobQueue[];
    const open = async (settings: Partial<QueueSettings> = {}) => {
      const instance = await backend.open(queueName, { ...quick, ...settings });
      opened.push(instance);
      return instance;
    };
    beforeAll(async () => {
      backend = await openBackend();
    });
    afterAll(() => backend?.close());
    beforeEach(() => {
      queueName = `q-${randomUUID()}`;
      opened = [];
    });
    afterEach(async () => {
      for (const instance of opened) await instance.close();
    });
    /** Runs what waits, one at a time, and gives the jobs in the order in which they ran. */
    const order = async (queue: JobQueue, jobs: readonly Job[], models: readonly string[] = ['scripted']) => {
      const ran: string[] = [];
      await queue.consume({ concurrency: 1, models }, async (lease) => {
        ran.push(lease.job.id);
        await lease.append([terminal(0)]);
      });
      // One after the other: many readers at a time would be what takes the time.
      for (const { id } of jobs) await readAll(queue, id);
      return ran.map((id) => jobs.find((job) => job.id === id));
    };

    test('pulls from the tiers by their weights, so that none starves', async () => {
      const queue = await open();
      const jobs = (['flex', 'default', 'priority'] as const).flatMap((tier) =>
        Array.from({ length: 20 }, () => makeJob({ tier })),
      );
      for (const job of jobs) await queue.add(job);
      const tiers = (await order(queue, jobs)).slice(0, 20).map((job) => job?.tier);
      const count = (tier: string) => tiers.filter((each) => each === tier).length;
      expect([count('priority'), count('default'), count('flex')]).toEqual([12, 6, 2]);
    });

    test('comes back to a delayed job while another queue never runs dry', async () => {
      const queue = await open({ backoffMs: 300 });
      const retried = makeJob({ tier: 'priority' });
      await queue.add(retried);
      let waiting = 0;
      await queue.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
        if (lease.job.id === retried.id && lease.attempt === 1) throw new Error('once more');
        if (lease.job.id !== retried.id) await queue.add(makeJob());
        else ({ waiting } = await queue.list({ owner: null, limit: 1 }));
        await lease.append([terminal(0)]);
      });
      for (let added = 0; added < 3; added += 1) await queue.add(makeJob());
      const ended = () => queue.get(retried.id);
      await vi.waitFor(async () => expect(await ended()).toMatchObject({ status: 'completed' }), { timeout: 20_000 });
      expect(waiting).toBeGreaterThan(0);
    });

    test('takes turns between keys, and keeps the order of each', async () => {
      const queue = await open();
      const busy = Array.from({ length: 6 }, () => makeJob({ owner: 'busy' }));
      const late = Array.from({ length: 2 }, () => makeJob({ owner: 'late' }));
      for (const job of [...busy, ...late]) await queue.add(job);
      const ran = await order(queue, [...busy, ...late]);
      expect(ran.slice(0, 4).filter((job) => job?.owner === 'late')).toEqual(late);
      expect(ran.filter((job) => job?.owner === 'busy')).toEqual(busy);
    });

    test('takes only jobs of its models', async () => {
      const queue = await open();
      const [mine, other] = [makeJob({ model: 'mine' }), makeJob({ model: 'org/other' })];
      for (const job of [other, mine]) await queue.add(job);
      expect(await order(queue, [mine], ['mine'])).toEqual([mine]);
      expect(await queue.get(other.id)).toMatchObject({ status: 'queued' });
      expect(await order(await open(), [other], ['org/other'])).toEqual([other]);
    });

    test('refuses what its queue has no room for, and says when to come again', async () => {
      const queue = await open({ maxWaiting: 3, maxWaitingFlex: 9 });
      const jobs = Array.from({ length: 3 }, () => makeJob());
      for (const job of jobs) await queue.add(job);
      const refused = makeJob();
      await expect(queue.add(refused)).rejects.toMatchObject({
        code: 'queue_full',
        status: 429,
        retryAfterSeconds: expect.any(Number),
      });
      expect(await queue.get(refused.id)).toBeUndefined();
      // What was accepted before is no new job, and another tier has room of its own.
      expect(await queue.add(jobs[0] ?? makeJob())).toEqual({ created: false });
      expect(await queue.add(makeJob({ tier: 'flex' }))).toEqual({ created: true });
      await order(queue, jobs);
      expect(await queue.add(refused)).toEqual({ created: true });
    });

    test('lets one key hold only its share of what waits', async () => {
      const queue = await open({ maxWaitingOfKey: 2 });
      for (let added = 0; added < 2; added += 1) await queue.add(makeJob({ owner: 'busy' }));
      await expect(queue.add(makeJob({ owner: 'busy' }))).rejects.toMatchObject({ code: 'queue_full' });
      expect(await queue.add(makeJob({ owner: 'other' }))).toEqual({ created: true });
    });

    test('lets one key hold a quarter of what waits at flex', async () => {
      const queue = await open({ maxWaitingFlex: 8 });
      const flex = (owner: string) => makeJob({ owner, tier: 'flex' });
      for (let added = 0; added < 2; added += 1) await queue.add(flex('busy'));
      await expect(queue.add(flex('busy'))).rejects.toMatchObject({ code: 'queue_full' });
      expect(await queue.add(flex('other'))).toEqual({ created: true });
    });

    test('what a key has cancelled or removed holds none of its places', async () => {
      const queue = await open({ maxWaitingOfKey: 3 });
      // The head of the queue, which never moves here.
      await queue.add(makeJob({ owner: 'other' }));
      for (let round = 0; round < 2; round += 1) {
        const jobs = Array.from({ length: 3 }, () => makeJob({ owner: 'busy' }));
        for (const job of jobs) expect(await queue.add(job)).toEqual({ created: true });
        await expect(queue.add(makeJob({ owner: 'busy' }))).rejects.toMatchObject({ code: 'queue_full' });
        for (const { id } of jobs.slice(1)) expect(await queue.control(id, 'cancel')).toBe('accepted');
        expect(await queue.remove(jobs[0]?.id ?? '')).toBe(true);
      }
      const [next, last] = [makeJob({ owner: 'busy' }), makeJob({ owner: 'late' })];
      await queue.add(last);
      await queue.add(makeJob({ owner: 'late' }));
      await queue.add(next);
      expect(await queue.get(next.id)).toMatchObject({ queuePosition: 2 });
    });

    test('refuses a model that no worker has, until one announces it', async () => {
      const [api, worker] = await Promise.all([open({ absentModelMs: 60_000 }), open()]);
      await expect(api.add(makeJob())).rejects.toMatchObject({ code: 'model_unavailable', status: 503 });
      const consumer = await worker.consume({ concurrency: 1, models: ['scripted'] }, (lease) =>
        lease.append([terminal(0)]),
      );
      expect(await api.add(makeJob())).toEqual({ created: true });
      await consumer.close({ drainMs: 0 });
    });

    test('an id is one job, whatever model the second adder names', async () => {
      const queue = await open();
      const job = makeJob();
      expect(await queue.add(job)).toEqual({ created: true });
      expect(await queue.add({ ...job, model: 'another' })).toEqual({ created: false });
      expect((await queue.get(job.id))?.job.model).toBe('scripted');
    });

    test('a job that gets further with each worker outlives more of them', async () => {
      const queue = await open();
      const job = makeJob();
      await queue.add(job);
      const workers = await Promise.all(Array.from({ length: 5 }, () => open()));
      for (const worker of workers) {
        await worker.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
          await lease.append([wire(lease.log.length)]);
          if (lease.log.length === 4) return lease.append([terminal(5)]);
          void backend.loseLock(queueName, job.id);
          await new Promise(() => {});
        });
      }
      expect((await readAll(queue, job.id)).at(-1)).toEqual(terminal(5));
    });

    test('a job that has lost two workers for nothing runs alone', async () => {
      const queue = await open();
      const suspect = makeJob();
      await queue.add(suspect);
      const [first, second] = await Promise.all([open(), open()]);
      const lost: JobLease[] = [];
      for (const worker of [first, second]) {
        const leased = gate();
        const consumer = await worker.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
          lost.push(lease);
          leased.open();
          await new Promise(() => {});
        });
        await leased.promise;
        await backend.loseLock(queueName, suspect.id);
        await consumer.close({ drainMs: 0 });
      }
      const neighbour = makeJob();
      const both = await open();
      const running = new Set<string>();
      const together: string[][] = [];
      const [begun, finish] = [gate(), gate()];
      await both.consume({ concurrency: 4, models: ['scripted'] }, async (lease) => {
        running.add(lease.job.id);
        together.push([...running]);
        if (lease.job.id === neighbour.id) {
          begun.open();
          await finish.promise;
        }
        await lease.append([terminal(0)]);
        running.delete(lease.job.id);
      });
      await queue.add(neighbour);
      await begun.promise;
      finish.open();
      await Promise.all([readAll(queue, suspect.id), readAll(queue, neighbour.id)]);
      expect(together).toEqual(expect.arrayContaining([[suspect.id], [neighbour.id]]));
      expect(together.every((ids) => ids.length === 1)).toBe(true);
      expect(lost).toHaveLength(2);
    });
  });
}
