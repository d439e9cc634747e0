import type { ApiDependencies } from '../../src/api/dependencies.ts';
import { Response } from '../../src/contracts/responses/response.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import type { RunPython } from '../../src/reasoning/strategy.ts';
import { createPaceBook } from '../../src/store/pace-book.ts';
import type { WorkerDependencies } from '../../src/worker/dependencies.ts';
import { runResponse } from '../../src/worker/run-response.ts';
import { createApi, sealer } from '../api/responses/fixture.ts';
import { createMemoryRecords } from '../support/memory-records.ts';

/** The real API and worker over a queue in memory, with `model` behind them. */
export async function createService(
  model: LanguageModel,
  overrides: Partial<ApiDependencies> = {},
  { runPython, ...tools }: Pick<WorkerDependencies, 'openTool' | 'observeTool'> & { runPython?: RunPython } = {},
) {
  const { records = createMemoryRecords() } = overrides;
  const pace = createPaceBook({ records, now: Date.now });
  const api = createApi({ pace, ...overrides, records });
  const strategies = createStrategies({ prompts: loadPrompts('prompts'), ...(runPython && { runPython }) });
  const workerLog: string[] = [];
  const note = (fields: object, message: string) => void workerLog.push(`${message} ${JSON.stringify(fields)}`);
  await api.queue.consume({ concurrency: 2, models: [model.id] }, (lease) =>
    runResponse(lease, {
      models: new Map([[model.id, model]]),
      strategies,
      effortTable: (id) => api.dependencies.catalog.effortTable(id),
      summarise: (step, { before, mode }) => `${mode}: ${step.phase} after ${before.length}`,
      seal: sealer.seal,
      unseal: sealer.open,
      ...tools,
      cacheOwner: (owner) => `cache of ${owner}`,
      pace,
      now: Date.now,
      log: { info: note, warn: note, error: note },
    }),
  );
  const answered = async (body: Record<string, unknown>) => Response.parse(await (await api.ask(body)).json());
  return { ...api, answered, pace, workerLog };
}
