import { z } from 'zod';
import { ModelState } from '../contracts/service/model-card.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { RecordStore } from '../core/record-store.ts';

/** What one worker says about one model. */
const Report = ModelState.omit({ source: true }).extend({ at: z.number() });
export type ModelReport = z.infer<typeof Report>;

const AddedModel = z.object({
  id: z.string(),
  /** A model that was removed and added again has another one. */
  revision: z.string(),
  /** As in the configuration file. */
  entry: z.looseObject({}),
  /** Epoch ms. */
  addedAt: z.number(),
  /** By worker. */
  reports: z.record(z.string(), Report),
});
export type AddedModel = z.infer<typeof AddedModel>;

const AddedModelList = z.object({
  version: z.literal(1),
  models: z.array(AddedModel),
  /** Their queues may still have jobs. Epoch ms. */
  removed: z.array(z.object({ id: z.string(), at: z.number() })),
});
export type AddedModelList = z.infer<typeof AddedModelList>;

/** The models that admins added while the service ran: one record, which all processes read. */
export type AddedModels = {
  list(): Promise<AddedModelList>;
  /** @throws ServiceError `invalid_value` for an id that is there */
  add(model: { id: string; entry: Record<string, unknown> }): Promise<void>;
  /** False: there was none. */
  remove(id: string): Promise<boolean>;
  /** Forgets that these were removed: models of the operator's have their names now. */
  forgetRemoved(ids: readonly string[]): Promise<void>;
  /** Records what a worker says about a model, unless it was removed meanwhile. */
  report(worker: string, model: Pick<AddedModel, 'id' | 'revision'>, report: Omit<ModelReport, 'at'>): Promise<void>;
  /** Removes what a worker that stops has said. */
  withdraw(worker: string): Promise<void>;
};

const recordKey = 'added-models:list';
/** Removed models that are remembered: their jobs end long before. */
const mostRemoved = 200;
/** A worker that loads a model repeats its report more often than this. ms */
const loadingMs = 60_000;
/** A worker that said nothing for this long is gone. ms */
export const silentMs = 24 * 3_600_000;

export function createAddedModels({
  records,
  now,
  newRevision,
}: {
  records: RecordStore;
  now(): number;
  newRevision(): string;
}): AddedModels {
  const parse = (value: unknown): AddedModelList =>
    value === undefined ? { version: 1, models: [], removed: [] } : AddedModelList.parse(value);
  const change = (edit: (list: AddedModelList) => AddedModelList | undefined) =>
    records.update(recordKey, (value) => edit(parse(value)));
  return {
    list: async () => parse(await records.get(recordKey)),
    add: ({ id, entry }) =>
      change(({ models, removed }) => {
        if (models.some((model) => model.id === id)) throw idTaken(id);
        const added = { id, revision: newRevision(), entry, addedAt: now(), reports: {} };
        return { version: 1, models: [...models, added], removed: removed.filter((one) => one.id !== id) };
      }),
    async remove(id) {
      let found = false;
      await change(({ models, removed }) => {
        found = models.some((model) => model.id === id);
        if (!found) return undefined;
        const others = removed.filter((one) => one.id !== id);
        return {
          version: 1,
          models: models.filter((model) => model.id !== id),
          removed: [...others, { id, at: now() }].slice(-mostRemoved),
        };
      });
      return found;
    },
    forgetRemoved: (ids) =>
      change((list) => {
        if (!list.removed.some(({ id }) => ids.includes(id))) return undefined;
        return { ...list, removed: list.removed.filter(({ id }) => !ids.includes(id)) };
      }),
    report: (worker, { id, revision }, report) =>
      change((list) => {
        const known = list.models.find((model) => model.id === id && model.revision === revision);
        if (known === undefined) return undefined;
        const alive = Object.entries(known.reports).filter(([, { at }]) => now() - at < silentMs);
        const reports = { ...Object.fromEntries(alive), [worker]: { ...report, at: now() } };
        return { ...list, models: list.models.map((model) => (model === known ? { ...known, reports } : model)) };
      }),
    withdraw: (worker) =>
      change((list) => {
        if (!list.models.some(({ reports }) => worker in reports)) return undefined;
        const without = ({ reports: { [worker]: _, ...reports }, ...model }: AddedModel) => ({ ...model, reports });
        return { ...list, models: list.models.map(without) };
      }),
  };
}

/** The model as all workers together have it: it can be used as soon as one of them has it. */
export function reportedState({ reports }: Pick<AddedModel, 'reports'>, now: number): Omit<ModelState, 'source'> {
  const said = Object.values(reports).toSorted((one, other) => other.at - one.at);
  const fresh = said.filter(({ status, at }) => now - at < (status === 'loading' ? loadingMs : silentMs));
  for (const wanted of ['ready', 'loading', 'failed'] as const) {
    const report = fresh.find(({ status }) => status === wanted);
    if (report !== undefined) return { status: wanted, reason: report.reason, percent: report.percent };
  }
  return { status: 'loading', reason: 'No worker has begun to load it yet.', percent: null };
}

export function idTaken(id: string): ServiceError {
  return new ServiceError({
    code: 'invalid_value',
    param: 'model.id',
    message: `Invalid 'model.id': a model ${id} already exists; give this one another id.`,
  });
}
