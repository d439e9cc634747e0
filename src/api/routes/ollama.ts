import { Hono } from 'hono';
import {
  OllamaChatRequest,
  type OllamaChatResponse,
  type OllamaShow,
  OllamaShowRequest,
  type OllamaTags,
} from '../../contracts/ollama-chat.ts';
import { ServiceError } from '../../contracts/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { asServiceError, createOnError } from '../on-error.ts';
import { readJson } from '../read-json.ts';
import { resolveModel } from '../resolve-reasoning.ts';
import { lineStream } from '../translations/line-stream.ts';
import { idleLine, joinedLines, ollamaLines } from '../translations/ollama-answer.ts';
import { ollamaShow, ollamaTag, ollamaVersion } from '../translations/ollama-models.ts';
import { modelName, translateOllama } from '../translations/ollama-request.ts';
import { createTranslatedRuns } from '../translations/translated-runs.ts';
import { parseBody } from '../validation-error.ts';

/** `/api`: Ollama's shape, as far as its clients need it to chat. An answer is a response like any other. */
export function createOllamaRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { catalog, limits, log, now } = dependencies;
  const runs = createTranslatedRuns(dependencies);
  const routes = new Hono<ApiEnvironment>();
  routes.onError(createOnError(log, ({ message }) => ({ error: message })));

  routes.post('/chat', async (c) => {
    const body = await readJson(c.req, limits);
    const request = parseBody(OllamaChatRequest, body);
    if ((request.messages ?? []).length === 0) return c.json(loaded(modelName(request.model)));
    const shows = request.think !== false && c.get('caller').scopes.trace === 'full';
    const run = await runs.accept(c, translateOllama(request, body), shows ? 'full' : 'none');
    await runs.start(c, [run]);
    const gone = new AbortController();
    const lines = ollamaLines(run, runs.pieces(run, { signal: gone.signal }), { now });
    const onCancel = () => {
      gone.abort();
      runs.abandon([run]);
    };
    const { signal } = c.req.raw;
    if (signal.aborted) onCancel();
    if (request.stream !== false) {
      const options = { idleMs: limits.keepAliveMs, idle: () => idleLine(run, { now }), onCancel };
      const stream = lineStream(failingLast(lines, gone.signal), options);
      return c.body(stream, 200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-cache, no-transform' });
    }
    signal.addEventListener('abort', onCancel, { once: true });
    const answer = await joinedLines(lines);
    signal.removeEventListener('abort', onCancel);
    if (answer) return c.json(answer satisfies OllamaChatResponse);
    throw new ServiceError({ code: 'conflict', message: 'The client went away.' });
  });

  routes.get('/tags', (c) => c.json({ models: catalog.list().map(ollamaTag) } satisfies OllamaTags));

  routes.get('/version', (c) => c.json({ version: ollamaVersion }));

  routes.post('/show', async (c) => {
    const given = parseBody(OllamaShowRequest, await readJson(c.req, limits));
    const name = given.model ?? given.name;
    if (name === undefined) {
      throw new ServiceError({
        code: 'missing_required_parameter',
        message: "Missing required parameter: 'model'.",
        param: 'model',
      });
    }
    return c.json(ollamaShow(resolveModel(catalog, modelName(name)).card) satisfies OllamaShow);
  });

  return routes;

  function loaded(model: string): OllamaChatResponse {
    const { card } = resolveModel(catalog, model);
    const created_at = new Date(now()).toISOString();
    const message = { role: 'assistant' as const, content: '' };
    return { model: card.id, created_at, message, done: true, done_reason: 'load' };
  }

  /** A failure is one more line, in the form that Ollama's clients throw on. */
  async function* failingLast(lines: AsyncIterable<object>, signal: AbortSignal): AsyncGenerator<object, void, void> {
    try {
      yield* lines;
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error }, 'an Ollama stream broke');
      yield { error: asServiceError(error).message };
    }
  }
}
