import { Hono } from 'hono';
import {
  CountMessageTokens,
  CreateMessage,
  Message,
  MessageError,
  MessageEvent,
  MessageTokensCount,
} from '../../../contracts/protocols/anthropic-message.ts';
import { responseJob } from '../../../contracts/responses/response-job.ts';
import type { ApiDependencies, ApiEnvironment } from '../../dependencies.ts';
import { asServiceError, createOnError } from '../../errors.ts';
import { eventStream, eventStreamHeaders, type ServerSentEvent } from '../../event-stream.ts';
import { describeRoutes } from '../../openapi/describe-routes.ts';
import { readJson } from '../../read-request.ts';
import { createAdmission } from '../../responses/admission.ts';
import { parseBody } from '../../validation-error.ts';
import { createTranslatedRuns } from '../translated-runs.ts';
import { messageEvents, messageOf } from './message-answer.ts';
import { messageError } from './message-error.ts';
import { translateMessage, translateMessagePrompt, wantedThoughts } from './message-request.ts';

const described = describeRoutes({
  createMessage: {
    summary: 'Anthropic’s Messages API on the same engine; errors in its form',
    body: CreateMessage,
    answer: Message,
    event: MessageEvent,
    error: MessageError,
    errors: [400, 404, 413, 415, 429],
  },
  countMessageTokens: {
    summary: 'Counts the tokens of a message request without running it; they count towards the key’s tokens per day',
    body: CountMessageTokens,
    answer: MessageTokensCount,
    error: MessageError,
    errors: [400, 404, 413, 415, 429],
  },
});

/** `/v1/messages`: Anthropic's shape. A message is a response like any other. */
export function createMessagesRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { limits, log } = dependencies;
  const runs = createTranslatedRuns(dependencies);
  const admission = createAdmission(dependencies);
  const routes = new Hono<ApiEnvironment>();
  routes.onError(createOnError(log, messageError));

  routes.post('/', described.createMessage, async (c) => {
    const body = await readJson(c.req, limits);
    const request = parseBody(CreateMessage, body);
    const thoughts = wantedThoughts(request, c.get('caller').scopes.trace);
    const run = await runs.accept(c, translateMessage(request, body), thoughts, request.stream);
    await runs.start(c, [run]);
    if (!request.stream) return c.json(messageOf(run, await runs.settle(c, run)) satisfies Message);
    const { pieces, signal, onCancel } = runs.reader(c, [run]);
    const events = messageStream(messageEvents(run, pieces(run)), signal, c.get('requestId'));
    return c.body(eventStream(events, { keepAliveMs: limits.keepAliveMs, onCancel }), 200, eventStreamHeaders);
  });

  routes.post('/count_tokens', described.countMessageTokens, async (c) => {
    const request = parseBody(CountMessageTokens, await readJson(c.req, limits));
    const { job } = await runs.accept(c, translateMessagePrompt(request), 'none');
    const { input_tokens } = responseJob(job);
    await admission.count(c, input_tokens);
    return c.json({ input_tokens });
  });

  return routes;

  async function* messageStream(
    events: AsyncIterable<MessageEvent>,
    signal: AbortSignal,
    requestId: string,
  ): AsyncGenerator<ServerSentEvent, void, void> {
    try {
      for await (const event of events) yield { event: event.type, data: JSON.stringify(event) };
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error, request_id: requestId }, 'a message stream broke');
      yield { event: 'error', data: JSON.stringify(messageError(asServiceError(error), requestId)) };
    }
  }
}
