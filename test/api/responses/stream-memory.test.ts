import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { responseEvents } from '../../../src/api/responses/response-events.ts';
import { createApi } from './fixture.ts';

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

it('a stream that waits for its answer holds nothing of what was asked', async () => {
  const { ask, queue } = createApi();
  const accepted = await ask({ input: 'A long question', background: true });
  const { id } = z.looseObject({ id: z.string() }).parse(await accepted.json());
  let job = structuredClone((await queue.get(id))?.job);
  if (!job) throw new Error('no job');
  const events = responseEvents(queue, job, { signal: new AbortController().signal });
  const asked = new WeakRef(job);
  job = undefined;
  const first = [(await events.next()).value, (await events.next()).value];
  expect(first.map((event) => event?.type)).toEqual(['response.created', 'response.queued']);
  first.length = 0;
  void events.next();
  await setImmediate();
  gc();
  expect(asked.deref()).toBeUndefined();
});
