import type { Context } from 'hono';
import { CreateMessage } from '../../../contracts/protocols/anthropic-message.ts';
import type { BatchEndpoint } from '../../../contracts/protocols/batch.ts';
import type { Job } from '../../../contracts/responses/job.ts';
import type { Response } from '../../../contracts/responses/response.ts';
import { invalidValue } from '../../../contracts/service/service-error.ts';
import type { ApiEnvironment } from '../../dependencies.ts';
import { parseBody } from '../../validation-error.ts';
import { chatCompletion } from '../chat-completions/chat-answer.ts';
import { parseChat, translateChat } from '../chat-completions/chat-request.ts';
import { messageOf } from '../messages/message-answer.ts';
import { translateMessage } from '../messages/message-request.ts';
import type { TranslatedRuns } from '../translated-runs.ts';
import type { Translation } from '../translation.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * The job of one request of a batch: in the background, behind all that somebody waits for.
 * @throws ServiceError of status 400, 403, 404 naming the field
 */
export async function batchJob(
  c: Context<ApiEnvironment>,
  runs: TranslatedRuns,
  { endpoint, body, id }: { endpoint: BatchEndpoint; body: Body; id: string },
): Promise<Job> {
  if (body['stream']) throw invalidValue('stream', 'not supported in a batch');
  const translation = translationOf(endpoint, body);
  const background = { ...translation, body: { ...translation.body, background: true, service_tier: undefined } };
  const { job } = await runs.accept(c, background, 'none');
  return { ...job, id, tier: 'flex' };
}

/** A response in the shape of the endpoint that was asked. */
export function batchAnswer(endpoint: BatchEndpoint, job: Job, response: Response): Record<string, unknown> {
  const run = { job, warnings: [], thoughts: 'none' as const };
  switch (endpoint) {
    case '/v1/responses':
      return response;
    case '/v1/chat/completions':
      return chatCompletion([run], [{ response, thoughts: [] }]);
    case '/v1/messages':
      return messageOf(run, { response, thoughts: [] });
    default:
      return endpoint satisfies never;
  }
}

function translationOf(endpoint: BatchEndpoint, body: Body): Translation {
  switch (endpoint) {
    case '/v1/responses':
      return { body: { ...body }, origins: new Map(), warnings: [] };
    case '/v1/chat/completions': {
      const request = parseChat(body);
      if ((request.n ?? 1) > 1) throw invalidValue('n', 'expected 1 in a batch');
      return translateChat(request, body);
    }
    case '/v1/messages':
      return translateMessage(parseBody(CreateMessage, body), body);
    default:
      return endpoint satisfies never;
  }
}
