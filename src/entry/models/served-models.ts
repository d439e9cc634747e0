import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { ModelState } from '../../contracts/service/model-card.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { waitAtMost } from '../../core/deadlines.ts';
import type { Consumer } from '../../core/job-queue.ts';
import type { LanguageModel } from '../../core/language-model.ts';
import type { LiveCatalog } from '../../models/config/catalog.ts';
import type { BullmqQueue } from '../../queue/responses/bullmq-queue.ts';
import {
  type AddedModel,
  type AddedModelList,
  type AddedModels,
  type ModelReport,
  reportedState,
  silentMs,
} from '../../store/added-models.ts';
import type { FetchedModel } from './fetch-models.ts';
import type { OpenAddedModel, OpenedModel } from './open-added-model.ts';

/** What this process serves besides the configured models. */
export type ServedModels = {
  /** Of all models, by id, the configured ones first. */
  states(): ReadonlyMap<string, ModelState>;
  /** The added models that this process has opened. */
  configs(): FetchedModel[];
  /** Reads the list and begins what it asks for; resolves once that is begun. */
  sync(): Promise<AddedModelList>;
  /** Resolves once what the list asked for is open or has failed. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

type Report = Omit<ModelReport, 'at'>;
type Slot = {
  model: AddedModel;
  abort: AbortController;
  /** Never rejects. */
  opening: Promise<void>;
  opened?: OpenedModel;
  failure?: { reason: string; tries: number; retryAt: number };
};

/** Makes up for a missed notice. ms */
const lookMs = 5_000;
/** A worker that loads says so again. ms */
const renewMs = 20_000;
/** Until a model that could not be opened is tried again, doubled each time. A server is tried sooner than a download. ms */
const retry = { serverMs: 5_000, otherMs: 60_000, mostMs: 300_000 };
/** ms */
const sweepMs = 2_000;
/** A response may have been accepted by a process that did not know yet that its model was removed. ms */
const sweptMs = 3_600_000;

/** For clients whose response waited. */
export const removedReason = (id: string): string =>
  `The model '${id}' was removed from this service before the response could run.`;

/**
 * Follows the list of added models: opens each in this process, has the worker serve it, and drains what was removed. All
 * processes do the same from the same list, so the order in which they hear of a change does not matter.
 */
