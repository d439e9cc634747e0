import { parseEnvironment } from '../../../src/entry/environment.ts';
import { listen } from '../../../src/entry/http/listen.ts';
import { openLimits } from '../../../src/entry/http/open-limits.ts';
import { startApi } from '../../../src/entry/http/start-api.ts';
import { createLogger } from '../../../src/entry/logger.ts';
import { openQueue } from '../../../src/entry/open-queue.ts';
import { openRecords } from '../../../src/entry/open-records.ts';
import { webhookRefusal } from '../../../src/entry/start-webhooks.ts';
import { loadPrompts } from '../../../src/reasoning/prompts.ts';
import { createStrategies } from '../../../src/reasoning/strategies/index.ts';
import { summarise } from '../../../src/reasoning/summary.ts';
import { createKeyStore } from '../../../src/store/key-store.ts';
import { createWebhookSettings } from '../../../src/store/webhook-settings.ts';
import { runResponse } from '../../../src/worker/run-response.ts';
import { catalog, table } from '../../api/responses/fixture.ts';
import { inPieces, markedThought } from '../../support/leak-mark.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { dataFolder } from '../../support/start-service.ts';

/** Bytes of a body; small, so that too large ones are cheap to send. */
export const bodyLimit = 65_536;

/**
 * The whole service as its entry puts it together, on a real socket and a real store, with a model that answers at once and
 * whose thoughts are marked. In this process, so that its log can be read and it is quick to start.
 */
export async function startHostileService() {
  const data = await dataFolder();
  const environment = parseEnvironment({
    THINKFIRST_DATA: data.path,
    THINKFIRST_BODY_LIMIT: `${bodyLimit}`,
    PORT: '0',
  });
  const logged: string[] = [];
  const log = createLogger({ THINKFIRST_LOG_LEVEL: 'info' }, { write: (line: string) => void logged.push(line) });
  const patience = { headMs: 1_000, requestMs: 2_000, lookMs: 100 };
  const listening = await listen({ host: '127.0.0.1', port: 0, patience });
  const queue = await openQueue(environment, { log, instruments: {} });
  const { records, sealer } = await openRecords(environment);
  const keyLimits = openLimits(environment, records);
  const strategies = createStrategies({ prompts: loadPrompts('prompts') });
  const model = inPieces(
    createScriptedModel({
      id: 'tiny',
      capabilities: { constraints: ['json_object', 'json_schema'] },
      script: () => ({ thought: markedThought, answer: 'It is 42.' }),
    }),
  );
  const consumer = await queue.consume({ concurrency: 8, models: ['tiny'] }, (lease) =>
    runResponse(lease, {
      models: new Map([[model.id, model]]),
      strategies,
      effortTable: () => table,
      summarise,
      seal: sealer.seal,
      now: Date.now,
      log,
    }),
  );
  startApi({
    environment,
    listening,
    queue,
    catalog,
    records,
    sealer,
    keyLimits,
    strategies,
    console: undefined,
    evaluations: async () => [],
    operations: {},
    webhooks: {
      settings: createWebhookSettings({ records, sealer, given: undefined, now: Date.now }),
      deliveries: queue.deliveries,
      refusal: (url) => webhookRefusal(url, environment),
    },
    tools: { toolRefusal: async () => undefined },
    modelsReady: () => true,
    log,
  });
  const { secret } = await createKeyStore({ records, now: Date.now }).create({ name: 'attacker' });
  return {
    url: new URL(listening.url),
    secret,
    logged,
    async close() {
      await Promise.all([listening.close({ graceMs: 200 }), consumer.close({ drainMs: 1_000 })]);
      await queue.close();
      keyLimits.close();
      await records.close();
      await data.remove();
    },
  };
}

export type HostileService = Awaited<ReturnType<typeof startHostileService>>;
