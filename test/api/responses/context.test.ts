import { describe, expect, test } from 'vitest';
import { Conversation, ItemList } from '../../../src/contracts/responses/conversation.ts';
import { Response } from '../../../src/contracts/responses/response.ts';
import { responseJob } from '../../../src/contracts/responses/response-job.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { orderFaults } from '../../support/wire-order.ts';
import { createService } from '../../worker/service.ts';
import { catalog, createApi, readEvents } from './fixture.ts';
import { scriptedWorker } from './scripted-worker.ts';

const thought = 'SECRET 40 + 2 = 42. So the answer is 42.';
const answer = 'The answer is 42.';
const weather = { type: 'function', name: 'weather', parameters: { type: 'object' } };
const thinks = { effort: 'low', strategy: 'budget-forcing' };

/** Thinks and answers; calls the weather tool where the last turn asks for the weather. */
const model = () =>
  createScriptedModel({
    id: 'tiny',
    script: ({ request }) =>
      request.prompt.messages.at(-1)?.content.includes('weather')
        ? { thought, answer: '', toolCalls: [{ name: 'weather', arguments: '{}' }] }
        : { thought, answer },
  });

async function service() {
  const tiny = model();
  const made = await createService(tiny);
  const prompt = (id: string) =>
    made.queue.get(id).then((snapshot) => snapshot && responseJob(snapshot.job).prompt.messages);
  const items = async (path: string) => ItemList.parse(await (await made.app.request(path)).json());
  return { ...made, prompt, items };
}

