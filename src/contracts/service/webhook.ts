import { z } from 'zod';

/** The body of a webhook, signed according to Standard Webhooks. */
export const WebhookEvent = z.object({
  type: z.enum(['response.completed', 'response.failed', 'response.incomplete', 'response.cancelled']),
  data: z.object({ id: z.string() }),
});
export type WebhookEvent = z.infer<typeof WebhookEvent>;

/** One webhook, pending or finished. Times in epoch seconds. */
export const WebhookDelivery = z.object({
  id: z.string(),
  object: z.literal('webhook.delivery'),
  response_id: z.string(),
  type: WebhookEvent.shape.type,
  url: z.string(),
  status: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.int().nonnegative(),
  /** Why the last attempt failed. */
  last_error: z.string().nullable(),
  created_at: z.int(),
  next_attempt_at: z.int().nullable(),
  ended_at: z.int().nullable(),
});
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

export const WebhookDeliveryList = z.object({
  object: z.literal('list'),
  data: z.array(WebhookDelivery),
  has_more: z.boolean(),
});
export type WebhookDeliveryList = z.infer<typeof WebhookDeliveryList>;

export const DeliveriesQuery = z.object({ limit: z.coerce.number().int().min(1).max(100).optional() });

/** Must be a public address, unless the operator allows others. */
const WebhookUrl = z.url({ protocol: /^https?$/, error: 'expected an http or https address' }).max(2048);

/** A key's webhook, for its responses that name none. Null removes it. */
export const SetWebhook = z.object({ url: WebhookUrl.nullable() });

/**
 * `secret` signs; for a day after a rotation, the previous one signs as well. Null if all keys share the operator's
 * secret and this key is not an admin's, because whoever knows it could sign webhooks for others.
 */
export const KeyWebhook = z.object({
  object: z.literal('webhook'),
  url: z.string().nullable(),
  secret: z.string().nullable(),
});
export type KeyWebhook = z.infer<typeof KeyWebhook>;

/** The settings as they are stored, by owner. Secrets are derived from the service's own secret and `generation`. */
export const WebhookRecord = z.object({
  version: z.literal(1),
  url: z.string().nullable(),
  generation: z.int().nonnegative(),
  /** Epoch ms. */
  rotated_at: z.number().nullable(),
});
export type WebhookRecord = z.infer<typeof WebhookRecord>;
