import OpenAI from 'openai';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  ChatCompletionList,
  ChatMessageList,
  type DeletedChatCompletion,
  StoredChatCompletion,
} from '../../../../src/contracts/protocols/stored-chat-completion.ts';
import { ErrorEnvelope } from '../../../../src/contracts/service/error-envelope.ts';
import { createApi, createSemaphore, createWorkingApi } from '../../responses/fixture.ts';
import { createTranslatingApi } from '../fixture.ts';

const path = '/v1/chat/completions';
const messages = [{ role: 'user' as const, content: 'How much is 6 times 7?' }];
const asked = { model: 'tiny', messages, store: true };

const clientOf = ({ app }: Pick<ReturnType<typeof createApi>, 'app'>) =>
  new OpenAI({
    baseURL: 'http://localhost/v1',
    apiKey: 'none',
    maxRetries: 0,
    fetch: async (url, init) => app.request(`${url}`, init),
  }).chat.completions;

/** Each completion is a ms later than the one before. */
function ticking() {
  let ms = 1_700_000_000_000;
  return { now: () => (ms += 1) };
}

test('what it gives is OpenAI’s', () => {
  expectTypeOf<Omit<StoredChatCompletion, 'choices'>>().toExtend<Omit<OpenAI.ChatCompletion, 'choices'>>();
  expectTypeOf<DeletedChatCompletion>().toExtend<OpenAI.Chat.ChatCompletionDeleted>();
});

test('their SDK lists one, reads it as it was answered, changes its metadata and removes it', async () => {
  const steps = [{ phase: 'think' as const, sample: 0, text: '6 * 7 = 42' }];
  const api = await createTranslatingApi({ steps, text: ['Forty', '-two.'] });
  const completions = clientOf(api);
  const made = await completions.create({ ...asked, n: 2, metadata: { topic: 'sums' }, modalities: ['audio'] });
  expect(Object.assign({}, made)).toMatchObject({ warnings: [{ field: 'modalities' }] });
  const stored = { ...made, metadata: { topic: 'sums' } };
  expect((await completions.list()).data).toEqual([stored]);
  expect(await completions.retrieve(made.id)).toEqual(stored);
  expect(await completions.update(made.id, { metadata: { topic: 'maths' } })).toMatchObject({
    id: made.id,
    metadata: { topic: 'maths' },
  });
  expect(StoredChatCompletion.parse(await completions.retrieve(made.id)).metadata).toEqual({ topic: 'maths' });
  await completions.update(made.id, { metadata: null });
  expect(StoredChatCompletion.parse(await completions.retrieve(made.id)).metadata).toEqual({});
  expect(await completions.delete(made.id)).toEqual({
    id: made.id,
    object: 'chat.completion.deleted',
    deleted: true,
  });
  await expect(completions.retrieve(made.id)).rejects.toThrow(OpenAI.NotFoundError);
  expect((await completions.list()).data).toEqual([]);
  for (const id of ['resp_0000', 'resp_0001']) expect(await api.queue.get(id)).toBeUndefined();
  expect(await api.dependencies.records.keys('chat-completions')).toEqual([]);
  expect(await api.dependencies.records.keys('chat-completions-of')).toEqual([]);
});

test('a streamed one is stored as well', async () => {
  const completions = clientOf(await createTranslatingApi({ text: ['42'] }));
  const final = await completions.stream(asked).finalChatCompletion();
  expect((await completions.retrieve(final.id)).choices[0]?.message.content).toBe('42');
});

test('one of a batch is stored as well', async () => {
  const api = await createTranslatingApi({ text: ['42'] });
  const { model: _model, ...body } = asked;
  const requests = [
    { custom_id: 'a', body: { ...body, metadata: { of: 'batch' } } },
    { custom_id: 'b', body: { messages } },
  ];
  await api.post('/v1/batches', { endpoint: path, requests });
  await expect.poll(async () => (await clientOf(api).list({ metadata: { of: 'batch' } })).data.length).toBe(1);
  expect((await clientOf(api).list()).data).toMatchObject([{ choices: [{ message: { content: '42' } }] }]);
});