describe('previous_response_id', () => {
  test('puts the earlier turns before the new one, over several responses, without their thoughts', async () => {
    const { answered, prompt } = await service();
    const first = await answered({ input: 'My name is Alice.', instructions: 'Be brief.', reasoning: thinks });
    const second = await answered({ input: 'Hm?', previous_response_id: first.id, reasoning: thinks });
    const third = await answered({ input: 'What is my name?', previous_response_id: second.id });
    expect(third).toMatchObject({ previous_response_id: second.id, warnings: [] });
    expect(await prompt(third.id)).toEqual([
      { role: 'user', content: 'My name is Alice.' },
      { role: 'assistant', content: answer },
      { role: 'user', content: 'Hm?' },
      { role: 'assistant', content: answer },
      { role: 'user', content: 'What is my name?' },
    ]);
  });

  test('copies nothing of the earlier turns into the job, nor what no model sees', async () => {
    const { answered, queue, app } = await service();
    const annotations = Array.from({ length: 1_000 }, (_, index) => ({ type: 'note', text: `NOTE ${index}` }));
    const content = [{ type: 'output_text', text: 'EARLIER', annotations }];
    const first = await answered({
      input: [
        { role: 'assistant', content },
        { role: 'user', content: 'a' },
      ],
      mode: 'fast',
    });
    const second = await answered({ input: 'b', previous_response_id: first.id, mode: 'fast' });
    const third = await answered({ input: 'c', previous_response_id: second.id, mode: 'fast' });
    const size = async (id: string) => JSON.stringify((await queue.get(id))?.job).length;
    expect(JSON.stringify((await queue.get(first.id))?.job)).not.toContain('NOTE');
    // The turns of the prompt alone: a user's and an answer more.
    expect((await size(third.id)) - (await size(second.id))).toBeLessThan(200);
    const listed = await (await app.request(`/v1/responses/${third.id}/input_items?order=asc`)).json();
    expect(ItemList.parse(listed).data.map((item) => ('role' in item ? item.role : item.type))).toEqual([
      'assistant',
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
    ]);
  });

  test('a chain that has lost its start goes on from what is left, and says so', async () => {
    const { answered, prompt, app } = await service();
    const first = await answered({ input: 'a', mode: 'fast' });
    const second = await answered({ input: 'b', previous_response_id: first.id, mode: 'fast' });
    await app.request(`/v1/responses/${first.id}`, { method: 'DELETE' });
    const third = await answered({ input: 'c', previous_response_id: second.id, mode: 'fast' });
    expect(third.warnings).toEqual([
      { field: 'previous_response_id', message: expect.stringContaining(`'${first.id}' no longer exists`) },
    ]);
    expect((await prompt(third.id))?.map(({ content }) => content)).toEqual(['b', answer, 'c']);
  });

  test('a chain takes 16 MiB of items and no more', async () => {
    const { ask, queue } = createApi({ catalog: { ...catalog, countTokens: async () => 1 } });
    await queue.consume({ concurrency: 1, models: ['tiny'] }, scriptedWorker({ deltas: ['42'] }));
    const input = 'a '.repeat(500_000);
    let previous = {};
    for (let index = 0; index < 17; index += 1) {
      const answered = await (await ask({ input, mode: 'fast', ...previous })).text();
      previous = { previous_response_id: /"id":"(resp_[^"]+)"/.exec(answered)?.[1] };
    }
    const refused = await ask({ input: 'b', mode: 'fast', ...previous });
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([409, 'false']);
    expect(await refused.json()).toMatchObject({ error: { param: 'previous_response_id' } });
  }, 60_000);

  test('references may point at a megabyte of items', async () => {
    const { ask, queue } = createApi({ catalog: { ...catalog, countTokens: async () => 1 } });
    await queue.consume({ concurrency: 1, models: ['tiny'] }, scriptedWorker({ deltas: ['42'] }));
    await ask({ input: [{ id: 'msg_0000_i0', role: 'user', content: 'a '.repeat(400_000) }], mode: 'fast' });
    const reference = { type: 'item_reference', id: 'msg_0000_i0' };
    expect((await ask({ input: [reference], mode: 'fast' })).status).toBe(200);
    expect((await ask({ input: [reference, reference], mode: 'fast' })).status).toBe(400);
  });

  test('with reasoning.context all_turns their thoughts stay', async () => {
    const { answered, prompt } = await service();
    const first = await answered({ input: 'a', reasoning: thinks });
    const next = { input: 'b', previous_response_id: first.id };
    const second = await answered({ ...next, reasoning: { ...thinks, context: 'all_turns' } });
    expect(await prompt(second.id)).toEqual([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: answer, thought },
      { role: 'user', content: 'b' },
    ]);
    expect(JSON.stringify(await answered({ ...next, reasoning: thinks }))).not.toContain('SECRET');
  });

  test('a tool’s result goes on with the thought that called it', async () => {
    const { answered, prompt } = await service();
    const called = await answered({ input: 'The weather?', tools: [weather], reasoning: thinks });
    const [call] = called.output;
    if (call?.type !== 'function_call') throw new Error('no call');
    const result = { type: 'function_call_output', call_id: call.call_id, output: 'sun' };
    const told = await answered({ input: [result], previous_response_id: called.id, tools: [weather] });
    expect(told.output_text).toBe(answer);
    expect(await prompt(told.id)).toEqual([
      { role: 'user', content: 'The weather?' },
      { role: 'assistant', content: '', thought, toolCalls: [{ id: call.call_id, name: 'weather', arguments: '{}' }] },
      { role: 'tool', content: 'sun', toolCallId: call.call_id },
    ]);
  });

  test.each([
    [{ input: 'a', previous_response_id: 'resp_none' }, 404, 'previous_response_id'],
    [{ input: 'a', conversation: 'conv_none' }, 404, 'conversation'],
    [{ input: 'a', conversation: 'conv_1', previous_response_id: 'resp_1' }, 400, 'conversation'],
    [{ input: [{ type: 'item_reference', id: 'msg_none' }] }, 404, 'input[0].id'],
    [{ input: [{ type: 'function_call_output', call_id: 'c', output: 'x' }] }, 400, 'input[0].call_id'],
    [
      { input: [{ type: 'reasoning', summary: [], encrypted_content: 'v1.forged' }] },
      400,
      'input[0].encrypted_content',
    ],
  ])('%j gives %i', async (body, status, param) => {
    const { ask } = createApi();
    const response = await ask(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { param } });
  });

  test('an earlier response that still runs gives 409, to be tried again', async () => {
    const { ask } = createApi();
    await ask({ input: 'a', background: true });
    const response = await ask({ input: 'b', previous_response_id: 'resp_0000' });
    expect(response.status).toBe(409);
    expect(response.headers.get('x-should-retry')).toBeNull();
  });
});

