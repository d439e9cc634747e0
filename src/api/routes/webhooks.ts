import { type Context, Hono } from 'hono';
import { z } from 'zod';
import {
  DeliveriesQuery,
  KeyWebhook,
  SetWebhook,
  type WebhookDelivery,
  WebhookDeliveryList,
} from '../../contracts/service/webhook.ts';
import type { ApiDependencies, ApiEnvironment, ApiWebhooks } from '../dependencies.ts';
import { idempotencyRecord } from '../middleware/idempotency.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { parseQuery, readJson } from '../read-request.ts';
import { checkWebhook } from '../responses/check-request.ts';
import { findResponse } from '../responses/response-view.ts';
import { parseBody } from '../validation-error.ts';

/** What a rotation that names itself by a key began with. */
const Rotation = z.object({ secret_before: z.string() });

type ApiContext = Context<ApiEnvironment>;

const described = describeRoutes({
  getWebhook: {
    summary: 'Returns the key’s webhook and the secret that signs its messages',
    answer: KeyWebhook,
    errors: [],
  },
  setWebhook: {
    summary: 'Sets the URL that is notified when this key’s responses end',
    body: SetWebhook,
    answer: KeyWebhook,
    errors: [400, 413, 415],
  },
  rotateWebhookSecret: {
    summary: 'Creates a new secret; the old one also signs for one day',
    answer: KeyWebhook,
    errors: [],
  },
  listDeliveries: {
    summary: 'Lists the webhook deliveries of all keys, newest first',
    scope: 'admin',
    query: DeliveriesQuery,
    answer: WebhookDeliveryList,
    errors: [400],
  },
  listResponseDeliveries: {
    summary: 'Lists the webhook deliveries of one response, with their outcome',
    answer: WebhookDeliveryList,
    errors: [404],
  },
});

/** `/v1/webhook`, a key's own; `/v1/webhooks/deliveries` and `/v1/responses/{id}/deliveries`: what was sent, and what came of it. */
export function createWebhooksRoutes(
  { queue, limits, records, sealer }: ApiDependencies,
  { settings, deliveries, refusal }: ApiWebhooks,
): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  const show = async (c: ApiContext) => {
    const { owner, scopes } = c.get('caller');
    const { url, secret } = await settings.of(owner);
    const hidden = settings.shared && !scopes.admin;
    return c.json({ object: 'webhook', url, secret: hidden ? null : secret } satisfies KeyWebhook);
  };

  routes.get('/webhook', described.getWebhook, show);

  routes.post('/webhook', described.setWebhook, async (c) => {
    const asked = parseBody(SetWebhook, await readJson(c.req, limits));
    const { url } = asked;
    if (url !== null) checkWebhook(url, refusal, 'url');
    await settings.set(c.get('caller').owner, url);
    return show(c);
  });

  routes.post('/webhook/rotate', described.rotateWebhookSecret, async (c) => {
    const { owner } = c.get('caller');
    if (!(await wasRotated(c, owner))) await settings.rotate(owner);
    return show(c);
  });

  routes.get('/webhooks/deliveries', described.listDeliveries, async (c) => {
    const { limit = 20 } = parseQuery(DeliveriesQuery, c.req);
    const { data, hasMore } = await deliveries.list({ limit });
    return c.json(list(data, hasMore));
  });

  routes.get('/responses/:id/deliveries', described.listResponseDeliveries, async (c) => {
    const { job } = await findResponse(queue, c.req.param('id'), c.get('caller'));
    return c.json(list(await deliveries.of(job.id), false));
  });

  return routes;

  /** Whether this very request, by its key, has rotated before and not come to its answer: the secret is another one now. */
  async function wasRotated(c: ApiContext, owner: string | null): Promise<boolean> {
    const [makeId, startedAt] = [c.get('newId'), c.get('startedAt')];
    if (makeId === undefined || startedAt === undefined) return false;
    const key = idempotencyRecord(startedAt, makeId());
    const current = { secret_before: sealer.mac((await settings.of(owner)).secret) };
    const stored = await records.get(key);
    if (stored !== undefined) return Rotation.parse(stored).secret_before !== current.secret_before;
    await records.set(key, current);
    return false;
  }
}

function list(data: WebhookDelivery[], hasMore: boolean): WebhookDeliveryList {
  return { object: 'list', data, has_more: hasMore };
}
