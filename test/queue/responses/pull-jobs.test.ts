import { expect, test } from 'vitest';
import { pullJobs } from '../../../src/queue/responses/pull-jobs.ts';
import { createWeightedPicker } from '../../../src/queue/responses/weighted-picker.ts';
import { gate } from '../../support/queue-jobs.ts';

test('asks every queue, however slow the answers are in comparison with the time between two looks', async () => {
  let clock = 0;
  const asked: string[] = [];
  const found = gate();
  const source = (name: string) => ({
    name,
    ready: async () => {},
    async take() {
      asked.push(name);
      clock += 100;
      if (name === 'c' || asked.length > 20) found.open();
      return undefined;
    },
    dueAt: () => 0,
    close: async () => {},
  });
  const picker = createWeightedPicker(['a', 'b', 'c'].map((name) => ({ name, weight: 1 })));
  const sources = ['a', 'b', 'c'].map(source);
  const pull = pullJobs({ sources, picker, concurrency: 1, pollMs: 50, now: () => clock, onError: () => {} });
  await found.promise;
  await pull.stop();
  expect(asked.slice(0, 3)).toEqual(['a', 'b', 'c']);
});

test('a job that is announced while its queue is being asked is taken at once', async () => {
  const [asked, taken] = [gate(), gate()];
  const answer = gate();
  let takes = 0;
  const source = {
    name: 'a',
    ready: async () => {},
    async take() {
      takes += 1;
      if (takes > 1) {
        taken.open();
        return undefined;
      }
      asked.open();
      // The queue was empty when it was read; the job is added before the answer comes.
      await answer.promise;
      return undefined;
    },
    dueAt: () => 0,
    close: async () => {},
  };
  const picker = createWeightedPicker([{ name: 'a', weight: 1 }]);
  // The poll never comes.
  const pull = pullJobs({
    sources: [source],
    picker,
    concurrency: 1,
    pollMs: 2 ** 30,
    now: () => 0,
    onError: () => {},
  });
  await asked.promise;
  pull.wake('a');
  answer.open();
  await taken.promise;
  await pull.stop();
});
