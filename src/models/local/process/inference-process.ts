import { setTimeout } from 'node:timers/promises';
import { late, orLate } from '../../../core/deadlines.ts';
import type { LanguageModel } from '../../../core/language-model.ts';
import { prepareTypescriptChild, type TypescriptChild } from '../../../core/typescript-child.ts';
import type { ModelSource } from '../folder/model-files.ts';
import { isGguf } from '../gguf/gguf-files.ts';
import { type InferenceChild, type InferenceChildOptions, spawnInferenceChild } from './inference-child.ts';
import { type CallOptions, type CallResult, processLost } from './inference-connection.ts';
import type { InferenceCall, ModelSummary } from './inference-protocol.ts';
import { createInferenceProxy } from './inference-proxy.ts';

/** ms before a new child, doubled by each one that doesn't stay up for `healthyMs`. */
const restart = { firstMs: 100, mostMs: 10_000, healthyMs: 30_000 };
const closeGraceMs = 5_000;

/** The local models, in a process of their own: onnxruntime computes on its thread, and a native crash stays there. */
export type InferenceProcess = {
  /** By id, in order. Closing one of them is nothing: the process has them. */
  readonly models: ReadonlyMap<string, LanguageModel>;
  /** Of the child that runs now. */
  readonly pid: number | undefined;
  /** Whether calls are served at this moment. */
  readonly ready: boolean;
  /** Ends the child: running calls fail. Once. */
  close(): Promise<void>;
};

/**
 * Starts the inference process and watches it: when it dies, its calls fail with `model_unavailable`, retryable, and another
 * one is started, with a growing pause while that goes wrong. Calls that come meanwhile wait for it. A parent that is killed
 * takes the child with it: it ends when the channel closes. `signal` gives the first start up.
 * @throws ServiceError `model_unavailable` when a model can't be loaded at the first start and is not a GGUF file beside others; the signal's reason, once the child is gone
 */
export async function startInferenceProcess(
  options: InferenceChildOptions & { signal?: AbortSignal | undefined },
): Promise<InferenceProcess> {
  const { entry, log } = options;
  const stop = new AbortController();
  const program = await prepareTypescriptChild({ entry, args: ['thinkfirst-inference'] });
  const first = await startFirst(program, options);
  const { summaries, models } = first;
  let child = first.child;
  let up = true;
  let waiting: Array<{ resolve(): void; reject(reason: unknown): void }> = [];
  const settleWaiting = (settle: (call: (typeof waiting)[number]) => void) => {
    const calls = waiting;
    waiting = [];
    calls.forEach(settle);
  };

  const watch = async () => {
    let pause = restart.firstMs;
    while (!stop.signal.aborted) {
      const started = performance.now();
      await child.exited;
      up = false;
      if (stop.signal.aborted) return;
      pause = performance.now() - started > restart.healthyMs ? restart.firstMs : Math.min(pause * 2, restart.mostMs);
      await setTimeout(pause, undefined, { signal: stop.signal }).catch(() => {});
      if (stop.signal.aborted) return;
      child = spawnInferenceChild(program, { ...options, models });
      await child.ready.then(
        () => {
          up = true;
          settleWaiting(({ resolve }) => resolve());
        },
        (error: unknown) => {
          log.error({ error: String(error) }, 'the inference process could not be started again');
          settleWaiting(({ reject }) => reject(processLost()));
          return child.close(0);
        },
      );
    }
  };
  const watching = watch();

  /** The child that runs, or the next one if it is on its way. */
  const current = async (signal: AbortSignal | undefined): Promise<InferenceChild> => {
    while (!up) {
      if (stop.signal.aborted) throw processLost();
      await new Promise<void>((resolve, reject) => {
        waiting.push({ resolve, reject });
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    }
    return child;
  };
  const call = async (sent: InferenceCall, callOptions: CallOptions): Promise<CallResult> => {
    callOptions.signal?.throwIfAborted();
    return (await current(callOptions.signal)).connection.call(sent, callOptions);
  };
  return {
    models: new Map(summaries.map((summary) => [summary.id, createInferenceProxy(summary, call)])),
    get pid() {
      return child.pid;
    },
    get ready() {
      return up;
    },
    async close() {
      if (stop.signal.aborted) return;
      stop.abort();
      settleWaiting(({ reject }) => reject(processLost()));
      await child.close(closeGraceMs);
      await watching;
    },
  };
}

type FirstStart = { child: InferenceChild; summaries: readonly ModelSummary[]; models: readonly ModelSource[] };

/** A GGUF file that can't be loaded is left out where there are other models: such files come from anywhere. */
async function startFirst(
  program: TypescriptChild,
  options: InferenceChildOptions & { signal?: AbortSignal | undefined },
): Promise<FirstStart> {
  const { log, signal } = options;
  let { models } = options;
  while (true) {
    const child = spawnInferenceChild(program, { ...options, models });
    try {
      const summaries = await orLate(child.ready, { signal });
      if (summaries === late) throw signal?.reason ?? processLost();
      return { child, summaries, models };
    } catch (error) {
      const { loading } = child;
      // What only loads has nothing to end well.
      await child.close(signal?.aborted === true ? 0 : closeGraceMs);
      if (signal?.aborted || loading === undefined || !isGguf(loading.path) || models.length === 1) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ model: loading.id, error: reason }, 'a model is left out: it cannot be loaded');
      models = models.filter((each) => each !== loading);
    }
  }
}