describe('items', () => {
  test('of the input are listed with ids, newest first, and can be referred to', async () => {
    const { answered, items, prompt } = await service();
    const first = await answered({ input: 'a', mode: 'fast' });
    const second = await answered({ input: 'b', previous_response_id: first.id });
    const all = await items(`/v1/responses/${second.id}/input_items`);
    expect(all.data.map(({ type }) => type)).toEqual(['message', 'message', 'message']);
    expect(all.data[0]).toMatchObject({ role: 'user', content: [{ type: 'input_text', text: 'b' }] });
    const page = await items(`/v1/responses/${second.id}/input_items?limit=1&order=asc&after=${all.data[2]?.id}`);
    expect(page).toMatchObject({ has_more: true, data: [{ role: 'assistant' }] });
    const reference = { type: 'item_reference', id: all.data[0]?.id };
    const third = await answered({ input: [reference, { role: 'user', content: 'c' }] });
    expect(await prompt(third.id)).toEqual([
      { role: 'user', content: 'b' },
      { role: 'user', content: 'c' },
    ]);
  });

  test('sealed thoughts come back, unreadable, and are taken back', async () => {
    const { answered, prompt } = await service();
    const called = await answered({
      input: 'The weather?',
      tools: [weather],
      reasoning: thinks,
      store: false,
      include: ['reasoning.encrypted_content'],
    });
    expect(JSON.stringify(called)).not.toContain('SECRET');
    expect(called.output[0]).toMatchObject({ type: 'reasoning', encrypted_content: expect.stringMatching(/^v1\./) });
    const call = called.output[1];
    if (call?.type !== 'function_call') throw new Error('no call');
    const result = { type: 'function_call_output', call_id: call.call_id, output: 'sun' };
    const told = await answered({ input: [{ role: 'user', content: 'The weather?' }, ...called.output, result] });
    expect((await prompt(told.id))?.[1]).toMatchObject({ role: 'assistant', thought });
  });
});

describe('a conversation', () => {
  test('grows by what is asked and answered, and outlives its responses', async () => {
    const { answered, post, app, items, prompt } = await service();
    const made = await post('/v1/conversations', {
      items: [{ role: 'user', content: 'Hello.' }],
      metadata: { a: 'b' },
    });
    const { id } = JSON.parse(await made.text());
    const first = await answered({ input: 'My name is Alice.', conversation: id, mode: 'fast' });
    expect(first.conversation).toEqual({ id });
    await app.request(`/v1/responses/${first.id}`, { method: 'DELETE' });
    const second = await answered({ input: 'And?', conversation: { id }, mode: 'fast' });
    expect((await prompt(second.id))?.map(({ content }) => content)).toEqual([
      'Hello.',
      'My name is Alice.',
      answer,
      'And?',
    ]);
    const listed = await items(`/v1/conversations/${id}/items?order=asc`);
    expect(listed.data).toHaveLength(5);
    expect(await (await app.request(`/v1/conversations/${id}`)).json()).toMatchObject({ metadata: { a: 'b' } });
    await app.request(`/v1/conversations/${id}`, { method: 'DELETE' });
    expect((await app.request(`/v1/conversations/${id}/items`)).status).toBe(404);
  });

  test('takes items and new metadata', async () => {
    const { post, items } = await service();
    const { id } = JSON.parse(await (await post('/v1/conversations', {})).text());
    await post(`/v1/conversations/${id}/items`, { items: [{ role: 'user', content: 'x' }] });
    const updated = await post(`/v1/conversations/${id}`, { metadata: { k: 'v' } });
    expect(await updated.json()).toMatchObject({ id, metadata: { k: 'v' } });
    expect((await items(`/v1/conversations/${id}/items`)).data).toMatchObject([{ role: 'user' }]);
  });
});

