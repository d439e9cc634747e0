import { type Context, Hono } from 'hono';
import { OllamaEmbeddings, OllamaEmbedRequest } from '../../../contracts/protocols/embedding.ts';
import {
  OllamaChatRequest,
  OllamaChatResponse,
  OllamaError,
  OllamaGenerateRequest,
  OllamaGenerateResponse,
  OllamaRunning,
  OllamaShow,
  OllamaShowRequest,
  OllamaTags,
  OllamaVersion,
} from '../../../contracts/protocols/ollama-chat.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment, ApiLog } from '../../dependencies.ts';
import { asServiceError, createOnError } from '../../errors.ts';
import { lineStream } from '../../event-stream.ts';
import { mayBeFromPage } from '../../middleware/cross-origin.ts';
import { describeRoutes } from '../../openapi/describe-routes.ts';
import { readJson } from '../../read-request.ts';
import { type Admission, createAdmission } from '../../responses/admission.ts';
import { resolveModel } from '../../responses/resolve-reasoning.ts';
import { embeddingsOf } from '../../routes/embeddings.ts';
import { parseBody } from '../../validation-error.ts';
import { createTranslatedRuns, type TranslatedRuns } from '../translated-runs.ts';
import type { Translation } from '../translation.ts';
import { asGenerated, idleLine, joinedLines, ollamaLines } from './ollama-answer.ts';
import { ollamaRunning, ollamaShow, ollamaTag, ollamaVersion } from './ollama-models.ts';
import { modelName, translateGenerate, translateOllama } from './ollama-request.ts';

type ApiContext = Context<ApiEnvironment>;

const described = describeRoutes({
  ollamaEmbed: {
    summary: 'Returns embeddings in Ollama’s form; 404 for a model that makes none',
    body: OllamaEmbedRequest,
    answer: OllamaEmbeddings,
    error: OllamaError,
    errors: [400, 404, 413, 415, 429],
  },
  ollamaChat: {
    summary: 'Ollama’s chat API on the same engine: JSON lines, unless `stream` is false; errors in its form',
    body: OllamaChatRequest,
    answer: OllamaChatResponse,
    lineType: 'application/x-ndjson',
    error: OllamaError,
    errors: [400, 404, 413, 415, 429],
  },
  ollamaGenerate: {
    summary:
      'Ollama’s generate API, with one text instead of messages: JSON lines, unless `stream` is false; errors in its form',
    body: OllamaGenerateRequest,
    answer: OllamaGenerateResponse,
    lineType: 'application/x-ndjson',
    error: OllamaError,
    errors: [400, 404, 413, 415, 429],
  },
  ollamaRunning: {
    summary: 'Lists the loaded models, in Ollama’s form; all models stay loaded',
    answer: OllamaRunning,
    error: OllamaError,
    errors: [],
  },
  ollamaTags: {
    summary: 'Lists the models, in Ollama’s form',
    answer: OllamaTags,
    error: OllamaError,
    errors: [],
  },
  ollamaVersion: {
    summary: 'The version of Ollama’s API that is supported',
    answer: OllamaVersion,
    error: OllamaError,
    errors: [],
  },
  ollamaShow: {
    summary: 'Returns one model, in Ollama’s form',
    body: OllamaShowRequest,
    answer: OllamaShow,
    error: OllamaError,
    errors: [400, 404, 413, 415],
  },
});

type Parts = ApiDependencies & { runs: TranslatedRuns; admission: Admission };

/** `/api`: Ollama's shape, as far as its clients need it to ask. An answer is a response like any other. */
export function createOllamaRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { catalog, log } = dependencies;
  const runs = createTranslatedRuns(dependencies);
  const parts: Parts = { ...dependencies, runs, admission: createAdmission(dependencies) };
  const routes = new Hono<ApiEnvironment>();
  routes.onError(createOnError(log, ({ message }) => ({ error: message })));
  routes.post('/chat', described.ollamaChat, (c) => chat(c, parts));
  routes.post('/generate', described.ollamaGenerate, (c) => generate(c, parts));
  routes.post('/embed', described.ollamaEmbed, (c) => embed(c, parts));
  routes.get('/ps', described.ollamaRunning, (c) =>
    c.json({ models: catalog.list().map(ollamaRunning) } satisfies OllamaRunning),
  );
  routes.get('/tags', described.ollamaTags, (c) =>
    c.json({ models: catalog.list().map(ollamaTag) } satisfies OllamaTags),
  );
  routes.get('/version', described.ollamaVersion, (c) => c.json({ version: ollamaVersion }));
  routes.post('/show', described.ollamaShow, (c) => show(c, parts));
  return routes;
}

