import type { Context } from 'hono';
import type { Job, JobSnapshot } from '../../contracts/responses/job.ts';
import type { Response } from '../../contracts/responses/response.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import type { Pace } from '../../contracts/service/pace.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { eventStream, eventStreamHeaders, paddedEvents, type ServerSentEvent, sseEvents } from '../event-stream.ts';
import { responseEvents, terminalEvent, waitForEnd } from './response-events.ts';
import { leaveResponse } from './response-readers.ts';
import { findResponse, responseView, visibleResponse } from './response-view.ts';
import { requireThoughtScope } from './trace-view.ts';
import { waitingJson } from './waiting-json.ts';

type ApiContext = Context<ApiEnvironment>;
type SendDependencies = Pick<ApiDependencies, 'queue' | 'records' | 'limits' | 'log' | 'pace' | 'keepOpen'>;

/** The response as it is now. */
export async function sendResponse(c: ApiContext, id: string, dependencies: SendDependencies) {
  return asJson(c, await currentResponse(c, id, dependencies));
}

/** A response that was just accepted. A worker may have started it already, which only the first poll shows. */
export async function sendAccepted(c: ApiContext, job: Job, dependencies: SendDependencies) {
  const snapshot = await dependencies.queue.get(job.id);
  c.header('retry-after', '1');
  const waits = snapshot?.status === 'queued' ? snapshot : { job, status: 'queued' as const, attempts: 0 };
  return c.json(responseView(waits, undefined, await paceOf(waits, dependencies)) satisfies Response);
}

/** The response once it has ended. `stops`: it is cancelled if its last reader disconnects. */
export function sendEnded(c: ApiContext, job: Job, { stops }: { stops: boolean }, dependencies: SendDependencies) {
  const { id } = job;
  const gone = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
  const ended = terminalEvent(dependencies.queue, id, { signal }).then((end) => {
    // A request that repeats another may come with a key of fewer scopes.
    if (end) return visibleResponse(end.response, c.get('caller').scopes);
    if (signal.aborted && stops) leaveResponse(job, dependencies);
    return currentResponse(c, id, dependencies);
  });
  // It notices the loss only after the body that waits for it has ended.
  dependencies.keepOpen?.(ended);
  return sendWaiting(c, ended, gone, dependencies);
}

/** The response as it is when it ends, or after `ms` if that is earlier. */
export function sendAfterWait(c: ApiContext, id: string, ms: number, dependencies: SendDependencies) {
  const gone = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
  const shown = waitForEnd(dependencies.queue, id, { ms, signal }).then(() => currentResponse(c, id, dependencies));
  return sendWaiting(c, shown, gone, dependencies);
}

/** A failed response is an object like any other here, so the status is known to be 200 before the outcome is. */
function sendWaiting(c: ApiContext, pending: Promise<Response>, gone: AbortController, options: SendDependencies) {
  return waitingJson(c, pending, {
    answer: (response) => asJson(c, response),
    keepAliveMs: options.limits.keepAliveMs,
    log: options.log,
    onCancel: () => gone.abort(),
  });
}

/**
 * The response's events, live, as server-sent events.
 * @throws ServiceError `insufficient_scope` if they contain thoughts that the caller may not see
 */
export function streamResponse(
  c: ApiContext,
  job: Job,
  options: {
    /** Events carry their numbers as ids, so that a browser can resume. */
    ids: boolean;
    /** The response is cancelled if its last reader disconnects. */
    stops: boolean;
    after?: number | undefined;
    /** Absent: as the request that made the response asked. */
    pads?: boolean | undefined;
  },
  dependencies: SendDependencies,
) {
  const { queue, limits, log } = dependencies;
  const { id } = job;
  requireThoughtScope(job, c.get('caller').scopes);
  const gone = new AbortController();
  const after = options.after === undefined ? {} : { after: options.after };
  const { request } = responseJob(job);
  const plain = responseEvents(queue, job, { signal: gone.signal, ...after });
  const pads = options.pads ?? request.stream_options?.include_obfuscation ?? false;
  const events = pads ? paddedEvents(id, plain) : plain;
  const requestId = c.get('requestId');
  const chunks = sseEvents(events, { ids: options.ids, ...after, signal: gone.signal, log, requestId });
  const onCancel = () => {
    if (gone.signal.aborted) return;
    gone.abort();
    if (options.stops) leaveResponse(job, dependencies);
  };
  // A client may be gone before its stream is first read: then no reader cancels it.
  if (c.req.raw.signal.aborted) onCancel();
  const keepAlive = c.req.header('originator')?.startsWith('codex') ? keepAliveEvent : undefined;
  const body = eventStream(chunks, { keepAliveMs: limits.keepAliveMs, keepAlive, onCancel });
  return c.body(body, 200, eventStreamHeaders);
}

/**
 * OpenAI's service sends it when a stream is silent for long. Codex gives up on a stream that brings no event for 5 minutes, and
 * its parser drops comments. Some other clients throw on it.
 */
const keepAliveEvent: ServerSentEvent = { event: 'keepalive', data: '{"type":"keepalive"}' };

async function currentResponse(c: ApiContext, id: string, dependencies: SendDependencies): Promise<Response> {
  const snapshot = await findResponse(dependencies.queue, id, c.get('caller'));
  return responseView(snapshot, c.get('caller').scopes, await paceOf(snapshot, dependencies));
}

function asJson(c: ApiContext, response: Response) {
  if (response.status === 'queued' || response.status === 'in_progress') c.header('retry-after', '1');
  return c.json(response);
}

/** How long responses of its model take, while it is queued. An estimate is no reason to fail. */
export async function paceOf(
  { job, status }: Pick<JobSnapshot, 'job' | 'status'>,
  { pace }: Pick<ApiDependencies, 'pace'>,
): Promise<Pace | undefined> {
  return status === 'queued' ? pace?.of(job.model).catch(() => undefined) : undefined;
}