test('without store, or with false, it is not there, though its response is', async () => {
  const api = await createTranslatingApi({ text: ['42'] });
  const completions = clientOf(api);
  for (const store of [undefined, null, false]) {
    const { id } = await completions.create({ model: 'tiny', messages, ...(store === undefined ? {} : { store }) });
    await expect(completions.retrieve(id)).rejects.toMatchObject({ status: 404, code: 'not_found', param: 'id' });
    expect(await api.queue.get(id.replace('chatcmpl-', 'resp_'))).toBeDefined();
  }
  expect((await completions.list()).data).toEqual([]);
});

test('one that runs is in conflict and not listed; a failed one is not there', async () => {
  const gate = createSemaphore('thought');
  const api = await createWorkingApi({ deltas: ['42'], gate: gate.gate });
  const completions = clientOf(api);
  const making = completions.create(asked);
  await gate.reached;
  const id = 'chatcmpl-0000';
  for (const reading of [
    completions.retrieve(id),
    completions.update(id, { metadata: {} }),
    completions.messages.list(id),
  ]) {
    await expect(reading).rejects.toMatchObject({ status: 409, code: 'conflict' });
  }
  expect((await completions.list()).data).toEqual([]);
  gate.open();
  await making;
  expect((await completions.retrieve(id)).choices[0]?.message.content).toBe('42');

  const broken = await createWorkingApi({
    deltas: [],
    gate: async () => {
      throw new Error('internal detail');
    },
  });
  await expect(clientOf(broken).create(asked)).rejects.toMatchObject({ status: 500 });
  await expect(clientOf(broken).retrieve(id)).rejects.toMatchObject({ status: 404 });
  expect((await clientOf(broken).list()).data).toEqual([]);
});

test('one that runs is cancelled by its removal', async () => {
  const gate = createSemaphore('thought');
  const api = await createWorkingApi({ deltas: ['42'], gate: gate.gate });
  const making = clientOf(api)
    .create(asked)
    .catch(() => 'gone');
  await gate.reached;
  await clientOf(api).delete('chatcmpl-0000');
  expect(await api.queue.get('resp_0000')).toBeUndefined();
  gate.open();
  await making;
});

test('it goes with its response', async () => {
  const api = await createTranslatingApi({ text: ['42'] });
  const { id } = await clientOf(api).create({ ...asked, n: 2 });
  await api.app.request('/v1/responses/resp_0001', { method: 'DELETE' });
  await expect(clientOf(api).retrieve(id)).rejects.toMatchObject({ status: 404 });
  await api.app.request('/v1/responses/resp_0000', { method: 'DELETE' });
  expect(await api.dependencies.records.keys('chat-completions')).toEqual([]);
  expect(await api.dependencies.records.keys('chat-completions-of')).toEqual([]);
});

test('what the queue refuses leaves nothing behind', async () => {
  const api = createApi();
  const full = createApi({
    records: api.dependencies.records,
    queue: {
      ...api.queue,
      add: async () => {
        throw new Error('full');
      },
    },
  });
  expect((await full.post(path, { messages, store: true })).status).toBe(500);
  expect(await full.dependencies.records.keys('chat-completions')).toEqual([]);
  expect(await full.dependencies.records.keys('chat-completions-of')).toEqual([]);
});

test('made again by its Idempotency-Key it keeps the metadata that it has', async () => {
  const api = await createTranslatingApi({ text: ['42'] });
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'once' };
  const body = JSON.stringify({ messages, store: true, metadata: { a: 'first' } });
  const make = async () =>
    StoredChatCompletion.omit({ metadata: true }).parse(
      await (await api.app.request(path, { method: 'POST', body, headers })).json(),
    );
  const { id } = await make();
  await clientOf(api).update(id, { metadata: { a: 'changed' } });
  expect((await make()).id).toBe(id);
  expect((await clientOf(api).list()).data).toMatchObject([{ id, metadata: { a: 'changed' } }]);
});

