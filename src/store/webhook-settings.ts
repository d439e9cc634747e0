import { WebhookRecord } from '../contracts/service/webhook.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { WebhookSettings } from '../core/webhooks.ts';
import type { Sealer } from './sealer.ts';

const overlapMs = 86_400_000;

/** @param given `THINKFIRST_WEBHOOK_SECRET`: if set, all keys use it, and it cannot be rotated here */
export function createWebhookSettings(options: {
  records: RecordStore;
  sealer: Sealer;
  given: string | undefined;
  now(): number;
}): WebhookSettings {
  const { records, sealer, given, now } = options;
  const keyOf = (owner: string | null) => `webhook:${owner ?? 'none'}`;
  const read = async (owner: string | null) => {
    const stored = await records.get(keyOf(owner));
    return stored === undefined ? unset : WebhookRecord.parse(stored);
  };
  const secretOf = (owner: string | null, generation: number) =>
    given ??
    `whsec_${Buffer.from(sealer.mac(JSON.stringify(['webhook', owner, generation])), 'base64url').toString('base64')}`;
  const change = (owner: string | null, patch: (record: WebhookRecord) => WebhookRecord) =>
    records.update(keyOf(owner), (stored) => patch(stored === undefined ? unset : WebhookRecord.parse(stored)));
  return {
    shared: given !== undefined,
    async of(owner) {
      const { url, generation } = await read(owner);
      return { url, secret: secretOf(owner, generation) };
    },
    set: (owner, url) => change(owner, (record) => ({ ...record, url })),
    rotate: (owner) => change(owner, (record) => ({ ...record, generation: record.generation + 1, rotated_at: now() })),
    async secrets(owner) {
      const { generation, rotated_at: at } = await read(owner);
      const both = at !== null && now() - at < overlapMs && given === undefined;
      return [secretOf(owner, generation), ...(both ? [secretOf(owner, generation - 1)] : [])];
    },
  };
}

const unset: WebhookRecord = { version: 1, url: null, generation: 0, rotated_at: null };
