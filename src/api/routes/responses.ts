import { type Context, Hono } from 'hono';
import { CreateResponse } from '../../contracts/responses/create-response.ts';
import type { Job, JobSnapshot } from '../../contracts/responses/job.ts';
import { Response } from '../../contracts/responses/response.ts';
import { ResponseEvent } from '../../contracts/responses/response-event.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import { DeletedResponse, ResponseList } from '../../contracts/service/listings.ts';
import type { Pace } from '../../contracts/service/pace.ts';
import { ListQueryString, RetrieveQuery } from '../../contracts/service/query.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { joinConversation } from '../conversations/conversations.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { eventStream, eventStreamHeaders, paddedEvents, type ServerSentEvent, sseEvents } from '../event-stream.ts';
import { acceptedBefore, requestIdentity } from '../middleware/idempotency.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { endsOf } from '../pages.ts';
import { parseQuery, readJson, resumeAfter } from '../read-request.ts';
import { acceptResponse } from '../responses/accept-response.ts';
import { createAdmission } from '../responses/admission.ts';
import { createResponseRemoval } from '../responses/remove-response.ts';
import { responseEvents, terminalEvent, waitForEnd } from '../responses/response-events.ts';
import { findResponse, listedResponse, responseNotFound, responseView } from '../responses/response-view.ts';
import { requireThoughtScope } from '../responses/trace-view.ts';
import { waitingJson } from '../responses/waiting-json.ts';

type ApiContext = Context<ApiEnvironment>;

type StreamOptions = {
  ids: boolean;
  /** The response is cancelled when its reader goes away. */
  stops: boolean;
  after?: number | undefined;
  /** Absent: as the request that made the response asked. */
  pads?: boolean | undefined;
};

const described = describeRoutes({
  createResponse: {
    summary: 'Ask: waits for the answer, streams it, or returns at once with `background: true`',
    description:
      'Streams: with `include: ["reasoning.text"]` (scope `trace:full`) the first chain\'s thought comes as it is sampled, with `reasoning.summary` a part for each step as it ends; a stream that is idle gets a comment every 5 s. A request that waits longer than 5 s gets status 200 and a space every 5 s before the JSON; a failed response is an object with `status: "failed"`.\n\nWebSocket mode: open a WebSocket to this path and send this body with `type: "response.create"`, one response at a time. Each message brings the events of the stream, or `{"type": "error", "status", "error"}`.',
    body: CreateResponse,
    answer: Response,
    event: ResponseEvent,
    errors: [400, 404, 409, 413, 415, 429],
  },
  listResponses: {
    summary: 'Responses, newest first',
    query: ListQueryString,
    answer: ResponseList,
    errors: [400],
  },
  retrieveResponse: {
    summary: 'A response as it stands; `wait` holds until it ends, `stream` replays and follows its events',
    description:
      'With `wait`, after 5 s status 200 is sent, and a space every 5 s before the JSON. `Retry-After` is there while the response runs, unless the head was sent before.',
    query: RetrieveQuery,
    answer: Response,
    event: ResponseEvent,
    errors: [400, 404],
  },
  deleteResponse: {
    summary: 'Removes response, events and trace',
    answer: DeletedResponse,
    errors: [404],
  },
  cancelResponse: {
    summary: 'Cancels at the next token; a response that has ended comes back as it is',
    answer: Response,
    errors: [404],
  },
  answerNow: {
    summary: 'Ends the thinking and answers with the best result so far',
    answer: Response,
    errors: [404, 409],
  },
});