describe('one item of a conversation', () => {
  test('is got and removed, a response’s own too, and later turns no longer see it', async () => {
    const { answered, app, post, items, prompt } = await service();
    const { id } = Conversation.parse(
      await (await post('/v1/conversations', { items: [{ role: 'user', content: 'Hello.' }] })).json(),
    );
    await answered({ input: 'My name is Alice.', conversation: id, mode: 'fast' });
    const path = `/v1/conversations/${id}/items`;
    // As the sessions of the Agents SDKs pop what came last.
    for (const expected of ['assistant', 'user']) {
      const [last] = (await items(`${path}?limit=1`)).data;
      expect(last).toMatchObject({ role: expected });
      expect(await (await app.request(`${path}/${last?.id}`)).json()).toEqual(last);
      const removed = await app.request(`${path}/${last?.id}`, { method: 'DELETE' });
      expect(await removed.json()).toMatchObject({ id, object: 'conversation' });
      expect((await app.request(`${path}/${last?.id}`)).status).toBe(404);
      expect((await app.request(`${path}/${last?.id}`, { method: 'DELETE' })).status).toBe(404);
    }
    const later = await answered({ input: 'And?', conversation: id, mode: 'fast' });
    expect((await prompt(later.id))?.map(({ content }) => content)).toEqual(['Hello.', 'And?']);
  });

  test('stays while its response runs', async () => {
    const { ask, app, post } = createApi();
    const { id } = Conversation.parse(await (await post('/v1/conversations', {})).json());
    const running = Response.parse(
      await (
        await ask({ input: [{ id: 'msg_asked', role: 'user', content: 'x' }], conversation: id, background: true })
      ).json(),
    );
    const removed = await app.request(`/v1/conversations/${id}/items/msg_asked`, { method: 'DELETE' });
    expect(removed.status).toBe(409);
    expect(await removed.json()).toMatchObject({
      error: { code: 'conflict', message: expect.stringContaining(running.id) },
    });
  });

  test('that is a thought is there for no key that may not read it', async () => {
    const noThoughts = { trace: 'none', feedback: false, admin: false, tools: false } as const;
    const { app, post } = createApi({ anonymous: noThoughts });
    const items = [
      { id: 'rs_1', type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: thought }] },
    ];
    const { id } = Conversation.parse(await (await post('/v1/conversations', { items })).json());
    expect((await app.request(`/v1/conversations/${id}/items/rs_1`)).status).toBe(404);
  });
});

describe('truncation', () => {
  const long = (word: string) => Array.from({ length: 400 }, () => word).join(' ');
  const input = [
    { role: 'system', content: 'Rule.' },
    ...['one', 'two', 'three'].flatMap((word) => [{ role: 'user', content: long(word) }]),
  ];

  test('auto leaves out the oldest turns, and says so', async () => {
    const { ask, queue } = createApi();
    const response = await ask({ input, truncation: 'auto', background: true });
    expect(await response.json()).toMatchObject({ truncation: 'auto', warnings: [{ field: 'truncation' }] });
    const job = (await queue.get('resp_0000'))?.job;
    const words = job && responseJob(job).prompt.messages.map(({ content }) => content.split(' ')[0]);
    expect(words).toEqual(['Rule.', 'two', 'three']);
  });

  test('disabled refuses', async () => {
    const response = await createApi().ask({ input, background: true });
    expect(await response.json()).toMatchObject({ error: { code: 'context_length_exceeded', param: 'input' } });
  });
});

test('input_tokens counts without running', async () => {
  const { post, queue } = createApi();
  const response = await post('/v1/responses/input_tokens', { input: 'one two three' });
  expect(await response.json()).toEqual({ object: 'response.input_tokens', input_tokens: 3 });
  expect((await queue.list({ owner: null, limit: 1 })).jobs).toEqual([]);
});

