import { setTimeout } from 'node:timers/promises';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import { late, orLate } from '../../../core/deadlines.ts';
import type { LanguageModel } from '../../../core/language-model.ts';
import { prepareTypescriptChild } from '../../../core/typescript-child.ts';
import type { ModelSource } from '../folder/model-files.ts';
import { isGguf } from '../gguf/gguf-files.ts';
import { type InferenceChild, type InferenceChildOptions, spawnInferenceChild } from './inference-child.ts';
import { type CallOptions, type CallResult, processLost } from './inference-connection.ts';
import type { InferenceCall, ModelSummary } from './inference-protocol.ts';
import { createInferenceProxy } from './inference-proxy.ts';

/** ms before a new child is started, doubled by each child that does not stay up for `healthyMs`. */
const restart = { firstMs: 100, mostMs: 10_000, healthyMs: 30_000 };
const closeGraceMs = 5_000;

/** The local models, in a process of their own: onnxruntime computes on its thread, and a native crash stays there. */
export type InferenceProcess = {
  /** By id, in order. Closing one of them has no effect: they belong to the process. */
  readonly models: ReadonlyMap<string, LanguageModel>;
  /** The running child's. */
  readonly pid: number | undefined;
  /** Whether calls are served now. */
  readonly ready: boolean;
  /** Ends the child; running calls fail. */
  close(): Promise<void>;
};

/**
 * Starts the inference process and watches it: when it dies, its calls fail with `model_unavailable` (retryable), and it is
 * started again, with a growing pause as long as that fails. Calls made meanwhile wait for it. A GGUF file that cannot be loaded
 * any more doesn't keep the other models from starting again: calls to it fail until the next start. If the parent is killed, the
 * child ends too, because the channel closes. `signal` aborts the first start.
 * @throws ServiceError `model_unavailable` if a model cannot be loaded at the first start (unless it is a GGUF file among other
 * models); the signal's reason, after the child has ended
 */
export async function startInferenceProcess(
  options: InferenceChildOptions & { signal?: AbortSignal | undefined },
): Promise<InferenceProcess> {
  const { entry, log, models, signal } = options;
  const program = await prepareTypescriptChild({ entry, args: ['thinkfirst-inference'] });
  const spawn: Spawn = (some) => spawnInferenceChild(program, { ...options, models: some });
  const started = await startLoadable({ spawn, models, log, signal });
  return new SupervisedProcess(started, { spawn, log });
}

type Spawn = (models: readonly ModelSource[]) => InferenceChild;

type Started = {
  child: InferenceChild;
  summaries: readonly ModelSummary[];
  /** The models that it was started with. */
  models: readonly ModelSource[];
  /** By id: why a model is not among them. */
  leftOut: ReadonlyMap<string, ServiceError>;
};

/**
 * Starts a child with as many of the models as can be loaded: a GGUF file that cannot is left out if there are other models, because
 * such files may have any source. No child is left if it throws.
 */
async function startLoadable(options: {
  spawn(models: readonly ModelSource[]): InferenceChild;
  models: readonly ModelSource[];
  log: InferenceChildOptions['log'];
  signal?: AbortSignal | undefined;
}): Promise<Started> {
  const { spawn, log, signal } = options;
  let { models } = options;
  const leftOut = new Map<string, ServiceError>();
  while (true) {
    const child = spawn(models);
    try {
      const summaries = await orLate(child.ready, { signal });
      if (summaries === late) throw signal?.reason ?? processLost();
      return { child, summaries, models, leftOut };
    } catch (error) {
      const { loading } = child;
      // A process that is still loading has no work to finish.
      await child.close(signal?.aborted === true ? 0 : closeGraceMs);
      if (signal?.aborted || loading === undefined || !isGguf(loading.path) || models.length === 1) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ model: loading.id, error: reason }, 'a model is left out: it cannot be loaded');
      models = models.filter((each) => each !== loading);
      leftOut.set(loading.id, error instanceof ServiceError ? error : processLost());
    }
  }
}

type Supervision = { spawn: Spawn; log: InferenceChildOptions['log'] };

class SupervisedProcess implements InferenceProcess {
  readonly models: ReadonlyMap<string, LanguageModel>;
  private child: InferenceChild;
  private leftOut: Started['leftOut'] = new Map();
  /** The models of the first start. */
  private readonly sources: readonly ModelSource[];
  private readonly supervision: Supervision;
  private readonly stop = new AbortController();
  private readonly watching: Promise<void>;
  private up = true;
  private waiting: Array<{ resolve(): void; reject(reason: unknown): void }> = [];

  constructor({ child, summaries, models }: Started, supervision: Supervision) {
    this.child = child;
    this.sources = models;
    this.supervision = supervision;
    const call = (sent: InferenceCall, options: CallOptions) => this.call(sent, options);
    this.models = new Map(summaries.map((summary) => [summary.id, createInferenceProxy(summary, call)] as const));
    this.watching = this.watch();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get ready(): boolean {
    return this.up;
  }

  async close(): Promise<void> {
    if (this.stop.signal.aborted) return;
    this.stop.abort();
    this.settleWaiting(({ reject }) => reject(processLost()));
    await this.child.close(closeGraceMs);
    await this.watching;
  }

  private async watch(): Promise<void> {
    const { signal } = this.stop;
    let pause = restart.firstMs;
    while (!signal.aborted) {
      const started = performance.now();
      await this.child.exited;
      this.up = false;
      if (signal.aborted) return;
      pause = performance.now() - started > restart.healthyMs ? restart.firstMs : Math.min(pause * 2, restart.mostMs);
      await setTimeout(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.startAgain();
    }
  }

  private async startAgain(): Promise<void> {
    const { spawn, log } = this.supervision;
    const { signal } = this.stop;
    try {
      const started = await startLoadable({ spawn, models: this.sources, log, signal });
      this.child = started.child;
      this.leftOut = started.leftOut;
    } catch (error) {
      if (signal.aborted) return;
      log.error({ error: String(error) }, 'the inference process could not be started again');
      this.settleWaiting(({ reject }) => reject(notStarted(error)));
      return;
    }
    this.up = true;
    this.settleWaiting(({ resolve }) => resolve());
  }

  private async call(sent: InferenceCall, options: CallOptions): Promise<CallResult> {
    options.signal?.throwIfAborted();
    const { connection } = await this.current(options.signal);
    const reason = this.leftOut.get(sent.model);
    if (reason !== undefined) throw reason;
    return connection.call(sent, options);
  }

  /** The running child, or the next one while it is being started. */
  private async current(signal: AbortSignal | undefined): Promise<InferenceChild> {
    while (!this.up) {
      if (this.stop.signal.aborted) throw processLost();
      await new Promise<void>((resolve, reject) => {
        this.waiting.push({ resolve, reject });
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    }
    return this.child;
  }

  private settleWaiting(settle: (call: { resolve(): void; reject(reason: unknown): void }) => void): void {
    const calls = this.waiting;
    this.waiting = [];
    calls.forEach(settle);
  }
}

/** It is tried again, so callers may retry; the reason says what to do if that never helps. */
function notStarted(error: unknown): ServiceError {
  if (!(error instanceof ServiceError)) return processLost();
  return new ServiceError({ code: 'model_unavailable', message: error.message, retryable: true, retryAfterSeconds: 1 });
}
