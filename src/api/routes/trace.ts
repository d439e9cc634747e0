import { Hono } from 'hono';
import { initialResponse } from '../../contracts/responses/initial-response.ts';
import { TraceEvent, TraceStreamEvent } from '../../contracts/responses/trace.ts';
import { Trace } from '../../contracts/service/listings.ts';
import { TraceQuery } from '../../contracts/service/query.ts';
import { withTimeLimit } from '../../core/deadlines.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { eventStream, eventStreamHeaders, sseEvents } from '../event-stream.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { parseQuery, resumeAfter } from '../read-request.ts';
import { findResponse } from '../responses/response-view.ts';
import { requireTraceScope, traceSteps, visibleEvent } from '../responses/trace-view.ts';

const described = describeRoutes({
  retrieveTrace: {
    summary: 'Returns the reasoning trace, as far as the key may see it',
    description:
      '`stream=true` streams steps and progress live; its events are numbered separately, from 0. `stream=true&only=progress` streams only phase and token counts, which any key may read; its numbers have gaps.',
    query: TraceQuery,
    answer: Trace,
    event: TraceStreamEvent,
    errors: [400, 404],
  },
});

/** `/v1/responses/{id}/trace`: the steps so far, or live with `?stream=true`; `&only=progress` tells phase and tokens alone. */
export function createTraceRoutes({ queue, limits, log }: ApiDependencies): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  routes.get('/:id/trace', described.retrieveTrace, async (c) => {
    const { scopes } = c.get('caller');
    const query = parseQuery(TraceQuery, c.req);
    const onlyProgress = query.stream === true && query.only === 'progress';
    if (!onlyProgress) requireTraceScope(scopes);
    const after = resumeAfter(c.req, query.starting_after);
    const { job } = await findResponse(queue, c.req.param('id'), c.get('caller'));
    if (!query.stream) {
      const events = await traceSoFar(job.id, c.req.raw.signal);
      const { conversation } = initialResponse(job);
      return c.json({ response_id: job.id, conversation, steps: traceSteps(events, scopes) } satisfies Trace);
    }
    const gone = new AbortController();
    const { signal } = gone;
    const chunks = sseEvents(live(), { ids: true, after, signal, log, requestId: c.get('requestId') });
    const body = eventStream(chunks, { keepAliveMs: limits.keepAliveMs, onCancel: () => gone.abort() });
    return c.body(body, 200, eventStreamHeaders);

    async function* live() {
      const from = after === undefined ? {} : { after };
      for await (const line of queue.events(job.id, { stream: 'trace', signal, ...from })) {
        const event = TraceEvent.parse(line.data);
        if (onlyProgress && event.type !== 'progress') continue;
        const visible = visibleEvent(event, scopes);
        if (visible !== undefined) yield { ...visible, sequence_number: line.number };
      }
    }
  });

  return routes;

  /** Bounded in time, so that a log that keeps growing while it is read holds nobody. */
  async function traceSoFar(id: string, clientGone: AbortSignal): Promise<TraceEvent[]> {
    const events: TraceEvent[] = [];
    await withTimeLimit({ ms: limits.traceReadMs, reason: 'the trace is too long' }, async (over) => {
      const signal = AbortSignal.any([over, clientGone]);
      try {
        for await (const line of queue.events(id, { stream: 'trace', follow: false, signal })) {
          events.push(TraceEvent.parse(line.data));
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    });
    return events;
  }
}