export function createServedModels(options: {
  configured: { ids: readonly string[]; source: ModelState['source'] };
  added: AddedModels;
  catalog: LiveCatalog;
  open: OpenAddedModel;
  queue: Pick<BullmqQueue, 'endWaiting' | 'onModels'> & { queues: { directory: { tellModels(): Promise<void> } } };
  worker: { consumer: Pick<Consumer, 'serve' | 'leave'>; models: Map<string, LanguageModel> } | undefined;
  /** Wraps a model that the worker gets. */
  observe(model: LanguageModel, config: FetchedModel): LanguageModel;
  /** The catalogue has changed. */
  onChange(): void;
  now(): number;
  log: Logger;
}): ServedModels {
  const { added, catalog, queue, worker, now, log } = options;
  const configured = new Set(options.configured.ids);
  const workerId = randomUUID();
  let list: AddedModelList = { version: 1, models: [], removed: [] };
  const slots = new Map<string, Slot>();
  /** Removed models whose responses still run here. */
  const leaving = new Map<string, Promise<void>>();
  /** Removed models whose queues are served only to end what a dead worker has left. */
  const retired = new Set<string>();
  const swept = new Set<string>();
  let stopped = false;

  const say = async ({ model }: Slot, report: Report, { tell = false } = {}) => {
    if (worker === undefined) return;
    const failed = (error: unknown) => log.debug({ err: error, model: model.id }, 'a report could not be written');
    await added.report(workerId, model, report).catch(failed);
    if (tell) await queue.queues.directory.tellModels().catch(failed);
  };

  const serve = async (slot: Slot): Promise<void> => {
    const { model, abort } = slot;
    const opened = await openReporting(slot);
    if (abort.signal.aborted) return opened.close();
    catalog.add(opened.entry);
    try {
      if (worker !== undefined && opened.model !== undefined) {
        if (retired.delete(model.id)) await worker.consumer.leave(model.id);
        worker.models.set(model.id, options.observe(opened.model, opened.config));
        await worker.consumer.serve(model.id);
      }
    } catch (error) {
      catalog.remove(model.id);
      worker?.models.delete(model.id);
      await opened.close();
      throw error;
    }
    slot.opened = opened;
    delete slot.failure;
    log.info({ model: model.id }, 'an added model is served');
    options.onChange();
    await say(slot, { status: 'ready', reason: null, percent: null }, { tell: true });
  };

  const openReporting = async (slot: Slot): Promise<OpenedModel> => {
    let percent: number | null = null;
    // Another try is not told before it gets somewhere.
    const report = async () => {
      if (slot.failure === undefined || percent !== null) await say(slot, { status: 'loading', reason: null, percent });
    };
    await report();
    const renewing = setInterval(report, renewMs);
    try {
      return await options.open(slot.model.entry, {
        signal: slot.abort.signal,
        onPercent(reached) {
          const tenth = Math.floor(reached / 10) * 10;
          if (tenth === percent) return;
          percent = tenth;
          void report();
        },
      });
    } finally {
      clearInterval(renewing);
    }
  };

  const begin = (model: AddedModel, earlier?: Slot['failure']): void => {
    const slot: Slot = { model, abort: new AbortController(), opening: Promise.resolve() };
    if (earlier !== undefined) slot.failure = { ...earlier, retryAt: Number.POSITIVE_INFINITY };
    slots.set(model.id, slot);
    const tries = earlier?.tries ?? 0;
    slot.opening = serve(slot).catch(async (error: unknown) => {
      if (slot.abort.signal.aborted) return;
      const reason = error instanceof ServiceError ? error.message : 'It could not be opened; the log says why.';
      const first = 'url' in model.entry ? retry.serverMs : retry.otherMs;
      const pause = Math.min(first * 2 ** tries, retry.mostMs);
      slot.failure = { reason, tries: tries + 1, retryAt: now() + pause };
      log.warn({ err: error, model: model.id }, 'an added model can not be served');
      await say(slot, { status: 'failed', reason, percent: null }, { tell: true });
    });
  };

  const end = (slot: Slot): void => {
    const { id } = slot.model;
    slots.delete(id);
    slot.abort.abort();
    catalog.remove(id);
    options.onChange();
    const left = async () => {
      await slot.opening;
      const { opened } = slot;
      if (opened === undefined) return;
      catalog.remove(id);
      await worker?.consumer.leave(id);
      worker?.models.delete(id);
      await opened.close();
      log.info({ model: id }, 'a removed model has been left');
    };
    const ended = left()
      .catch((error: unknown) => log.warn({ err: error, model: id }, 'a removed model could not be closed'))
      .finally(() => {
        leaving.delete(id);
        // It may have been added again.
        void syncQuietly();
      });
    leaving.set(id, ended);
  };

  let sweeping: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const readAt = now();
    list = await added.list();
    if (stopped) return;
    const wanted = new Map(list.models.flatMap((model) => (configured.has(model.id) ? [] : [[model.id, model]])));
    for (const slot of [...slots.values()]) {
      if (wanted.get(slot.model.id)?.revision !== slot.model.revision) end(slot);
    }
    for (const model of wanted.values()) {
      const slot = slots.get(model.id);
      if (slot === undefined) {
        if (!leaving.has(model.id)) begin(model);
      } else if (slot.failure !== undefined) {
        if (now() >= slot.failure.retryAt) begin(model, slot.failure);
      } else if (slot.opened !== undefined) {
        const { at } = model.reports[workerId] ?? { at: 0 };
        if (now() - at > silentMs / 2) await say(slot, { status: 'ready', reason: null, percent: null });
      }
    }
    if (worker === undefined) return;
    sweeping ??= sweep(worker.consumer, readAt)
      .catch((error: unknown) => log.debug({ err: error }, 'removed models not swept'))
      .finally(() => {
        sweeping = undefined;
      });
    // Many jobs may wait for a removed model; other changes don't.
    await waitAtMost(sweeping, sweepMs);
  };

  /** Ends what waits for a removed model, and what a worker that died has left of it. */
  const sweep = async (consumer: Pick<Consumer, 'serve' | 'leave'>, createdBefore: number): Promise<void> => {
    for (const { id, at } of list.removed) {
      if (configured.has(id) || (swept.has(id) && !retired.has(id) && now() - at > sweptMs)) continue;
      const held = await queue.endWaiting(id, { reason: removedReason(id), createdBefore });
      swept.add(id);
      if (leaving.has(id)) continue;
      if (held > 0 && !retired.has(id)) {
        retired.add(id);
        await consumer.serve(id, { announce: false });
      } else if (held === 0 && retired.delete(id)) await consumer.leave(id);
    }
  };

  let looking: Promise<void> | undefined;
  let again = false;
  const syncOnce = async (): Promise<void> => {
    if (looking !== undefined) {
      again = true;
      return looking;
    }
    const turns = async () => {
      do {
        again = false;
        await look();
      } while (again && !stopped);
    };
    looking = turns().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const syncQuietly = () =>
    stopped ? Promise.resolve() : syncOnce().catch((error: unknown) => log.debug({ err: error }, 'models not read'));

  queue.onModels(() => void syncQuietly());
  const timer = setInterval(syncQuietly, lookMs);
  timer.unref();

  return {
    states() {
      const { source } = options.configured;
      const ready = { status: 'ready', reason: null, percent: null } as const;
      const states = new Map<string, ModelState>([...configured].map((id) => [id, { source, ...ready }]));
      for (const model of list.models) {
        if (!states.has(model.id)) states.set(model.id, { source: 'added', ...stateOf(model) });
      }
      return states;
    },
    configs: () => [...slots.values()].flatMap(({ opened }) => (opened === undefined ? [] : [opened.config])),
    async sync() {
      await syncOnce();
      return list;
    },
    async settled() {
      await Promise.all([...slots.values()].map(({ opening }) => opening));
    },
    async close() {
      stopped = true;
      clearInterval(timer);
      for (const { abort } of slots.values()) abort.abort();
      const opening = [...slots.values()].map((slot) => slot.opening);
      await waitAtMost(
        Promise.all([...opening, ...leaving.values(), looking]).catch(() => undefined),
        3_000,
      );
      await Promise.all([...slots.values()].map(({ opened }) => opened?.close()));
      if (worker !== undefined)
        await waitAtMost(
          added.withdraw(workerId).catch(() => undefined),
          1_000,
        );
    },
  };

  function stateOf(model: AddedModel): Report {
    const slot = slots.get(model.id);
    if (slot?.failure !== undefined) return { status: 'failed', reason: slot.failure.reason, percent: null };
    const state = reportedState(model, now());
    if (state.status !== 'ready' || slot?.opened !== undefined) return state;
    return { status: 'loading', reason: 'This API process has not read it yet.', percent: null };
  }
}