describe('thoughts on the wire', () => {
  test.each([thinks, { effort: 'low' }])(
    'reasoning.text with %j: streamed, and in the final item alike',
    async (reasoning) => {
      const { ask } = await service();
      const body = {
        input: 'a',
        reasoning: { ...reasoning, summary: 'auto' },
        include: ['reasoning.text'],
        stream: true,
      };
      const { events } = await readEvents(await ask(body));
      const streamed = events.filter(({ type }) => type === 'response.reasoning_text.delta').map(({ delta }) => delta);
      expect(streamed.join('')).toBe(thought);
      expect(orderFaults(events)).toEqual([]);
      const { output } = Response.parse(events.at(-1)?.['response']);
      expect(output).toMatchObject([{ type: 'reasoning', content: [{ text: thought }] }, { type: 'message' }]);
      expect(output[0]?.type === 'reasoning' && output[0].summary.length).toBeGreaterThan(0);
    },
  );
});

describe('Idempotency-Key', () => {
  const keyed = (body: unknown): RequestInit => ({
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': 'k1' },
  });

  test('the same key and body are one response, another body is refused for good', async () => {
    const { ask, queue } = await service();
    const first = JSON.parse(await (await ask(undefined, keyed({ input: 'a' }))).text());
    const again = JSON.parse(await (await ask(undefined, keyed({ input: 'a' }))).text());
    expect(again).toEqual(first);
    expect((await queue.list({ owner: null, limit: 10 })).jobs).toHaveLength(1);
    const other = await ask(undefined, keyed({ input: 'b' }));
    expect(other.status).toBe(409);
    expect(other.headers.get('x-should-retry')).toBe('false');
    expect(await other.json()).toMatchObject({ error: { param: 'Idempotency-Key' } });
  });
});

const full = {
  entries: Array.from({ length: 2_000 }, () => ({ type: 'items', items: [] })),
  bytes: [{ type: 'items', items: [{ type: 'message', role: 'user', content: 'ä'.repeat(8 * 1_048_576) }] }],
};
test.each(Object.entries(full))(
  'a conversation that is full of %s takes no more, and says so before anything runs',
  async (_, entries) => {
    const { post, queue, dependencies } = createApi();
    const { id } = Conversation.parse(await (await post('/v1/conversations', {})).json());
    await dependencies.records.update(`conversations:${id}`, (value) => ({
      ...Object(value),
      entries,
    }));
    for (const answer of [
      await post('/v1/responses', { input: 'a', conversation: id }),
      await post(`/v1/conversations/${id}/items`, { items: [{ role: 'user', content: 'a' }] }),
    ]) {
      expect(answer.status).toBe(409);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      expect(await answer.text()).toContain('2000 entries and 16777216 bytes');
    }
    expect((await queue.list({ owner: null, limit: 1 })).jobs).toEqual([]);
  },
);

test('what running responses will add to a conversation counts before they have ended', async () => {
  const { post, queue, dependencies } = createApi();
  const { id } = Conversation.parse(await (await post('/v1/conversations', {})).json());
  const running = { type: 'response', id: 'resp_running', bytes: 16 * 1_048_576 - 1_200_000 };
  await dependencies.records.update(`conversations:${id}`, (value) => ({ ...Object(value), entries: [running] }));
  // A thought before the question is no part of the prompt, but is kept with the conversation.
  const thought = { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'x'.repeat(700_000) }] };
  const branch = {
    input: [thought, { role: 'user', content: 'a' }],
    conversation: { id, after: null },
    background: true,
  };
  const answers = [await post('/v1/responses', branch), await post('/v1/responses', branch)];
  expect(answers.map(({ status }) => status)).toEqual([200, 409]);
  expect((await queue.list({ owner: null, limit: 2 })).jobs).toHaveLength(1);
});

test('a conversation takes no items that would make it larger than it may be', async () => {
  const { post, dependencies } = createApi();
  const { id } = Conversation.parse(await (await post('/v1/conversations', {})).json());
  const item = { type: 'message', role: 'user', content: 'x'.repeat(16 * 1_048_576 - 1_000) };
  await dependencies.records.update(`conversations:${id}`, (value) => ({
    ...Object(value),
    entries: [{ type: 'items', items: [item] }],
  }));
  const add = (length: number) =>
    post(`/v1/conversations/${id}/items`, { items: [{ role: 'user', content: 'x'.repeat(length) }] });
  expect((await add(1_000)).status).toBe(409);
  expect((await add(10)).status).toBe(200);
});
