import type { WebhookDelivery } from '../contracts/service/webhook.ts';

/**
 * Each key's webhook and the secrets that sign for it. Secrets are not stored: they are derived from the service's own
 * secret.
 */
export type WebhookSettings = {
  of(owner: string | null): Promise<{ url: string | null; secret: string }>;
  /** All keys have the operator's secret. */
  readonly shared: boolean;
  set(owner: string | null, url: string | null): Promise<void>;
  /** Switches to the next secret; the previous one also signs for one more day. */
  rotate(owner: string | null): Promise<void>;
  /** All secrets that sign now, the newest first. */
  secrets(owner: string | null): Promise<string[]>;
};

/** Deliveries that were made, and those that are still to be made. */
export type DeliveryLog = {
  /** The deliveries of one response. */
  of(responseId: string): Promise<WebhookDelivery[]>;
  /** Newest first. */
  list(options: { limit: number }): Promise<{ data: WebhookDelivery[]; hasMore: boolean }>;
  /** The response was deleted: nothing more is sent or listed. A delivery that is being sent is not interrupted. */
  forget(responseId: string): Promise<void>;
};
