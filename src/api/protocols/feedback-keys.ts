import type { FeedbackRecord } from '../../contracts/service/feedback.ts';
import type { RecordStore } from '../../core/record-store.ts';

const prefix = 'feedback';

/** By owner and time, with the ids of the responses that it holds copies of, so that these are found without reading it. */
export function feedbackKey(record: FeedbackRecord): string {
  const { owner, id, response_id, preferred_response_id } = record;
  const responses = preferred_response_id === null ? [response_id] : [response_id, preferred_response_id];
  return [prefix, owner ?? 'none', id, ...responses].join(':');
}

/** Of one owner, or of all where none is given; oldest first. */
export async function feedbackKeys(records: RecordStore, owner: string | null | undefined): Promise<string[]> {
  const keys = await records.keys(owner === undefined ? prefix : `${prefix}:${owner ?? 'none'}`);
  return keys.sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
}

/**
 * Feedback holds a response's prompt and answer: where the response is deleted, so are they. One look through the keys for
 * all the responses.
 */
export async function removeFeedbackOf(
  records: RecordStore,
  responses: readonly { id: string; owner: string | null }[],
): Promise<void> {
  const ids = new Set(responses.map(({ id }) => id));
  const owners = new Set(responses.map(({ owner }) => owner));
  const [owner] = owners;
  for (const key of await feedbackKeys(records, owners.size === 1 ? owner : undefined)) {
    const [, , , ...about] = key.split(':');
    if (about.some((id) => ids.has(id))) await records.remove(key);
  }
}

/** The ids of all responses that feedback holds copies of, with their owner. */
export async function responsesOfFeedback(records: RecordStore): Promise<Array<{ id: string; owner: string | null }>> {
  const responses = new Map<string, string | null>();
  for (const key of await records.keys(prefix)) {
    const [, owner = 'none', , ...about] = key.split(':');
    for (const id of about) responses.set(id, owner === 'none' ? null : owner);
  }
  return [...responses].map(([id, owner]) => ({ id, owner }));
}

function idOf(key: string): string {
  return key.split(':')[2] ?? '';
}
