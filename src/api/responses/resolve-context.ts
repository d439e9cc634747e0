import type { ConversationRecord } from '../../contracts/responses/conversation.ts';
import type { CreateResponse } from '../../contracts/responses/create-response.ts';
import type { InputItem } from '../../contracts/responses/input-item.ts';
import type { Warning } from '../../contracts/responses/response.ts';
import { responseId } from '../../contracts/service/query.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import type { RecordStore } from '../../core/record-store.ts';
import type { Caller } from '../caller.ts';
import { entryOfResponse, followedBy, lastEntry, pathTo, startOf } from '../conversations/conversation-tree.ts';
import {
  branchOf,
  checkRoom,
  conversationIdOf,
  conversationItems,
  findConversation,
  keptBytes,
  stillRuns,
} from '../conversations/conversations.ts';
import { fieldPath } from '../validation-error.ts';
import { chainItems, type EarlierItems, isUserMessage } from './prompt/earlier-items.ts';
import { conflict } from './resolve-reasoning.ts';
import { inputItems, outputItems } from './response-items.ts';

export type ResolvedContext = {
  /** Items that stand before the request's own input. */
  context: InputItem[];
  /** Of a conversation: the entry that they end with; null where there is none. */
  entry?: number | null;
  /** What the input's references point at. */
  referenced: InputItem[];
  warnings: Warning[];
};

/** The items up to the end of a response, kept by a connection for its next request. */
export type Remembered = EarlierItems & { id: string };

type ContextRequest = Pick<CreateResponse, 'input' | 'previous_response_id' | 'conversation' | 'reasoning' | 'store'>;
type Stores = {
  queue: JobQueue;
  records: RecordStore;
  remembered?: Remembered | undefined;
  /** A response whose place in its conversation this one takes, in a branch of its own. */
  replaces?: string | undefined;
};

const mostReferences = 128;
/** Of what they point at, as JSON: it is kept with the request. */
const mostReferencedBytes = 1_048_576;

/**
 * The items of `previous_response_id` or `conversation`, and those that the input refers to.
 * @throws ServiceError `not_found` naming the field, `conflict` while the earlier response still runs, `conflicting_parameters` for both
 */
export async function resolveContext(
  request: ContextRequest,
  caller: Caller,
  stores: Stores,
): Promise<ResolvedContext> {
  const { previous_response_id: previous, conversation } = request;
  if (previous && conversation) throw conflict('previous_response_id', 'conversation');
  if (previous && !responseId.test(previous)) {
    throw new ServiceError({
      code: 'not_found',
      message: 'The response does not exist.',
      param: 'previous_response_id',
    });
  }
  const { remembered } = stores;
  const {
    items: context,
    gone,
    entry,
  }: EarlierItems & { entry?: number | null } = previous
    ? remembered?.id === previous
      ? remembered
      : await chainItems(stores, previous, { caller, thoughts: thoughtsKept(request) })
    : conversation
      ? await itemsOfConversation({ conversation, input: request.input }, caller, stores)
      : { items: [] };
  const lost = {
    field: 'previous_response_id',
    message: `The response '${gone}' no longer exists: it and the turns before it are not part of the prompt.`,
  };
  const referenced = await referencedItems(request, context, caller, stores);
  const unkept = conversation && request.store === false ? [notAdded] : [];
  const warnings = [...(gone === undefined ? [] : [lost]), ...unkept];
  return { context, ...(entry === undefined ? {} : { entry }), referenced, warnings };
}

const notAdded = {
  field: 'conversation',
  message: "With 'store': false the response reads the conversation but is not added to it.",
};

/** A prompt keeps thoughts since the last message of the user's, or all of them. */
function thoughtsKept({ input, reasoning }: ContextRequest): 'all' | 'open' | 'none' {
  if (reasoning?.context === 'all_turns') return 'all';
  return typeof input === 'string' || input.some(isUserMessage) ? 'none' : 'open';
}

async function itemsOfConversation(
  {
    conversation,
    input,
  }: { conversation: NonNullable<ContextRequest['conversation']>; input: ContextRequest['input'] },
  caller: Caller,
  stores: Stores,
): Promise<{ items: InputItem[]; entry: number | null }> {
  const param = 'conversation';
  const id = conversationIdOf(conversation);
  const record = await findConversation(stores.records, id, { caller, param });
  checkRoom(record, { type: 'response', id: 'x'.repeat(128), bytes: keptBytes(input) });
  const replaced = stores.replaces === undefined ? undefined : entryOfResponse(record, stores.replaces);
  const entry = replaced === undefined ? placeIn(record, branchOf(conversation)) : followedBy(record, replaced);
  const { items, busy } = await conversationItems(stores, record, pathTo(record, entry));
  if (busy) throw stillRuns(`A response of the conversation '${id}'`, param);
  return { items, entry };
}

/** @throws ServiceError `not_found` for a response that is not part of the conversation */
function placeIn(record: ConversationRecord, after: string | null | undefined): number | null {
  if (after === undefined) return lastEntry(record);
  if (after === null) return startOf(record);
  const place = entryOfResponse(record, after);
  if (place !== undefined) return place;
  const message = `The conversation has no response '${after.slice(0, 128)}'.`;
  throw new ServiceError({ code: 'not_found', message, param: 'conversation.after' });
}

async function referencedItems(
  { input }: Pick<CreateResponse, 'input'>,
  context: readonly InputItem[],
  caller: Caller,
  { queue }: Stores,
): Promise<InputItem[]> {
  const found: InputItem[] = [];
  let bytes = 0;
  if (typeof input === 'string') return found;
  // Each is looked up by itself.
  if (input.filter(({ type }) => type === 'item_reference').length > mostReferences) {
    const message = `Invalid 'input': expected at most ${mostReferences} item_references.`;
    throw new ServiceError({ code: 'invalid_value', message, param: 'input' });
  }
  for (const [index, item] of input.entries()) {
    if (item.type !== 'item_reference') continue;
    const target = context.find(({ id }) => id === item.id) ?? (await itemById(item.id, caller, queue));
    if (target === undefined) {
      const param = fieldPath(['input', index, 'id']);
      throw new ServiceError({ code: 'not_found', message: `There is no item '${item.id.slice(0, 128)}'.`, param });
    }
    found.push(target);
    bytes += Buffer.byteLength(JSON.stringify(target));
    if (bytes > mostReferencedBytes) {
      const message = `Invalid 'input': expected item_references to at most ${mostReferencedBytes} bytes of items in total.`;
      throw new ServiceError({ code: 'invalid_value', message, param: 'input' });
    }
  }
  return found;
}

/** An item's id holds that of its response: `msg_<suffix>`, `fc_<suffix>_0`, `msg_<suffix>_i2`. */
async function itemById(id: string, caller: Caller, queue: JobQueue): Promise<InputItem | undefined> {
  const suffix = /^(?:msg|rs|fc|fco|ctc|ctco|at|cmp)_([\w-]{1,80})$/.exec(id)?.[1];
  if (suffix === undefined) return undefined;
  for (const candidate of new Set([suffix, suffix.replace(/_i?\d+$/, '')])) {
    const name = `resp_${candidate}`;
    const snapshot = responseId.test(name) ? await queue.get(name) : undefined;
    if (!snapshot || snapshot.job.owner !== caller.owner) continue;
    const items = [...inputItems(snapshot.job), ...(await outputItems(queue, snapshot))];
    const item = items.find((one) => one.id === id);
    if (item !== undefined) return item;
  }
  return undefined;
}