describe('the list', () => {
  test('is by time, oldest first, a page at a time', async () => {
    const api = await createTranslatingApi({ text: ['42'] }, ticking());
    const completions = clientOf(api);
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.push((await completions.create(asked)).id);
    const walked = async (order?: 'asc' | 'desc') => {
      const found: string[] = [];
      for await (const { id } of completions.list({ limit: 2, ...(order && { order }) })) found.push(id);
      return found;
    };
    expect(await walked()).toEqual(ids);
    expect(await walked('desc')).toEqual(ids.toReversed());
    const page = ChatCompletionList.parse(await (await api.app.request(`${path}?limit=2&after=${ids[0]}`)).json());
    expect(page).toMatchObject({ first_id: ids[1], last_id: ids[2], has_more: true });
    // Of a list that is emptied as it is walked, nothing is left out.
    for await (const { id } of completions.list({ limit: 2 })) await completions.delete(id);
    expect((await completions.list()).data).toEqual([]);
  });

  test('has what its model and all given pairs of metadata say', async () => {
    const api = await createTranslatingApi({ text: ['42'] }, ticking());
    const completions = clientOf(api);
    const make = async (metadata: Record<string, string>) => (await completions.create({ ...asked, metadata })).id;
    const [both, one] = [await make({ a: '1', 'b c': '2' }), await make({ a: '1' })];
    await make({});
    const found = async (query: OpenAI.Chat.ChatCompletionListParams) =>
      (await completions.list(query)).data.map(({ id }) => id);
    expect(await found({ metadata: { a: '1' } })).toEqual([both, one]);
    expect(await found({ metadata: { a: '1', 'b c': '2' } })).toEqual([both]);
    expect(await found({ metadata: { a: '2' } })).toEqual([]);
    expect(await found({ metadata: { constructor: 'x' } })).toEqual([]);
    expect(await found({ model: 'tiny' })).toHaveLength(3);
    expect(await found({ model: 'other' })).toEqual([]);
  });
});

describe('the messages', () => {
  test('are those of the request, as they were sent', async () => {
    const api = await createTranslatingApi({ text: ['42'] });
    const call = { id: 'call_1', type: 'function' as const, function: { name: 'add', arguments: '{"a":1}' } };
    const free = { id: 'call_2', type: 'custom' as const, custom: { name: 'note', input: 'x' } };
    const parts = [{ type: 'text' as const, text: 'Again?' }];
    const sent = [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content: 'One plus one?' },
      { role: 'assistant' as const, content: 'I add.', tool_calls: [call, free], reasoning_content: 'A sum.' },
      { role: 'tool' as const, tool_call_id: 'call_1', content: '2' },
      { role: 'tool' as const, tool_call_id: 'call_2', content: 'noted' },
      { role: 'assistant' as const, content: 'Two.' },
      { role: 'user' as const, content: parts },
    ];
    const tools = [
      { type: 'function' as const, function: { name: 'add', parameters: { type: 'object' } } },
      { type: 'custom' as const, custom: { name: 'note' } },
    ];
    const { id } = await clientOf(api).create({ ...asked, messages: sent, tools });
    const { data } = await clientOf(api).messages.list(id);
    const plain = { content_parts: null, refusal: null };
    expect(data).toEqual(
      sent.map((message, index) => ({
        ...plain,
        ...message,
        ...(message.content === parts ? { content: null, content_parts: parts } : {}),
        id: `${id}-${index}`,
      })),
    );
    const walked: string[] = [];
    for await (const message of clientOf(api).messages.list(id, { limit: 3, order: 'desc' })) walked.push(message.id);
    expect(walked).toEqual(data.map((message) => message.id).toReversed());
    const listed = ChatMessageList.parse(await (await api.app.request(`${path}/${id}/messages?limit=1`)).json());
    expect(listed).toMatchObject({ object: 'list', first_id: `${id}-0`, last_id: `${id}-0`, has_more: true });
  });
});

test.each([
  ['GET', `${path}?limit=0`, undefined, 'limit'],
  ['GET', `${path}?limit=101`, undefined, 'limit'],
  ['GET', `${path}?order=up`, undefined, 'order'],
  ['GET', `${path}?after=`, undefined, 'after'],
  ['GET', `${path}?metadata=a`, undefined, 'metadata'],
  ['POST', `${path}/chatcmpl-0000`, {}, 'metadata'],
  ['POST', `${path}/chatcmpl-0000`, { metadata: { a: 1 } }, 'metadata.a'],
  ['GET', `${path}/chatcmpl-0000/messages?limit=x`, undefined, 'limit'],
  ['GET', `${path}/chatcmpl-0000/messages?order=up`, undefined, 'order'],
])('%s %s with %o is refused by the field %s', async (method, target, body, param) => {
  const { app, post } = await createTranslatingApi({ text: ['42'] });
  await post(path, { messages, store: true });
  const headers = { 'content-type': 'application/json' };
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body), headers };
  const answer = await app.request(target, init);
  expect(answer.status).toBe(400);
  expect(ErrorEnvelope.parse(await answer.json()).error.param).toBe(param);
});
