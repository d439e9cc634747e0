import { randomUUID } from 'node:crypto';
import type { ModelState } from '../../contracts/service/model-card.ts';
import { waitAtMost } from '../../core/deadlines.ts';
import type { BullmqQueue } from '../../queue/responses/bullmq-queue.ts';
import { type AddedModel, type AddedModelList, type AddedModels, reportedState } from '../../store/added-models.ts';
import type { FetchedModel } from './fetch-models.ts';
import { createRemovedQueues, type RemovedQueues } from './removed-queues.ts';
import { type ReportedState, type ReportState, ServedModel, type ServingProcess } from './served-model.ts';

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

type ServedModelsOptions = ServingProcess & {
  configured: { ids: readonly string[]; source: ModelState['source'] };
  added: AddedModels;
  queue: Pick<BullmqQueue, 'endWaiting' | 'onModels'> & { queues: { directory: { tellModels(): Promise<void> } } };
};

/** Makes up for a missed notice. ms */
const lookMs = 5_000;

/**
 * Follows the list of added models: opens each in this process, has the worker serve it, and drains what was removed. All
 * processes do the same from the same list, so the order in which they hear of a change does not matter.
 */
export function createServedModels(options: ServedModelsOptions): ServedModels {
  const follower = new ListFollower(options);
  const syncQuietly = () => follower.syncQuietly();
  options.queue.onModels(() => void syncQuietly());
  const timer = setInterval(syncQuietly, lookMs);
  timer.unref();
  return {
    states: () => follower.states(),
    configs: () => follower.configs(),
    sync: () => follower.sync(),
    settled: () => follower.settled(),
    async close() {
      clearInterval(timer);
      await follower.close();
    },
  };
}

/** Brings the models of this process in line with the list, each time that it is read. */
class ListFollower {
  private readonly options: ServedModelsOptions;
  private readonly configured: ReadonlySet<string>;
  private readonly workerId = randomUUID();
  private readonly report: ReportState;
  private readonly removedQueues: RemovedQueues | undefined;
  private list: AddedModelList = { version: 1, models: [], removed: [] };
  private readonly served = new Map<string, ServedModel>();
  /** Removed models whose responses still run here. */
  private readonly leaving = new Map<string, Promise<void>>();
  private looking: Promise<void> | undefined;
  /** The list is to be read once more, because it may have changed after it was read. */
  private again = false;
  private stopped = false;

  constructor(options: ServedModelsOptions) {
    const { worker, queue, now, log } = options;
    this.options = options;
    this.configured = new Set(options.configured.ids);
    this.report = worker === undefined ? async () => undefined : stateReporter(this.workerId, options);
    this.removedQueues =
      worker &&
      createRemovedQueues({ queue, consumer: worker.consumer, isLeaving: (id) => this.leaving.has(id), now, log });
  }

  states(): ReadonlyMap<string, ModelState> {
    const { source } = this.options.configured;
    const ready = { status: 'ready', reason: null, percent: null } as const;
    const states = new Map<string, ModelState>([...this.configured].map((id) => [id, { source, ...ready }]));
    for (const model of this.list.models) {
      if (!states.has(model.id)) states.set(model.id, { source: 'added', ...this.stateOf(model) });
    }
    return states;
  }

  configs(): FetchedModel[] {
    return [...this.served.values()].flatMap(({ config }) => (config === undefined ? [] : [config]));
  }

  async sync(): Promise<AddedModelList> {
    if (this.looking === undefined) this.looking = this.lookUntilUnchanged();
    else this.again = true;
    await this.looking;
    return this.list;
  }

  async syncQuietly(): Promise<void> {
    if (this.stopped) return;
    await this.sync().catch((error: unknown) => this.options.log.debug({ err: error }, 'models not read'));
  }

  async settled(): Promise<void> {
    await Promise.all(this.openings());
  }

  async close(): Promise<void> {
    this.stopped = true;
    const { added, worker } = this.options;
    for (const each of this.served.values()) each.stopOpening();
    const ending = Promise.all([...this.openings(), ...this.leaving.values(), this.looking]).catch(() => undefined);
    await waitAtMost(ending, 3_000);
    await Promise.all([...this.served.values()].map((each) => each.close()));
    if (worker === undefined) return;
    const withdrawing = added.withdraw(this.workerId).catch(() => undefined);
    await waitAtMost(withdrawing, 1_000);
  }

  private openings(): Promise<void>[] {
    return [...this.served.values()].map(({ opening }) => opening);
  }

  private stateOf(model: AddedModel): ReportedState {
    const here = this.served.get(model.id);
    if (here?.failureReason !== undefined) return { status: 'failed', reason: here.failureReason, percent: null };
    const state = reportedState(model, this.options.now());
    if (state.status !== 'ready' || here?.config !== undefined) return state;
    return { status: 'loading', reason: 'This API process has not read it yet.', percent: null };
  }

  private async lookUntilUnchanged(): Promise<void> {
    try {
      do {
        this.again = false;
        await this.look();
      } while (this.again && !this.stopped);
    } finally {
      this.looking = undefined;
    }
  }

  private async look(): Promise<void> {
    const { added, now } = this.options;
    const readAt = now();
    this.list = await added.list();
    if (this.stopped) return;
    const wanted = this.list.models.filter(({ id }) => !this.configured.has(id));
    const revisions = new Map(wanted.map(({ id, revision }) => [id, revision]));
    for (const each of [...this.served.values()]) {
      if (revisions.get(each.model.id) !== each.model.revision) this.leave(each);
    }
    for (const model of wanted) {
      const here = this.served.get(model.id);
      if (here !== undefined) await here.maintain({ reportedAt: model.reports[this.workerId]?.at ?? 0 });
      else if (!this.leaving.has(model.id)) this.begin(model);
    }
    const removed = this.list.removed.filter(({ id }) => !this.configured.has(id));
    await this.removedQueues?.sweep(removed, readAt);
  }

  private begin(model: AddedModel): void {
    const release = async (id: string) => this.removedQueues?.release(id);
    const served = new ServedModel(model, { ...this.options, report: this.report, release });
    this.served.set(model.id, served);
    served.begin();
  }

  private leave(served: ServedModel): void {
    const { id } = served.model;
    this.served.delete(id);
    const left = served
      .leave()
      .catch((error: unknown) =>
        this.options.log.warn({ err: error, model: id }, 'a removed model could not be closed'),
      )
      .finally(() => {
        this.leaving.delete(id);
        // It may have been added again.
        void this.syncQuietly();
      });
    this.leaving.set(id, left);
  }
}

/** Writes a worker's reports into the list. */
function stateReporter(workerId: string, { added, queue, log }: ServedModelsOptions): ReportState {
  return async (model, state, { tell = false } = {}) => {
    const failed = (error: unknown) => log.debug({ err: error, model: model.id }, 'a report could not be written');
    await added.report(workerId, model, state).catch(failed);
    if (tell) await queue.queues.directory.tellModels().catch(failed);
  };
}
