import { z } from 'zod';

/** Body of a webhook, signed by the Standard Webhooks scheme. */
export const WebhookEvent = z.object({
  type: z.enum(['response.completed', 'response.failed', 'response.incomplete', 'response.cancelled']),
  data: z.object({ id: z.string() }),
});
export type WebhookEvent = z.infer<typeof WebhookEvent>;

/** One webhook on its way or at its end. Times in epoch seconds. */
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

/** Sent by public address only, unless the operator allows others. */
export const WebhookUrl = z.url({ protocol: /^https?$/, error: 'expected an http or https address' }).max(2048);

/** A key's own webhook: for its responses that name none. Null takes it away. */
export const SetWebhook = z.object({ url: WebhookUrl.nullable() });

/**
 * `secret` signs; during the day after a rotation the one before signs as well. Null where all keys share the operator's
 * and this key isn't an admin's: who knows it could sign what others get.
 */
export const KeyWebhook = z.object({
  object: z.literal('webhook'),
  url: z.string().nullable(),
  secret: z.string().nullable(),
});
export type KeyWebhook = z.infer<typeof KeyWebhook>;

/** As it is kept, by owner. Secrets follow from the service's own secret and `generation`. */
export const WebhookRecord = z.object({
  version: z.literal(1),
  url: z.string().nullable(),
  generation: z.int().nonnegative(),
  /** Epoch ms. */
  rotated_at: z.number().nullable(),
});
export type WebhookRecord = z.infer<typeof WebhookRecord>;
