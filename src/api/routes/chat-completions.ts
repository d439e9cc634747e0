import { Hono } from 'hono';
import type { ChatCompletion } from '../../contracts/chat-completion.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { eventStream, eventStreamHeaders } from '../event-stream.ts';
import { readJson } from '../read-json.ts';
import type { Thoughts } from '../translations/answer-pieces.ts';
import { chatCompletion } from '../translations/chat-answer.ts';
import { chatChunks } from '../translations/chat-chunks.ts';
import { chatEvents } from '../translations/chat-events.ts';
import { parseChat, translateChat } from '../translations/chat-request.ts';
import { createTranslatedRuns, type Run } from '../translations/translated-runs.ts';
import { anotherAnswer } from '../translations/translation.ts';

/** `/v1/chat/completions`: OpenAI's older shape. Each of its `n` answers is a response like any other. */
export function createChatCompletionsRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { catalog, limits, log } = dependencies;
  const runs = createTranslatedRuns(dependencies);
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', async (c) => {
    const body = await readJson(c.req, limits);
    const request = parseChat(body);
    const translation = translateChat(request, body);
    const thoughts: Thoughts = c.get('caller').scopes.trace === 'full' ? 'full' : 'none';
    const first = await runs.accept(c, translation, thoughts);
    const accepted: Run[] = [first];
    for (let index = 1; index < (request.n ?? 1); index += 1) {
      const { temperature } = catalog.effortTable(first.job.model);
      const next = anotherAnswer(translation, { index, temperature });
      accepted.push(await runs.accept(c, next, thoughts));
    }
    await runs.start(c, accepted);
    if (!request.stream) {
      const settled = await Promise.all(accepted.map((run) => runs.settle(c, run)));
      return c.json(chatCompletion(accepted, settled) satisfies ChatCompletion);
    }
    const gone = new AbortController();
    const sources = accepted.map((run) => runs.pieces(run, { signal: gone.signal }));
    const includeUsage = request.stream_options?.include_usage === true;
    const chunks = chatChunks(accepted, sources, { includeUsage });
    const onCancel = () => {
      gone.abort();
      runs.abandon(accepted);
    };
    if (c.req.raw.signal.aborted) onCancel();
    const events = chatEvents(chunks, { signal: gone.signal, log, requestId: c.get('requestId') });
    return c.body(eventStream(events, { keepAliveMs: limits.keepAliveMs, onCancel }), 200, eventStreamHeaders);
  });

  return routes;
}
