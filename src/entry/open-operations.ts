import type { Queue } from 'bullmq';
import type { ApiOperations } from '../api/dependencies.ts';
import { boardPath } from '../api/routes/operations.ts';
import type { JobQueue } from '../core/job-queue.ts';
import type { LanguageModel } from '../core/language-model.ts';
import type { QueueInstruments } from '../queue/responses/bullmq-parts.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { observeHttp } from '../telemetry/observe-http.ts';
import { observeModel } from '../telemetry/observe-model.ts';
import { observeQueue } from '../telemetry/observe-queue.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { WorkerDependencies } from '../worker/dependencies.ts';
import type { Environment } from './environment.ts';

/** How this process is seen from outside. */
export type Operations = {
  metrics: Metrics;
  /** Given to the queue's connection. */
  instruments: QueueInstruments;
  observeQueue(queue: JobQueue): JobQueue;
  observeModels(
    models: ReadonlyMap<string, LanguageModel>,
    implementationOf: (id: string) => string | undefined,
  ): ReadonlyMap<string, LanguageModel>;
  observeTool: NonNullable<WorkerDependencies['observeTool']>;
  /** What the API shows of it. */
  api: ApiOperations;
  /** Sends the spans that are left. */
  close(): Promise<void>;
};

const jobStates = ['waiting', 'prioritized', 'delayed', 'active'] as const;

/** Metrics always; traces where `OTEL_EXPORTER_OTLP_ENDPOINT` says where to, and only then is their code loaded. */
export async function openOperations(environment: Environment): Promise<Operations> {
  const metrics = createMetrics();
  const tracing = await openTracing(environment);
  const queues = new Set<Queue>();
  metrics.onScrape(async ({ queueJobs }) => {
    await Promise.all(
      [...queues].map(async (queue) => {
        const counts = await queue.getJobCounts(...jobStates);
        for (const state of jobStates) queueJobs(queue.name, state, counts[state] ?? 0);
      }),
    );
  });
  let board: ReturnType<NonNullable<ApiOperations['board']>> | undefined;
  return {
    metrics,
    instruments: { ...(tracing && { telemetry: tracing.bullmq }), onQueue: (queue) => void queues.add(queue) },
    observeQueue: (queue) => observeQueue(queue, { metrics, tracing, now: Date.now }),
    observeModels: (models, implementationOf) =>
      new Map(
        [...models].map(([id, model]) => {
          const provider = implementationOf(id) === 'openai' ? 'openai' : 'thinkfirst';
          return [id, observeModel(model, { metrics, tracing, provider })];
        }),
      ),
    observeTool: ({ function: { shown }, result: { isError, durationMs } }) =>
      metrics.toolCalled({
        tool: shown.type === 'mcp' ? `mcp ${shown.server_label}` : shown.type,
        outcome: isError ? 'error' : 'ok',
        seconds: durationMs / 1_000,
      }),
    api: {
      observe: observeHttp({ metrics, tracing }),
      metrics,
      board() {
        board ??= import('../telemetry/queue-board.ts').then(({ createQueueBoard }) =>
          createQueueBoard({ queues: () => queues, path: boardPath }),
        );
        return board;
      },
    },
    // A collector that is away must not hold up the end.
    close: async () => tracing?.close().catch(() => undefined),
  };
}

async function openTracing({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_TRACES_SAMPLER_ARG: ratio,
}: Environment): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined;
  const { startTracing } = await import('../telemetry/start-tracing.ts');
  return startTracing({ endpoint, service: 'thinkfirst', ratio });
}