/**
 * Ollama's clients, and `curl -d`, send no content type or a form's. A page of another site could send the same without a
 * preflight request, so requests that may come from one need the content type.
 */
function read({ req }: ApiContext, { limits, allowedOrigins = [] }: Parts) {
  return readJson(req, limits, { anyType: !allowedOrigins.includes('*') && !mayBeFromPage(req) });
}

async function chat(c: ApiContext, parts: Parts) {
  const body = await read(c, parts);
  const request = parseBody(OllamaChatRequest, body);
  if ((request.messages ?? []).length === 0) return c.json(loaded(request, parts) satisfies OllamaChatResponse);
  const shaped = (line: OllamaChatResponse) => line;
  return answer(c, request, { translation: translateOllama(request, body), shaped }, parts);
}

async function generate(c: ApiContext, parts: Parts) {
  const body = await read(c, parts);
  const request = parseBody(OllamaGenerateRequest, body);
  const translation = translateGenerate(request, body);
  const asks = request.prompt || (request.images ?? []).length > 0;
  if (!asks) return c.json(asGenerated(loaded(request, parts)) satisfies OllamaGenerateResponse);
  return answer(c, request, { translation, shaped: asGenerated }, parts);
}

/** A request without a question only loads the model, which is always loaded here. */
function loaded({ model }: Pick<OllamaChatRequest, 'model'>, { catalog, now }: Parts): OllamaChatResponse {
  const { card } = resolveModel(catalog, modelName(model));
  const created_at = new Date(now()).toISOString();
  const message = { role: 'assistant' as const, content: '' };
  return { model: card.id, created_at, message, done: true, done_reason: 'load' };
}

async function embed(c: ApiContext, parts: Parts) {
  const { model, ...asked } = parseBody(OllamaEmbedRequest, await read(c, parts));
  const request = { ...asked, model: modelName(model), encoding_format: 'float' as const };
  const { data, usage, ...made } = await embeddingsOf(c, request, parts);
  const embeddings = data.map(({ embedding }) => (typeof embedding === 'string' ? [] : embedding));
  return c.json({ model: made.model, embeddings, prompt_eval_count: usage.prompt_tokens } satisfies OllamaEmbeddings);
}

async function show(c: ApiContext, parts: Parts) {
  const given = parseBody(OllamaShowRequest, await read(c, parts));
  const name = given.model ?? given.name;
  if (name === undefined) {
    throw new ServiceError({
      code: 'missing_required_parameter',
      message: "Missing required parameter: 'model'.",
      param: 'model',
    });
  }
  return c.json(ollamaShow(resolveModel(parts.catalog, modelName(name)).card) satisfies OllamaShow);
}

/** JSON lines, or one JSON object if `stream` is false. `shaped` gives a line the form of the route. */
async function answer(
  c: ApiContext,
  { think, stream }: Pick<OllamaChatRequest, 'think' | 'stream'>,
  { translation, shaped }: { translation: Translation; shaped(line: OllamaChatResponse): object },
  { runs, now, limits, log }: Parts,
): Promise<Response> {
  const shows = think !== false && c.get('caller').scopes.trace === 'full';
  const run = await runs.accept(c, translation, shows ? 'full' : 'none', stream !== false);
  await runs.start(c, [run]);
  const { pieces, signal, onCancel } = runs.reader(c, [run]);
  const lines = ollamaLines(run, pieces(run), { now });
  if (stream !== false) {
    const idle = { ms: limits.keepAliveMs, line: () => shaped(idleLine(run, { now })) };
    const written = lineStream(failingLast(lines, { shaped, signal, log }), { idle, onCancel });
    return c.body(written, 200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-cache, no-transform',
    });
  }
  const { signal: connection } = c.req.raw;
  connection.addEventListener('abort', onCancel, { once: true });
  const whole = await joinedLines(lines);
  connection.removeEventListener('abort', onCancel);
  if (whole) return c.json(shaped(whole));
  throw new ServiceError({ code: 'conflict', message: 'The client disconnected.' });
}

/** A failure is one more line, in the form that Ollama's clients throw on. */
async function* failingLast(
  lines: AsyncIterable<OllamaChatResponse>,
  { shaped, signal, log }: { shaped(line: OllamaChatResponse): object; signal: AbortSignal; log: ApiLog },
): AsyncGenerator<object, void, void> {
  try {
    for await (const line of lines) yield shaped(line);
  } catch (error) {
    if (signal.aborted) return;
    log.error({ err: error }, 'an Ollama stream broke');
    yield { error: asServiceError(error).message };
  }
}
