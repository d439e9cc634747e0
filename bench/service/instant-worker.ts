import type { Consumer, JobQueue } from '../../src/core/job-queue.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import { runResponse } from '../../src/worker/run-response.ts';
import { table } from '../../test/api/responses/fixture.ts';
import { createScriptedModel } from '../../test/support/scripted-language-model.ts';

/** A worker whose model answers immediately, or with a word every `paceMs`. */
export function instantWorker(
  queue: JobQueue,
  { concurrency, paceMs = 0, words = 8 }: { concurrency: number; paceMs?: number; words?: number },
): Promise<Consumer> {
  const answer = Array.from({ length: words }, (_, index) => `word${index}`).join(' ');
  const scripted = createScriptedModel({ id: 'tiny', script: () => ({ answer }) });
  const model = {
    ...scripted,
    async *generate(...given: Parameters<typeof scripted.generate>) {
      for await (const event of scripted.generate(...given)) {
        yield event;
        if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
      }
    },
  };
  const strategies = createStrategies({ prompts: loadPrompts('prompts') });
  const log = { info() {}, warn() {}, error() {} };
  return queue.consume({ concurrency, models: ['tiny'] }, (lease) =>
    runResponse(lease, {
      models: new Map([['tiny', model]]),
      strategies,
      effortTable: () => table,
      summarise: () => '',
      now: Date.now,
      log,
    }),
  );
}
