import { randomBytes } from 'node:crypto';
import { createApp } from '../api/app.ts';
import { type ApiDependencies, defaultLimits } from '../api/dependencies.ts';
import { allScopes, noScopes } from '../contracts/service/key-scopes.ts';
import { constraintFault } from '../grammar/constraint-language.ts';
import { createKeyStore } from '../store/key-store.ts';
import { createWebhookSettings } from '../store/webhook-settings.ts';
import { closeAfter } from './close-after.ts';
import type { EdgeVariables } from './edge-variables.ts';
import { edgeLog, openEdgeBackend } from './open-edge-backend.ts';
import { readPublishedService } from './published-catalog.ts';

/** ms that a request may take to be answered; the body of a stream goes on after that. */
const startMs = 10_000;

/**
 * One request, on one connection of its own: workerd ties sockets to the request that opened them, so nothing that talks to
 * Redis is shared. The connection is closed when the answer's body has ended or its reader has gone.
 */
export async function answerAtEdge(
  request: Request,
  variables: EdgeVariables,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Response> {
  const backend = openEdgeBackend(variables);
  let close: () => void = () => undefined;
  // From the start: what is still to be done when a client has gone is only run while something is waited for.
  const ended = new Promise<void>((resolve) => {
    close = resolve;
  });
  waitUntil(ended.then(() => backend.close()));
  try {
    const { deliveries, ...service } = await within(startMs, async () => {
      const { queue, directory, deliveries } = await backend.openQueue();
      const sealer = await backend.openSealer();
      return { queue, deliveries, sealer, ...(await readPublishedService(backend.records, directory)) };
    });
    const keys = createKeyStore({ records: backend.records, now: Date.now });
    const open = variables.THINKFIRST_OPEN === '1';
    const dependencies: ApiDependencies = {
      ...service,
      records: backend.records,
      // Nothing here is on loopback: without a key nobody is let in, unless that is meant.
      keys: open ? keys : { ...keys, required: async () => true },
      anonymous: open ? { ...allScopes, admin: false } : noScopes,
      requestLimiter: backend.requestLimiter,
      ledger: backend.ledger,
      webhooks: {
        settings: createWebhookSettings({
          records: backend.records,
          sealer: service.sealer,
          given: variables.THINKFIRST_WEBHOOK_SECRET,
          now: Date.now,
        }),
        deliveries,
        // A name can only be judged where it is resolved: the worker that calls refuses it then.
        refusal: () => undefined,
      },
      limits: { ...defaultLimits, bodyBytes: variables.THINKFIRST_BODY_LIMIT },
      ready: async () => {
        const reached = await backend.reached();
        return { ready: reached, parts: { backend: reached } };
      },
      log: edgeLog,
      now: Date.now,
      newId: () => randomBytes(18).toString('base64url'),
      checkConstraints: async ({ implementation }, constraints) =>
        implementation === 'transformers' ? constraints.map(constraintFault) : [],
      // The platform routes by host: a name that is not ours does not come here.
      allowedHosts: ['*'],
      allowedOrigins: variables.THINKFIRST_CORS_ORIGINS.split(',')
        .map((name) => name.trim())
        .filter(Boolean),
      cancelOnDisconnect: variables.THINKFIRST_CANCEL_ON_DISCONNECT === '1',
    };
    return closeAfter(await createApp(dependencies).fetch(request), close, request.signal);
  } catch (error) {
    close();
    edgeLog.error({ err: String(error) }, 'the edge could not answer');
    return unavailable();
  }
}

async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer of Redis within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(): Response {
  const message = 'The service is not reachable from here at the moment. Try again shortly.';
  const error = { message, type: 'service_unavailable', code: 'backend_unavailable', param: null };
  return Response.json({ error }, { status: 503, headers: { 'retry-after': '2' } });
}
