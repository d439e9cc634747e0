import pino from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { ServiceError } from '../../../src/contracts/service/service-error.ts';
import type { LanguageModel } from '../../../src/core/language-model.ts';
import type { OpenAddedModel, OpenedModel } from '../../../src/entry/models/open-added-model.ts';
import { createServedModels } from '../../../src/entry/models/served-models.ts';
import { createModelCatalog } from '../../../src/models/config/catalog.ts';
import { type AddedModels, createAddedModels, reportedState } from '../../../src/store/added-models.ts';
import { card } from '../../api/responses/fixture.ts';
import { createMemoryRecords } from '../../support/memory-records.ts';
import { gate } from '../../support/queue-jobs.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';

let clock: number;
let added: AddedModels;
/** What the worker's queues and models were told, in order. */
let told: string[];
/** Jobs of removed models that some worker still has. */
let held: number;
let drain: Promise<void>;

beforeEach(() => {
  clock = 1_000_000;
  told = [];
  held = 0;
  drain = Promise.resolve();
  let revision = 0;
  const records = createMemoryRecords();
  added = createAddedModels({ records, now: () => clock, newRevision: () => `${revision++}` });
});

const entryOf = (id: string) => ({ card: { ...card, id }, countTokens: async () => 1 });

function opened(id: string): OpenedModel {
  return {
    config: { kind: 'folder', id, path: id },
    entry: entryOf(id),
    model: createScriptedModel({ id, contextLength: 100, script: () => ({ answer: '' }) }),
    close: async () => void told.push(`close ${id}`),
  };
}

/** One process with an API and a worker; `mine` is the operator's. */
function serving(open: OpenAddedModel) {
  const models = new Map<string, LanguageModel>();
  const catalog = createModelCatalog([entryOf('mine')]);
  const served = createServedModels({
    configured: { ids: ['mine'], source: 'file' },
    added,
    catalog,
    open,
    queue: {
      onModels: () => {},
      endWaiting: async (id) => {
        told.push(`end ${id}`);
        return held;
      },
      queues: { directory: { tellModels: async () => {} } },
    },
    worker: {
      models,
      consumer: {
        serve: async (id, { announce = true } = {}) => void told.push(`${announce ? 'serve' : 'retire'} ${id}`),
        leave: async (id) => {
          told.push(`leave ${id}`);
          await drain;
        },
      },
    },
    observe: (model) => model,
    onChange: () => {},
    now: () => clock,
    log: pino({ level: 'silent' }),
  });
  const settle = async () => {
    await served.sync();
    await served.settled();
  };
  const ids = () => catalog.list().map(({ id }) => id);
  return { served, models, settle, ids };
}

test('an added model is served, then left, drained and closed; the one that takes its name waits for that', async () => {
  const { served, models, settle, ids } = serving(async ({ name }) => opened(String(name)));
  await added.add({ id: 'a', entry: { name: 'a' } });
  await settle();
  expect(ids()).toEqual(['mine', 'a']);
  expect(models.has('a')).toBe(true);
  expect((await added.list()).models).toMatchObject([{ reports: expect.anything() }]);
  await served.sync();
  expect(served.states().get('a')).toEqual({ source: 'added', status: 'ready', reason: null, percent: null });

  const running = gate();
  drain = running.promise;
  expect(await added.remove('a')).toBe(true);
  await settle();
  expect(ids()).toEqual(['mine']);
  // What runs needs its model.
  expect(models.has('a')).toBe(true);
  await added.add({ id: 'a', entry: { name: 'a' } });
  await settle();
  expect(ids()).toEqual(['mine']);
  expect(served.states().get('a')).toMatchObject({ status: 'loading' });
  running.open();
  await expect.poll(ids).toEqual(['mine', 'a']);
  expect(told).toEqual(['serve a', 'end a', 'leave a', 'close a', 'serve a']);
  await served.close();
});

test('one that can not be opened says why, and is tried again later', async () => {
  let works = false;
  const { served, settle, ids } = serving(async () => {
    if (!works) throw new ServiceError({ code: 'model_unavailable', message: 'Nothing answers.' });
    return opened('a');
  });
  await added.add({ id: 'a', entry: { url: 'http://127.0.0.1:9' } });
  await settle();
  expect(served.states().get('a')).toMatchObject({ status: 'failed', reason: 'Nothing answers.' });
  works = true;
  await settle();
  expect(ids()).toEqual(['mine']);
  clock += 5_000;
  await settle();
  expect(ids()).toEqual(['mine', 'a']);
  await served.sync();
  expect(served.states().get('a')).toMatchObject({ status: 'ready' });
  await served.close();
});

test('one that is removed while it is loaded is closed, and never served', async () => {
  const loading = gate();
  const { served, settle, ids } = serving(async (_, { signal }) => {
    await loading.promise;
    expect(signal.aborted).toBe(true);
    return opened('a');
  });
  await added.add({ id: 'a', entry: {} });
  await served.sync();
  await added.remove('a');
  await served.sync();
  loading.open();
  await expect.poll(() => told).toContain('close a');
  await settle();
  expect(ids()).toEqual(['mine']);
  expect(told).not.toContain('serve a');
  await served.close();
});

test('what a dead worker has left of a removed model is served to its end; an operator’s model of that name is not touched', async () => {
  for (const id of ['a', 'mine']) {
    await added.add({ id, entry: {} });
    await added.remove(id);
  }
  held = 1;
  const { served } = serving(async () => opened('a'));
  await served.sync();
  await served.sync();
  held = 0;
  await served.sync();
  expect(told.filter((each) => !each.startsWith('end a'))).toEqual(['retire a', 'leave a']);
  await served.close();
});

test('a model is as far as the worker that is furthest; one that stopped in the middle is not waited for', async () => {
  await added.add({ id: 'a', entry: {} });
  const [model] = (await added.list()).models;
  if (model === undefined) throw new Error('none');
  const state = async () => {
    const [now] = (await added.list()).models;
    return now && reportedState(now, clock);
  };
  await added.report('dead', model, { status: 'loading', reason: null, percent: 40 });
  await added.report('poor', model, { status: 'failed', reason: 'No room.', percent: null });
  expect(await state()).toMatchObject({ status: 'loading', percent: 40 });
  clock += 120_000;
  expect(await state()).toMatchObject({ status: 'failed', reason: 'No room.' });
  await added.report('rich', model, { status: 'ready', reason: null, percent: null });
  expect(await state()).toMatchObject({ status: 'ready' });
  for (const worker of ['rich', 'poor']) await added.withdraw(worker);
  expect(await state()).toMatchObject({ status: 'loading', reason: expect.stringMatching(/No worker/) });
  // A model that was removed and added again is another one.
  await added.remove('a');
  await added.add({ id: 'a', entry: {} });
  await added.report('rich', model, { status: 'ready', reason: null, percent: null });
  expect(await state()).toMatchObject({ status: 'loading' });
});
