import { randomBytes } from 'node:crypto';
import { createApp } from '../api/app.ts';
import { type ApiDependencies, defaultLimits } from '../api/dependencies.ts';
import { allScopes, noScopes } from '../contracts/service/key-scopes.ts';
import { late, orLate } from '../core/deadlines.ts';
import type { DeliveryLog } from '../core/webhooks.ts';
import { constraintFault } from '../grammar/constraint-language.ts';
import { createKeyStore } from '../store/key-store.ts';
import { createWebhookSettings } from '../store/webhook-settings.ts';
import { closeAfter } from './close-after.ts';
import type { EdgeVariables } from './edge-variables.ts';
import { type EdgeBackend, edgeLog, openEdgeBackend } from './open-edge-backend.ts';
import { readPublishedService } from './published-catalog.ts';

/** How many ms a request may take until its answer starts; the body of a stream may take longer. */
const startMs = 10_000;

/**
 * Handles one request on its own connection: workerd ties sockets to the request that opened them, so nothing that uses
 * Redis is shared. The connection is closed when the answer's body has ended or its reader has disconnected.
 */
export async function answerAtEdge(
  request: Request,
  variables: EdgeVariables,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Response> {
  const backend = openEdgeBackend(variables);
  let close: () => void = () => undefined;
  // Registered from the start: after a client has disconnected, remaining work runs only if something waits for it.
  const ended = new Promise<void>((resolve) => {
    close = resolve;
  });
  waitUntil(ended.then(() => backend.close()));
  try {
    const service = await within(startMs, async () => {
      const { queue, directory, deliveries } = await backend.openQueue();
      const sealer = await backend.openSealer();
      return { queue, deliveries, sealer, ...(await readPublishedService(backend.records, directory)) };
    });
    const app = createApp(dependenciesOf(variables, backend, service));
    return closeAfter(await app.fetch(request), close, request.signal);
  } catch (error) {
    close();
    edgeLog.error({ err: String(error) }, 'the edge could not answer');
    return unavailable();
  }
}

type EdgeService = Pick<ApiDependencies, 'queue' | 'sealer' | 'catalog' | 'defaults' | 'strategies'> & {
  deliveries: DeliveryLog;
};

function dependenciesOf(
  variables: EdgeVariables,
  backend: EdgeBackend,
  { deliveries, ...service }: EdgeService,
): ApiDependencies {
  const { records, requestLimiter, ledger } = backend;
  const keys = createKeyStore({ records, now: Date.now });
  const open = variables.THINKFIRST_OPEN === '1';
  const settings = createWebhookSettings({
    records,
    sealer: service.sealer,
    given: variables.THINKFIRST_WEBHOOK_SECRET,
    now: Date.now,
  });
  return {
    ...service,
    records,
    // Nothing here is on loopback: without a key nobody has access, unless the edge is explicitly open.
    keys: open ? keys : { ...keys, required: async () => true },
    anonymous: open ? { ...allScopes, admin: false, tools: false } : noScopes,
    requestLimiter,
    ledger,
    // An address can only be checked where it is resolved: the worker that calls it refuses it then.
    webhooks: { settings, deliveries, refusal: () => undefined },
    limits: { ...defaultLimits, bodyBytes: variables.THINKFIRST_BODY_LIMIT },
    ready: async () => {
      const reached = await backend.reached();
      return { ready: reached, parts: { backend: reached } };
    },
    log: edgeLog,
    now: Date.now,
    newId: () => randomBytes(18).toString('base64url'),
    checkConstraints: async ({ implementation }, constraints) =>
      ['transformers', 'llama.cpp'].includes(implementation) ? constraints.map(constraintFault) : [],
    // The platform routes by host: requests for other names do not arrive here.
    allowedHosts: ['*'],
    allowedOrigins: variables.THINKFIRST_CORS_ORIGINS.split(',')
      .map((name) => name.trim())
      .filter(Boolean),
    cancelOnDisconnect: variables.THINKFIRST_CANCEL_ON_DISCONNECT === '1',
    keepOpen: backend.keepOpen,
  };
}

async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const answer = await orLate(work(), { ms });
  if (answer === late) throw new Error(`Redis did not answer within ${ms} ms`);
  return answer;
}

function unavailable(): Response {
  const message = 'The service is not reachable from here at the moment. Try again shortly.';
  const error = { message, type: 'service_unavailable', code: 'backend_unavailable', param: null };
  return Response.json({ error }, { status: 503, headers: { 'retry-after': '2' } });
}
