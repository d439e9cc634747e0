import { type Context, Hono } from 'hono';
import { CreateResponse } from '../../contracts/responses/create-response.ts';
import type { Job } from '../../contracts/responses/job.ts';
import { Response } from '../../contracts/responses/response.ts';
import { ResponseEvent } from '../../contracts/responses/response-event.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import { DeletedResponse, ResponseList } from '../../contracts/service/listings.ts';
import { ListQueryString, RetrieveQuery } from '../../contracts/service/query.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { joinConversation } from '../conversations/conversations.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { type Identity, requestIdentity } from '../middleware/idempotency.ts';
import { countRequest } from '../middleware/request-rate.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { listOf } from '../pages.ts';
import { parseQuery, readJson, resumeAfter } from '../read-request.ts';
import { acceptResponse } from '../responses/accept-response.ts';
import { type Admission, createAdmission } from '../responses/admission.ts';
import { createResponseRemoval, type ResponseRemoval } from '../responses/remove-response.ts';
import { waitForEnd } from '../responses/response-events.ts';
import { acceptedBefore, type Before, leaveResponse, noteCancel } from '../responses/response-readers.ts';
import { findResponse, listedResponse, responseNotFound } from '../responses/response-view.ts';
import {
  paceOf,
  sendAccepted,
  sendAfterWait,
  sendEnded,
  sendResponse,
  streamResponse,
} from '../responses/send-response.ts';

type ApiContext = Context<ApiEnvironment>;

const described = describeRoutes({
  createResponse: {
    summary: 'Creates a response: waits for the answer, streams it, or returns at once with `background: true`',
    description:
      'Streaming: with `include: ["reasoning.text"]` (scope `trace:full`), the first chain’s thought is streamed as it is sampled. With `reasoning.summary`, each step sends a summary part when it ends. An idle stream gets a comment every 5 s.\n\nWaiting: after 5 s the service sends status 200, then a space every 5 s before the JSON. A failed response is an object with `status: "failed"`.\n\nWebSocket mode: open a WebSocket to this path and send this body with `type: "response.create"`, one response at a time. Each message is answered with the events of the stream, or with `{"type": "error", "status", "error"}`.',
    body: CreateResponse,
    answer: Response,
    event: ResponseEvent,
    errors: [400, 404, 409, 413, 415, 429],
  },
  listResponses: {
    summary: 'Lists responses, newest first',
    query: ListQueryString,
    answer: ResponseList,
    errors: [400],
  },
  retrieveResponse: {
    summary:
      'Returns a response as it is now; `wait` waits until it ends, `stream` replays its events and follows them',
    description:
      'With `wait`, the service sends status 200 after 5 s, then a space every 5 s before the JSON. `Retry-After` is sent while the response runs, unless the headers were sent earlier.',
    query: RetrieveQuery,
    answer: Response,
    event: ResponseEvent,
    errors: [400, 404],
  },
  deleteResponse: {
    summary: 'Deletes a response with its events and trace',
    answer: DeletedResponse,
    errors: [404],
  },
  cancelResponse: {
    summary: 'Cancels a response at its next token; one that has ended is returned as it is',
    answer: Response,
    errors: [404],
  },
  answerNow: {
    summary: 'Ends the thinking and answers with the best result so far',
    answer: Response,
    errors: [404, 409],
  },
});

type Parts = ApiDependencies & { admission: Admission; removal: ResponseRemoval };

/** `/v1/responses`: create, list, retrieve, cancel, answer now, delete. */
export function createResponsesRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const admission = createAdmission(dependencies);
  const removal = createResponseRemoval(dependencies);
  const parts: Parts = { ...dependencies, admission, removal };
  const routes = new Hono<ApiEnvironment>();
  routes.post('/', described.createResponse, (c) => create(c, parts));
  routes.get('/', described.listResponses, (c) => list(c, parts));
  routes.get('/:id', described.retrieveResponse, (c) => retrieve(c, c.req.param('id'), parts));
  routes.delete('/:id', described.deleteResponse, (c) => remove(c, c.req.param('id'), parts));
  routes.post('/:id/cancel', described.cancelResponse, (c) => cancel(c, c.req.param('id'), parts));
  routes.post('/:id/answer_now', described.answerNow, (c) => answerNow(c, c.req.param('id'), parts));
  return routes;
}

async function create(c: ApiContext, parts: Parts) {
  const { limits, sealer } = parts;
  const body = await readJson(c.req, limits);
  const named = requestIdentity(c.req.header('idempotency-key'), body, { caller: c.get('caller'), sealer });
  return createOnce(c, body, named, parts);
}