/** `/v1/responses`: create, list, retrieve, cancel, answer now, delete. */
export function createResponsesRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { queue, limits, log, sealer, cancelOnDisconnect } = dependencies;
  const admission = createAdmission(dependencies);
  const removal = createResponseRemoval(dependencies);
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', described.createResponse, async (c) => {
    const body = await readJson(c.req, limits);
    const caller = c.get('caller');
    const identity = requestIdentity(c.req.header('idempotency-key'), body, { caller, sealer });
    const before = identity && (await acceptedBefore(queue, identity));
    if (before) {
      // The process that accepted it may have died before it joined.
      await joinConversation(dependencies, before);
      return answer(c, before, 'again');
    }
    const known = { ...dependencies, ...remembered(c) };
    const { job } = await acceptResponse(body, caller, known, { identity, signal: c.req.raw.signal });
    const { created } = await admission.add(c, job);
    // Another request of the same key came first, this very moment: that one is the job.
    if (!created && identity) return answer(c, (await acceptedBefore(queue, identity)) ?? job, 'again');
    log.info({ request_id: c.get('requestId'), response_id: job.id, model: job.model }, 'response accepted');
    await joinConversation(dependencies, job);
    return answer(c, job, 'new');
  });

  routes.get('/', described.listResponses, async (c) => {
    const { limit = 20, ...query } = parseQuery(ListQueryString, c.req);
    const page = await queue.list({ owner: c.get('caller').owner, limit, ...defined(query) });
    const { scopes } = c.get('caller');
    const data = await Promise.all(
      page.jobs.map(async (snapshot) => listedResponse(snapshot, scopes, await paceOf(snapshot))),
    );
    return c.json({ object: 'list', data, ...endsOf(data), has_more: page.hasMore } satisfies ResponseList);
  });

  routes.get('/:id', described.retrieveResponse, async (c) => {
    const query = parseQuery(RetrieveQuery, c.req);
    const after = resumeAfter(c.req, query.starting_after);
    const { job, terminal } = await findResponse(queue, c.req.param('id'), c.get('caller'));
    if (query.stream) {
      requireThoughtScope(job, c.get('caller').scopes);
      return stream(c, job, { ids: true, stops: false, after, pads: query.include_obfuscation });
    }
    if (!query.wait || terminal) return show(c, job.id);
    const gone = new AbortController();
    const ended = settle(c, job.id, Math.min(query.wait, limits.waitSeconds) * 1000, gone.signal);
    return hold(
      c,
      ended.then(() => shown(c, job.id)),
      () => gone.abort(),
    );
  });

  routes.delete('/:id', described.deleteResponse, async (c) => {
    const snapshot = await findResponse(queue, c.req.param('id'), c.get('caller'));
    const { id } = snapshot.job;
    if (!(await removal.remove(c, snapshot))) throw responseNotFound(id);
    return c.json({ id, object: 'response', deleted: true } satisfies DeletedResponse);
  });

  routes.post('/:id/cancel', described.cancelResponse, async (c) => {
    const { job } = await findResponse(queue, c.req.param('id'), c.get('caller'));
    const outcome = await queue.control(job.id, 'cancel');
    if (outcome === 'not_found') throw responseNotFound(job.id);
    // The worker stops at its next token; the answer shows the state that came of it.
    if (outcome === 'accepted') await settle(c, job.id, limits.cancelWaitMs);
    return show(c, job.id);
  });

  routes.post('/:id/answer_now', described.answerNow, async (c) => {
    const { job } = await findResponse(queue, c.req.param('id'), c.get('caller'));
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
    return show(c, job.id);
  });

  return routes;

  /** As the request asked. One that repeats another never stops it by going away. */
  function answer(c: ApiContext, job: Job, kind: 'new' | 'again') {
    const { request, background } = responseJob(job);
    const stops = cancelOnDisconnect && !background && kind === 'new';
    if (request.stream) return stream(c, job, { ids: false, stops });
    if (background) return kind === 'new' ? accepted(c, job) : show(c, job.id);
    return wait(c, job, stops);
  }

  /** As accepted: a worker may have begun by now, which the first poll tells. */
  async function accepted(c: ApiContext, job: Job) {
    const snapshot = await queue.get(job.id);
    c.header('retry-after', '1');
    const waits = snapshot?.status === 'queued' ? snapshot : { job, status: 'queued' as const, attempts: 0 };
    return c.json(responseView(waits, undefined, await paceOf(waits)) satisfies Response);
  }

  async function show(c: ApiContext, id: string) {
    return answerWith(c, await shown(c, id));
  }

  async function shown(c: ApiContext, id: string): Promise<Response> {
    const snapshot = await findResponse(queue, id, c.get('caller'));
    return responseView(snapshot, c.get('caller').scopes, await paceOf(snapshot));
  }

  function answerWith(c: ApiContext, response: Response) {
    if (response.status === 'queued' || response.status === 'in_progress') c.header('retry-after', '1');
    return c.json(response);
  }

  /** A failed response is an object like any other here, so the status is known to be 200 before the outcome is. */
  function hold(c: ApiContext, pending: Promise<Response>, onCancel: () => void) {
    return waitingJson(c, pending, {
      answer: (response) => answerWith(c, response),
      keepAliveMs: limits.keepAliveMs,
      log,
      onCancel,
    });
  }

  /** A guess at the time that is left is no reason to fail. */
  async function paceOf({ job, status }: JobSnapshot): Promise<Pace | undefined> {
    return status === 'queued' ? dependencies.pace?.of(job.model).catch(() => undefined) : undefined;
  }

  /** Holds until the response ends, the time is over or the client is gone. */
  function settle(c: ApiContext, id: string, ms: number, gone?: AbortSignal): Promise<void> {
    const signals = [c.req.raw.signal, ...(gone === undefined ? [] : [gone])];
    return waitForEnd(queue, id, { ms, signal: AbortSignal.any(signals) });
  }

  function wait(c: ApiContext, job: Job, stops: boolean) {
    const { id } = job;
    const gone = new AbortController();
    const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
    const ended = terminalEvent(queue, id, { signal }).then((end) => {
      if (end) return end.response;
      if (signal.aborted && stops) stop(id);
      return shown(c, id);
    });
    return hold(c, ended, () => gone.abort());
  }

  function stream(c: ApiContext, job: Job, options: StreamOptions) {
    const { id } = job;
    const gone = new AbortController();
    const after = options.after === undefined ? {} : { after: options.after };
    const { request } = responseJob(job);
    const plain = responseEvents(queue, job, { signal: gone.signal, ...after });
    const pads = options.pads ?? request.stream_options?.include_obfuscation ?? false;
    const events = pads ? paddedEvents(job.id, plain) : plain;
    const requestId = c.get('requestId');
    const chunks = sseEvents(events, { ids: options.ids, ...after, signal: gone.signal, log, requestId });
    const onCancel = () => {
      gone.abort();
      if (options.stops) stop(id);
    };
    // A client may be gone before its stream is first read: then no reader cancels it.
    if (c.req.raw.signal.aborted) onCancel();
    const keepAlive = c.req.header('originator')?.startsWith('codex') ? keepAliveEvent : undefined;
    const body = eventStream(chunks, { keepAliveMs: limits.keepAliveMs, keepAlive, onCancel });
    return c.body(body, 200, eventStreamHeaders);
  }

  function stop(id: string): void {
    log.info({ response_id: id }, 'client gone, response cancelled');
    queue.control(id, 'cancel').catch((error: unknown) => log.error({ err: error, response_id: id }, 'cancel failed'));
  }
}

/**
 * OpenAI's service sends it when a stream is silent for long. Codex gives up on a stream that brings no event for 5 minutes, and
 * its parser drops comments. Some other clients throw on it.
 */
const keepAliveEvent: ServerSentEvent = { event: 'keepalive', data: '{"type":"keepalive"}' };

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
