import type { InputItem } from '../../../contracts/responses/input-item.ts';
import type { Job } from '../../../contracts/responses/job.ts';
import { type ResponseJob, responseJob } from '../../../contracts/responses/response-job.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { JobQueue } from '../../../core/job-queue.ts';
import type { RecordStore } from '../../../core/record-store.ts';
import type { Caller } from '../../caller.ts';
import { pathTo } from '../../conversations/conversation-tree.ts';
import { conversationIdOf, conversationItems, findConversation, stillRuns } from '../../conversations/conversations.ts';
import { inputItems, outputItems } from '../response-items.ts';

type Stores = { queue: JobQueue; records: RecordStore };

/** Responses of one chain of `previous_response_id`: each is read by itself. */
const mostResponses = 512;
/** Of a chain's items as JSON, as of a conversation. */
const mostBytes = 16 * 1_048_576;

export type EarlierItems = {
  /** Oldest first. */
  items: InputItem[];
  /** The response that is not there any more, where the chain has lost its start. */
  gone?: string;
};

/**
 * The items of a response that has ended, and of those before it. A response names the one that it continues and copies
 * nothing of it, so a chain costs what its own items cost. `thoughts`: `all` of them, `open` those since the last message of
 * the user's, which alone a prompt keeps, or `none`.
 * @throws ServiceError `not_found`, `conflict` while the response still runs and for a chain that is too long, which no retry mends
 */
export async function chainItems(
  stores: Stores,
  id: string,
  { caller, thoughts }: { caller: Caller; thoughts: 'all' | 'open' | 'none' },
): Promise<EarlierItems> {
  const parts: InputItem[][] = [];
  let bytes = 0;
  let keeps = thoughts;
  let next: string | undefined = id;
  while (next !== undefined) {
    const snapshot = await stores.queue.get(next);
    if (snapshot === undefined || snapshot.job.owner !== caller.owner) {
      if (parts.length === 0) throw notThere(next);
      return { items: parts.reverse().flat(), gone: next };
    }
    if (!snapshot.terminal) throw stillRuns(`The response '${next}'`, 'previous_response_id');
    const body = responseJob(snapshot.job);
    const asked = inputItems(snapshot.job, body);
    const own = [...asked, ...(await outputItems(stores.queue, snapshot, { thoughts: keeps !== 'none' }))];
    bytes += Buffer.byteLength(JSON.stringify(own));
    if (parts.length >= mostResponses || bytes > mostBytes) throw full(id);
    if (keeps === 'open' && asked.some(isUserMessage)) keeps = 'none';
    parts.push(own);
    if (body.context !== undefined || body.request.conversation) {
      parts.push(await itemsBefore(stores, body, caller));
      break;
    }
    next = body.request.previous_response_id ?? undefined;
  }
  return { items: parts.reverse().flat() };
}

/** What stood in the prompt before a response's own input, as far as it is still there. */
export async function contextItems(
  stores: Stores,
  job: Job,
  options: { caller: Caller; thoughts: 'all' | 'none' },
): Promise<InputItem[]> {
  const body = responseJob(job);
  const previous = body.request.previous_response_id;
  if (body.context !== undefined || !previous) return itemsBefore(stores, body, options.caller);
  return (await chainItems(stores, previous, options).catch(ifGone)).items;
}

/** Of a conversation: its branch up to the entry that the response went on from. Older jobs say how many items there were. */
async function itemsBefore(
  stores: Stores,
  { context, context_entry: entry, context_items: count, request: { conversation } }: ResponseJob,
  caller: Caller,
): Promise<InputItem[]> {
  if (context !== undefined) return context;
  if (!conversation || (entry === undefined && count === undefined)) return [];
  const id = conversationIdOf(conversation);
  const record = await findConversation(stores.records, id, { caller, param: 'conversation' }).catch(() => undefined);
  if (record === undefined) return [];
  if (entry !== undefined) return (await conversationItems(stores, record, pathTo(record, entry))).items;
  return (await conversationItems(stores, record)).items.slice(0, count);
}

export function isUserMessage(item: InputItem): boolean {
  return (item.type === undefined || item.type === 'message') && item.role === 'user';
}

function notThere(id: string): ServiceError {
  const message = `There is no response '${id}'.`;
  return new ServiceError({ code: 'not_found', message, param: 'previous_response_id' });
}

function full(id: string): ServiceError {
  const message =
    `There are too many responses before '${id}': a chain of previous_response_id is limited to ${mostResponses} responses and  ` +
    `${mostBytes} bytes. Start a new chain, or use a conversation.`;
  return new ServiceError({ code: 'conflict', message, param: 'previous_response_id', retryable: false });
}

function ifGone(error: unknown): EarlierItems {
  if (error instanceof ServiceError && error.code === 'not_found') return { items: [] };
  throw error;
}