/** Answers with the response that an earlier request with this identity has made, or else with a new one. */
async function createOnce(
  c: ApiContext,
  body: Readonly<Record<string, unknown>>,
  named: Identity | undefined,
  parts: Parts,
) {
  const { identity, before } = named === undefined ? {} : await acceptedBefore(named, parts);
  await countRequest(c, { isRepeated: before !== undefined });
  if (before) return answerAgain(c, before, parts);
  const known = { ...parts, ...remembered(c) };
  const { job } = await acceptResponse(body, c.get('caller'), known, { identity, signal: c.req.raw.signal });
  const { created } = await parts.admission.add(c, job);
  // Another request with the same key was faster.
  if (!created && identity) return createOnce(c, body, identity, parts);
  parts.log.info({ request_id: c.get('requestId'), response_id: job.id, model: job.model }, 'response accepted');
  await joinConversation(parts, job);
  return answer(c, job, 'new', parts);
}

async function answerAgain(c: ApiContext, { job, joined }: Before, parts: Parts) {
  try {
    // The process that accepted it may have died before it joined.
    await joinConversation(parts, job);
    return await answer(c, job, joined ? 'joined' : 'again', parts);
  } catch (error) {
    if (joined && parts.cancelOnDisconnect) leaveResponse(job, parts);
    throw error;
  }
}

/** As the request asked: streamed, at once or when it ends. `joined`: it waits for a response that an earlier request made and that still runs. */
function answer(c: ApiContext, job: Job, kind: 'new' | 'joined' | 'again', parts: Parts) {
  const { request, background } = responseJob(job);
  const stops = parts.cancelOnDisconnect && !background && kind !== 'again';
  if (request.stream) return streamResponse(c, job, { ids: false, stops }, parts);
  if (!background) return sendEnded(c, job, { stops }, parts);
  return kind === 'new' ? sendAccepted(c, job, parts) : sendResponse(c, job.id, parts);
}

async function list(c: ApiContext, parts: Parts) {
  const { limit = 20, ...query } = parseQuery(ListQueryString, c.req);
  const { owner, scopes } = c.get('caller');
  const page = await parts.queue.list({ owner, limit, ...defined(query) });
  const data = await Promise.all(
    page.jobs.map(async (snapshot) => listedResponse(snapshot, scopes, await paceOf(snapshot, parts))),
  );
  return c.json(listOf(data, page) satisfies ResponseList);
}

async function retrieve(c: ApiContext, given: string, parts: Parts) {
  const query = parseQuery(RetrieveQuery, c.req);
  const after = resumeAfter(c.req, query.starting_after);
  const { job, terminal } = await findResponse(parts.queue, given, c.get('caller'));
  if (query.stream) {
    return streamResponse(c, job, { ids: true, stops: false, after, pads: query.include_obfuscation }, parts);
  }
  if (!query.wait || terminal) return sendResponse(c, job.id, parts);
  return sendAfterWait(c, job.id, Math.min(query.wait, parts.limits.waitSeconds) * 1000, parts);
}

async function remove(c: ApiContext, given: string, { queue, removal }: Parts) {
  const snapshot = await findResponse(queue, given, c.get('caller'));
  const { id } = snapshot.job;
  if (!(await removal.remove(c, snapshot))) throw responseNotFound(id);
  return c.json({ id, object: 'response', deleted: true } satisfies DeletedResponse);
}

async function cancel(c: ApiContext, given: string, parts: Parts) {
  const { queue, records, limits } = parts;
  const { job, terminal, status } = await findResponse(queue, given, c.get('caller'));
  // One that is already cancelled, because its client was lost, is not run again either.
  if (terminal === undefined || status === 'cancelled') await noteCancel(records, job);
  const outcome = await queue.control(job.id, 'cancel');
  if (outcome === 'not_found') throw responseNotFound(job.id);
  // The worker stops at its next token; the answer shows the state after that.
  if (outcome === 'accepted') await waitForEnd(queue, job.id, { ms: limits.cancelWaitMs, signal: c.req.raw.signal });
  return sendResponse(c, job.id, parts);
}

async function answerNow(c: ApiContext, given: string, parts: Parts) {
  const { queue } = parts;
  const { job } = await findResponse(queue, given, c.get('caller'));
  const outcome = await queue.control(job.id, 'answer_now');
  if (outcome === 'not_found') throw responseNotFound(job.id);
  if (outcome === 'not_running') {
    throw new ServiceError({
      code: 'conflict',
      message: `The response '${job.id}' has not started to think yet.`,
      retryable: true,
    });
  }
  const snapshot = await findResponse(queue, job.id, c.get('caller'));
  if (snapshot.status === 'cancelled' || snapshot.status === 'failed') {
    throw new ServiceError({
      code: 'conflict',
      message: `The response '${job.id}' is ${snapshot.status}: it will not have an answer.`,
      retryable: false,
    });
  }
  return sendResponse(c, job.id, parts);
}

/** Bindings are there only for requests that came by a WebSocket, or by Node's server. */
function remembered(c: ApiContext): Pick<ApiEnvironment['Bindings'], 'remembered'> {
  const { remembered } = { ...c.env };
  return remembered === undefined ? {} : { remembered };
}

/** `undefined` inside an object is not the same as nothing there. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> };
function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, content]) => content !== undefined));
}
