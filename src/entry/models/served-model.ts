import type { Logger } from 'pino';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { Consumer } from '../../core/job-queue.ts';
import type { LanguageModel } from '../../core/language-model.ts';
import type { LiveCatalog } from '../../models/config/catalog.ts';
import { type AddedModel, type ModelReport, silentMs } from '../../store/added-models.ts';
import type { FetchedModel } from './fetch-models.ts';
import type { OpenAddedModel, OpenedModel } from './open-added-model.ts';

/** What serves a model in this process. */
export type ServingProcess = {
  catalog: LiveCatalog;
  worker: { consumer: Pick<Consumer, 'serve' | 'leave'>; models: Map<string, LanguageModel> } | undefined;
  open: OpenAddedModel;
  /** Wraps a model that the worker gets. */
  observe(model: LanguageModel, config: FetchedModel): LanguageModel;
  /** The catalogue has changed. */
  onChange(): void;
  now(): number;
  log: Logger;
};

export type ReportedState = Omit<ModelReport, 'at'>;

/** Records the state of a model in this worker; with `tell`, all processes read it at once. Never rejects. */
export type ReportState = (model: AddedModel, state: ReportedState, options?: { tell?: boolean }) => Promise<void>;

type ServingParts = ServingProcess & {
  report: ReportState;
  /** Stops serving the queue of a removed model that had this id. */
  release(id: string): Promise<void>;
};

/** A worker that loads a model repeats its report this often. ms */
const renewMs = 20_000;
/** Until a model that could not be opened is tried again; doubled after each try. A server is retried sooner than a download. ms */
const retry = { serverMs: 5_000, otherMs: 60_000, mostMs: 300_000 };

const ready: ReportedState = { status: 'ready', reason: null, percent: null };

/** An added model in this process: it is opened, retried after a failure, served, and closed once it is removed. */
export class ServedModel {
  readonly model: AddedModel;
  private readonly parts: ServingParts;
  private readonly abort = new AbortController();
  private opened: OpenedModel | undefined;
  private failure: { reason: string; tries: number; retryAt: number } | undefined;
  private attempt: Promise<void> = Promise.resolve();

  constructor(model: AddedModel, parts: ServingParts) {
    this.model = model;
    this.parts = parts;
  }

  /** Absent until the model is served. */
  get config(): FetchedModel | undefined {
    return this.opened?.config;
  }

  /** Why the latest attempt failed. */
  get failureReason(): string | undefined {
    return this.failure?.reason;
  }

  /** Resolves once the model is served or has failed; never rejects. */
  get opening(): Promise<void> {
    return this.attempt;
  }

  begin(): void {
    this.attempt = this.serve().catch((error: unknown) => this.fail(error));
  }

  /** Retries a failed model when that is due, and repeats the report of a served one (`reportedAt`: the latest, epoch ms). */
  async maintain({ reportedAt }: { reportedAt: number }): Promise<void> {
    const { now, report } = this.parts;
    if (this.failure !== undefined) {
      if (now() < this.failure.retryAt) return;
      this.failure.retryAt = Number.POSITIVE_INFINITY;
      this.begin();
    } else if (this.opened !== undefined && now() - reportedAt > silentMs / 2) await report(this.model, ready);
  }

  /** Takes the model out of the catalogue at once; resolves when its running responses have ended and it is closed. */
  async leave(): Promise<void> {
    const { catalog, worker, onChange, log } = this.parts;
    const { id } = this.model;
    this.abort.abort();
    catalog.remove(id);
    onChange();
    await this.attempt;
    if (this.opened === undefined) return;
    await worker?.consumer.leave(id);
    worker?.models.delete(id);
    await this.close();
    log.info({ model: id }, 'a removed model has been left');
  }

  /** Ends an attempt to open the model. */
  stopOpening(): void {
    this.abort.abort();
  }

  async close(): Promise<void> {
    await this.opened?.close();
  }

  private async serve(): Promise<void> {
    const { catalog, worker, log, onChange, report } = this.parts;
    const { id } = this.model;
    const opened = await this.open();
    if (this.abort.signal.aborted) return opened.close();
    catalog.add(opened.entry);
    try {
      await this.giveToWorker(opened);
    } catch (error) {
      catalog.remove(id);
      worker?.models.delete(id);
      await opened.close();
      throw error;
    }
    this.opened = opened;
    this.failure = undefined;
    log.info({ model: id }, 'an added model is served');
    onChange();
    await report(this.model, ready, { tell: true });
  }

  private async giveToWorker({ model, config }: OpenedModel): Promise<void> {
    const { worker, observe, release } = this.parts;
    if (worker === undefined || model === undefined) return;
    const { id } = this.model;
    await release(id);
    worker.models.set(id, observe(model, config));
    await worker.consumer.serve(id);
  }

  /** Opens the model and reports its progress meanwhile. */
  private async open(): Promise<OpenedModel> {
    let percent: number | null = null;
    const report = async () => {
      // A retry keeps the state 'failed' until it makes progress.
      if (this.failure !== undefined && percent === null) return;
      await this.parts.report(this.model, { status: 'loading', reason: null, percent });
    };
    await report();
    const renewing = setInterval(report, renewMs);
    try {
      return await this.parts.open(this.model.entry, {
        signal: this.abort.signal,
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
  }

  private async fail(error: unknown): Promise<void> {
    if (this.abort.signal.aborted) return;
    const { now, log, report } = this.parts;
    const reason = error instanceof ServiceError ? error.message : 'It could not be opened; the log says why.';
    const tries = this.failure?.tries ?? 0;
    const first = 'url' in this.model.entry ? retry.serverMs : retry.otherMs;
    const pause = Math.min(first * 2 ** tries, retry.mostMs);
    this.failure = { reason, tries: tries + 1, retryAt: now() + pause };
    log.warn({ err: error, model: this.model.id }, 'an added model can not be served');
    await report(this.model, { status: 'failed', reason, percent: null }, { tell: true });
  }
}
