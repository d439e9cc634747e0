import { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import type { ApiDependencies, ApiEnvironment } from '../../../src/api/dependencies.ts';
import { createChatCompletionsRoutes } from '../../../src/api/protocols/chat-completions/chat-routes.ts';
import { createMessagesRoutes } from '../../../src/api/protocols/messages/message-routes.ts';
import { createOllamaRoutes } from '../../../src/api/protocols/ollama/ollama-routes.ts';
import { responseJob } from '../../../src/contracts/responses/response-job.ts';
import { allScopes, type KeyScopes } from '../../../src/contracts/service/key-scopes.ts';
import type { ModelCatalog } from '../../../src/contracts/service/model-card.ts';
import { card, createApi, catalog as ofTwoModels } from '../responses/fixture.ts';
import { type WireScript, wireWorker } from './wire-worker.ts';

/** The app with a worker that writes `script`; `jobs` are the bodies of what it was given. */
export async function createTranslatingApi(script: WireScript, overrides: Partial<ApiDependencies> = {}) {
  const api = createApi({ catalog, ...overrides });
  const jobs: ReturnType<typeof responseJob>[] = [];
  const worker = wireWorker(script);
  await api.queue.consume({ concurrency: 4, models: ['tiny'] }, async (lease) => {
    jobs.push(responseJob(lease.job));
    await worker(lease);
  });
  return { ...api, jobs, postAs };

  /** The same routes, asked with a key that may see this much of the thoughts. */
  async function postAs(trace: KeyScopes['trace'], path: string, body: unknown): Promise<Response> {
    const { dependencies } = api;
    const app = new Hono<ApiEnvironment>();
    app.use(requestId());
    app.use(async function identify(c, next) {
      c.set('caller', { owner: null, scopes: { ...allScopes, trace } });
      await next();
    });
    app.route('/v1/chat/completions', createChatCompletionsRoutes(dependencies));
    app.route('/v1/messages', createMessagesRoutes(dependencies));
    app.route('/api', createOllamaRoutes(dependencies));
    const headers = { 'content-type': 'application/json' };
    return app.request(path, { method: 'POST', body: JSON.stringify(body), headers });
  }
}

/** The one model, so that lists hold nothing else. */
const catalog: ModelCatalog = {
  ...ofTwoModels,
  list: () => [card],
  get: (id) => (id === card.id ? card : undefined),
};
