import type { ApiDependencies } from '../../../src/api/dependencies.ts';
import type { CreatedApiKey, NewApiKey } from '../../../src/contracts/service/api-key.ts';
import { createKeyStore } from '../../../src/store/key-store.ts';
import { createRequestLimiter } from '../../../src/store/request-limiter.ts';
import { createUsageLedger } from '../../../src/store/usage-ledger.ts';
import { createWebhookSettings } from '../../../src/store/webhook-settings.ts';
import { createMemoryRecords } from '../../support/memory-records.ts';
import { createApi, createWorkingApi, sealer } from './fixture.ts';
import type { scriptedWorker } from './scripted-worker.ts';

/** Noon of a day in UTC, epoch ms. */
const noon = Date.parse('2026-11-24T12:00:00Z');

/** The app with keys and their limits; `as` asks with a secret. `script`: a worker that answers. */
export async function createKeyedApi(
  options: {
    script?: Parameters<typeof scriptedWorker>[0];
    overrides?: Partial<ApiDependencies>;
    webhookSecret?: string;
  } = {},
) {
  const records = createMemoryRecords();
  const clock = { ms: noon };
  const now = () => clock.ms;
  const keys = createKeyStore({ records, now });
  const ledger = createUsageLedger({ change: records.update, now });
  const overrides = {
    records,
    keys,
    ledger,
    requestLimiter: createRequestLimiter(),
    webhooks: {
      settings: createWebhookSettings({ records, sealer, given: options.webhookSecret, now }),
      deliveries: { of: async () => [], list: async () => ({ data: [], hasMore: false }), forget: async () => {} },
      refusal: () => undefined,
    },
    now,
    ...options.overrides,
  };
  const api = options.script ? await createWorkingApi(options.script, overrides) : createApi(overrides);
  const create = (wanted: Partial<NewApiKey> = {}): Promise<CreatedApiKey> => keys.create({ name: 'test', ...wanted });
  /** A request with a secret; a body makes it a POST of JSON. */
  const as = (secret: string, path: string, body?: unknown, init: RequestInit = {}) =>
    api.app.request(path, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      ...init,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers,
      },
    });
  return { ...api, keys, ledger, clock, create, as };
}
