import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import pino from 'pino';
import type { ApiDependencies } from '../../src/api/dependencies.ts';
import type { NewApiKey } from '../../src/contracts/service/api-key.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { openConsole } from '../../src/entry/http/open-console.ts';
import { createKeyStore } from '../../src/store/key-store.ts';
import { createRequestLimiter } from '../../src/store/request-limiter.ts';
import { createUsageLedger } from '../../src/store/usage-ledger.ts';
import type { WorkerDependencies } from '../../src/worker/dependencies.ts';
import { card, catalog, table } from '../api/responses/fixture.ts';
import { listeningService } from '../support/listening-service.ts';
import { createMemoryRecords } from '../support/memory-records.ts';
import { createScriptedModel, type Script } from '../support/scripted-language-model.ts';

type ScriptedConsole = {
  url: string;
  /** The secret of a new key; from the first on, the service asks for one. */
  makeKey(scopes: NewApiKey['scopes'], limits?: Pick<NewApiKey, 'requests_per_minute'>): Promise<string>;
  stop(): Promise<void>;
};

/** One chain; three chains, which must agree. Arithmetic is checked. */
const low = { ...table.levels.low, budget_tokens: 12_000, checks: [{ type: 'arithmetic' }] };
const medium = { ...low, budget_tokens: 40_000, samples: 3, agree: 2, wave: 3 };

/**
 * `tiny` answers, and takes `inputs`; `other` stands in the list alone, and reads text. The real console, API and worker over a queue in memory, with a scripted model that says at most `tokensPerSecond` (each
 * chain; default: as fast as it can). For suites of the page itself: nothing of the model's speed or mood is in them.
 */
export async function scriptedConsole(
  script: Script,
  {
    tokensPerSecond,
    holds,
    inputs = ['text'],
    openTool,
    ...overrides
  }: {
    tokensPerSecond?: number;
    /** Awaited behind each word of the model: a test holds it back there. */
    holds?: (word: string) => Promise<void>;
    inputs?: ('text' | 'image')[];
  } & Pick<WorkerDependencies, 'openTool'> &
    Partial<ApiDependencies> = {},
): Promise<ScriptedConsole> {
  const model = createScriptedModel({ id: 'tiny', contextLength: 100_000, script });
  const records = createMemoryRecords();
  const keys = createKeyStore({ records, now: Date.now });
  const files = await openConsole({ log: pino({ level: 'silent' }) });
  if (files === undefined) throw new Error('The console was not built.');
  // Less than the budget of `medium`.
  const other = { ...card, id: 'other', context_length: 30_000 };
  const shown = { ...other, id: card.id, context_length: 100_000, capabilities: { ...card.capabilities, inputs } };
  const given: Partial<ApiDependencies> = {
    console: files,
    records,
    keys,
    ledger: createUsageLedger({ change: records.update, now: Date.now }),
    requestLimiter: createRequestLimiter(),
    now: Date.now,
    newId: () => randomUUID().replaceAll('-', ''),
    defaults: { effort: 'medium', answerTokens: 8_000 },
    catalog: {
      ...catalog,
      list: () => [shown, other],
      get: (id) => [shown, other].find((one) => one.id === id),
      effortTable: () => ({ ...table, natural_tokens: 6_000, levels: { ...table.levels, low, medium, high: medium } }),
    },
    ...overrides,
  };
  const service = await listeningService(
    tokensPerSecond === undefined ? model : paced(model, tokensPerSecond, holds),
    given,
    openTool === undefined ? {} : { tools: { openTool } },
  );
  return {
    url: service.url,
    makeKey: async (scopes, limits) => (await keys.create({ name: 'test', scopes, ...limits })).secret,
    stop: () => service.close(),
  };
}

/** The same model at the speed of a real one: so many of its tokens a second, in bursts as a network brings them. */
function paced(model: LanguageModel, tokensPerSecond: number, holds?: (word: string) => Promise<void>): LanguageModel {
  const burst = Math.max(1, Math.round(tokensPerSecond / 30));
  return {
    ...model,
    async *generate(...given) {
      let said = 0;
      const from = Date.now();
      for await (const event of model.generate(...given)) {
        yield event;
        if (event.type !== 'thinking-delta' && event.type !== 'answer-delta') continue;
        said += 1;
        await holds?.(event.text);
        const due = from + (1000 * said) / tokensPerSecond;
        if (said % burst === 0 && due > Date.now()) await wait(due - Date.now());
      }
    },
  };
}
