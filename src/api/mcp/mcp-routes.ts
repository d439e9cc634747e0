import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { ErrorEnvelope } from '../../contracts/service/error-envelope.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { requestIdentity } from '../middleware/idempotency.ts';
import { readJson } from '../read-request.ts';
import type { Dispatch } from '../responses/socket-session.ts';
import { CallRefused, type McpEndpoint, type ServiceCalls } from './service-calls.ts';

/** What of an MCP request each call to the API is sent with. */
const carried = ['authorization', 'x-api-key', 'user-agent', 'host'];
const sessionHeader = 'mcp-session-id';

const Initialize = z.object({ method: z.literal('initialize') });
const Cancelled = z.object({
  method: z.literal('notifications/cancelled'),
  params: z.object({ requestId: z.union([z.string(), z.number()]) }),
});

/**
 * `/mcp`: the service as an MCP server over streamable HTTP. Each tool call goes through the whole app as requests of its own,
 * so that key, scopes, rate, quota and bounds hold for it as for any other.
 */
export function createMcpRoutes(dependencies: ApiDependencies, dispatch: Dispatch): Hono<ApiEnvironment> {
  const { openMcp, limits, sealer, newId } = dependencies;
  let endpoint: Promise<McpEndpoint> | undefined;

  return new Hono<ApiEnvironment>().all('/', async (c) => {
    if (openMcp === undefined) {
      throw new ServiceError({ code: 'not_found', message: 'This service has no MCP server at this path.' });
    }
    const body = c.req.method === 'POST' ? await readJson(c.req, limits) : undefined;
    const session = c.req.header(sessionHeader);
    const cancelled = session === undefined ? undefined : Cancelled.safeParse(body).data;
    if (cancelled !== undefined) await cancel(c, callKey(session, cancelled.params.requestId));
    endpoint ??= openMcp();
    const answer = await (await endpoint)(c.req.raw, { body, service: callsOf(c, session) });
    // Nothing is kept of a session: its name tells a client's calls from those of others, so that it can cancel them.
    if (answer.ok && Initialize.safeParse(body).success) answer.headers.set(sessionHeader, newId());
    return answer;
  });

  /** Names one call of one session; the response that it creates follows from it, in every process. */
  function callKey(session: string | undefined, id: string | number): string {
    return sealer.mac(JSON.stringify(['mcp', session, id]));
  }

  /** One that has ended, or is not known, is not told of: the client expects no answer. */
  async function cancel(c: Context<ApiEnvironment>, key: string): Promise<void> {
    const identity = requestIdentity(key, {}, { caller: c.get('caller'), sealer });
    if (identity !== undefined) await ask(c, `/v1/responses/${identity.id}/cancel`, { method: 'POST' });
  }

  function callsOf(c: Context<ApiEnvironment>, session: string | undefined): ServiceCalls {
    return {
      async call(shape, path, { method, body, callId } = {}) {
        const answer = await ask(c, path, {
          method: method ?? (body === undefined ? 'GET' : 'POST'),
          ...(body !== undefined && { body: JSON.stringify(body) }),
          headers: {
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...(session !== undefined && callId !== undefined && { 'idempotency-key': callKey(session, callId) }),
          },
        });
        const content: unknown = await answer.json();
        if (!answer.ok) throw new CallRefused(ErrorEnvelope.parse(content).error.message);
        return shape.parse(content);
      },
    };
  }

  async function ask(c: Context<ApiEnvironment>, path: string, request: RequestInit): Promise<Response> {
    const headers = new Headers(request.headers);
    for (const name of carried) {
      const value = c.req.header(name);
      if (value !== undefined) headers.set(name, value);
    }
    return dispatch(new Request(new URL(path, c.req.url), { ...request, headers }), {});
  }
}
