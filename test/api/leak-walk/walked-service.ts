import type { ScopeName } from '../../../src/contracts/service/key-scopes.ts';
import type { LanguageModel } from '../../../src/core/language-model.ts';
import { createLogger } from '../../../src/entry/logger.ts';
import { loadPrompts } from '../../../src/reasoning/prompts.ts';
import { createStrategies } from '../../../src/reasoning/strategies/index.ts';
import { summarise } from '../../../src/reasoning/summary.ts';
import { createKeyStore } from '../../../src/store/key-store.ts';
import { createRequestLimiter } from '../../../src/store/request-limiter.ts';
import { createUsageLedger } from '../../../src/store/usage-ledger.ts';
import { createWebhookSettings } from '../../../src/store/webhook-settings.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { observeHttp } from '../../../src/telemetry/observe-http.ts';
import { observeModel } from '../../../src/telemetry/observe-model.ts';
import { observeQueue } from '../../../src/telemetry/observe-queue.ts';
import { runResponse } from '../../../src/worker/run-response.ts';
import { inPieces, markedThought } from '../../support/leak-mark.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { createMemoryRecords } from '../../support/memory-records.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { catalog, createApi, sealer, table } from '../responses/fixture.ts';

/** A model that thinks the mark; `explode` in a question breaks on it as a parser does, `call` makes it call a function, `jot` a custom tool. */
function markedModel(): LanguageModel {
  return inPieces(
    createScriptedModel({
      id: 'tiny',
      capabilities: { constraints: ['json_object', 'json_schema'] },
      script({ request, sample }) {
        const asked = request.prompt.messages.findLast(({ role }) => role === 'user')?.content ?? '';
        if (asked.includes('explode') && request.thinking) JSON.parse(`ocelotyw ${markedThought}`);
        const calls = [
          { word: 'call', name: 'note', arguments: '{"text":"43"}' },
          { word: 'jot', name: 'jot', arguments: '{"input":"43"}' },
        ].filter(({ word }) => asked.includes(word));
        const toolCalls = calls.map(({ word: _, ...call }) => call);
        return {
          thought: markedThought,
          answer: `It is ${43 + sample}.`,
          ...(toolCalls.length > 0 && { toolCalls }),
        };
      },
    }),
  );
}

/** The whole service but its sockets, with a model whose thoughts are marked, asked with a key of these scopes. */
export async function createWalkedService(scopes: ScopeName[], model: LanguageModel = markedModel()) {
  const logged: string[] = [];
  const log = createLogger({ THINKFIRST_LOG_LEVEL: 'trace' }, { write: (line: string) => void logged.push(line) });
  const metrics = createMetrics();
  const records = createMemoryRecords();
  const keys = createKeyStore({ records, now: Date.now });
  const queue = observeQueue(createMemoryQueue(), { metrics, tracing: undefined, now: Date.now });
  const strategies = createStrategies({ prompts: loadPrompts('prompts') });
  const { app, dependencies } = createApi({
    queue,
    records,
    keys,
    ledger: createUsageLedger({ change: records.update, now: Date.now }),
    requestLimiter: createRequestLimiter(),
    strategies: [...strategies.values()],
    now: Date.now,
    log,
    webhooks: {
      settings: createWebhookSettings({ records, sealer, given: undefined, now: Date.now }),
      // What is sent holds a type and an id (WebhookEvent); test/conformance/webhooks.test.ts sends it.
      deliveries: { of: async () => [], list: async () => ({ data: [], hasMore: false }), forget: async () => {} },
      refusal: () => undefined,
    },
    operations: { observe: observeHttp({ metrics, tracing: undefined }), metrics },
  });
  await queue.consume({ concurrency: 4, models: [] }, (lease) =>
    runResponse(lease, {
      models: new Map([[model.id, observeModel(model, { metrics, tracing: undefined, provider: 'thinkfirst' })]]),
      strategies,
      effortTable: () => ({ ...table, levels: { ...table.levels, medium: { ...table.levels.medium, samples: 3 } } }),
      summarise,
      seal: sealer.seal,
      now: Date.now,
      log,
    }),
  );
  const limits = { requests_per_minute: 100_000, concurrent_responses: 1_000, tokens_per_day: 1_000_000_000 };
  const { secret } = await keys.create({ name: 'walker', scopes, ...limits });
  return { app, dependencies, secret, logged, catalog };
}
