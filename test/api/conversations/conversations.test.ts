import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { conversationKey, titleOf } from '../../../src/api/conversations/conversation-index.ts';
import {
  Conversation,
  ConversationExport,
  ConversationList,
  ConversationRecord,
  TurnList,
} from '../../../src/contracts/responses/conversation.ts';
import { Response as ResponseObject } from '../../../src/contracts/responses/response.ts';
import { allScopes } from '../../../src/contracts/service/key-scopes.ts';
import { sweepRecords } from '../../../src/maintenance/sweep-records.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { createService } from '../../worker/service.ts';
import { createApi, createSemaphore, createWorkingApi } from '../responses/fixture.ts';

async function setUp(api: ReturnType<typeof createApi> | Awaited<ReturnType<typeof createWorkingApi>>) {
  const { app, post } = api;
  const begin = async () => Conversation.parse(await (await post('/v1/conversations', {})).json()).id;
  const ask = async (body: object, init?: RequestInit) =>
    ResponseObject.parse(await (await post('/v1/responses', { mode: 'fast', ...body }, init)).json());
  const turns = async (id: string) =>
    TurnList.parse(await (await app.request(`/v1/conversations/${id}/turns`)).json()).data;
  const list = async () => ConversationList.parse(await (await app.request('/v1/conversations')).json()).data;
  return { ...api, begin, ask, turns, list };
}
const working = async () => setUp(await createWorkingApi());
const ErrorBody = z.object({ error: z.object({ message: z.string(), param: z.string().nullable() }) });

test.each([
  ['How much is 12 + 30?', 'How much is 12 + 30?'],
  ['  Is it so?\nThen why is it called that?', 'Is it so?'],
  ['Hello there. I have a question about tax.', 'Hello there.'],
  [
    'Explain to me in a few words why the sky over a desert is of another blue than over the sea',
    'Explain to me in a few words why the sky over a desert is of…',
  ],
  ['가나다라마바사 '.repeat(12), `${'가나다라마바사 '.repeat(7).trim()}…`],
  ['x'.repeat(200), `${'x'.repeat(60)}…`],
  ['What is 3.5 + 4? Tell me.', 'What is 3.5 + 4?'],
])('the title of %j', (question, title) => {
  expect(titleOf(question)).toBe(title);
});

describe('a branch', () => {
  it('after a response that the conversation does not have gives 404 naming the field', async () => {
    const { begin, post } = await working();
    const id = await begin();
    const refused = await post('/v1/responses', { input: 'a', conversation: { id, after: 'resp_elsewhere' } });
    expect(refused.status).toBe(404);
    expect(ErrorBody.parse(await refused.json()).error.param).toBe('conversation.after');
  });

  it('may be asked in while another one runs, and not after a response that runs', async () => {
    const gate = createSemaphore('begun');
    let held = '';
    const script = {
      deltas: ['42'],
      gate: async (name: string, lease: Parameters<typeof gate.gate>[1] & { job: { id: string } }) => {
        if (lease.job.id === held) await gate.gate(name, lease);
      },
    };
    const { begin, ask, post, turns, list } = await setUp(await createWorkingApi(script));
    const id = await begin();
    const first = await ask({ input: 'First?', conversation: id });
    held = 'resp_0002';
    const running = await ask({ input: 'Slow?', conversation: id, background: true });
    expect(running.id).toBe(held);
    await gate.reached;
    expect((await post('/v1/responses', { input: 'b', conversation: id })).status).toBe(409);
    expect((await post('/v1/responses', { input: 'b', conversation: { id, after: running.id } })).status).toBe(409);
    expect((await ask({ input: 'Quick?', conversation: { id, after: first.id } })).status).toBe('completed');
    expect((await turns(id)).map(({ question, status, answer }) => [question, status, answer])).toEqual([
      ['First?', 'completed', '42'],
      ['Slow?', 'in_progress', ''],
      ['Quick?', 'completed', '42'],
    ]);
    gate.open();
    await expect.poll(async () => (await turns(id)).every(({ answer }) => answer === '42')).toBe(true);
    expect(await list()).toMatchObject([{ turns: 3, title: 'First?' }]);
  });

  it('starts behind the items that a conversation was begun with', async () => {
    const { post, ask, app } = await working();
    const items = [{ role: 'system', content: 'Be brief.' }];
    const { id } = Conversation.parse(await (await post('/v1/conversations', { items })).json());
    await ask({ input: 'One?', conversation: id });
    const again = await ask({ input: 'Another?', conversation: { id, after: null } });
    const seen = await (await app.request(`/v1/responses/${again.id}/input_items?order=asc`)).text();
    expect(seen).toContain('Be brief.');
    expect(seen).not.toContain('One?');
  });
});

it('two requests without a place come one behind the other, though neither saw the other', async () => {
  const { begin, ask, turns, app } = await working();
  const id = await begin();
  const both = await Promise.all(['One?', 'Two?'].map((input) => ask({ input, conversation: id, background: true })));
  const all = await turns(id);
  expect(all.map((turn) => turn.id).sort()).toEqual(both.map((response) => response.id).sort());
  expect(all.map(({ parent }) => parent)).toEqual([null, all[0]?.id]);
  await expect.poll(async () => (await turns(id)).every(({ status }) => status === 'completed')).toBe(true);
  const items = z.object({ data: z.array(z.unknown()) });
  expect(items.parse(await (await app.request(`/v1/conversations/${id}/items`)).json()).data.length).toBeGreaterThan(3);
});

it('a request that is sent again by its key joins what its first process did not come to', async () => {
  const { begin, ask, turns, dependencies } = await working();
  const id = await begin();
  const init = { headers: { 'content-type': 'application/json', 'idempotency-key': 'once' } };
  const body = { mode: 'fast', input: 'Once?', conversation: id };
  const send = () => ask({}, { ...init, body: JSON.stringify(body) });
  const first = await send();
  // As the process leaves it that dies between accepting the response and adding it.
  await dependencies.records.update(conversationKey(id), (value) => ({ ...Object(value), entries: [] }));
  expect(await turns(id)).toEqual([]);
  expect((await send()).id).toBe(first.id);
  expect((await turns(id)).map((turn) => turn.id)).toEqual([first.id]);
  await send();
  expect(await turns(id)).toHaveLength(1);
});

it('the requests of a batch are in the conversation that they name', async () => {
  const { begin, post, turns } = await working();
  const id = await begin();
  const body = { input: 'Of a batch?', mode: 'fast', conversation: id };
  await post('/v1/batches', { endpoint: '/v1/responses', requests: [{ custom_id: 'a', body }] });
  expect((await turns(id)).map(({ question }) => question)).toEqual(['Of a batch?']);
});

it('an answer whose process died before it was kept is kept when the chats are listed', async () => {
  const { begin, ask, list, dependencies, app } = await working();
  const id = await begin();
  const { id: response } = await ask({ input: 'Kept?', conversation: id });
  const { records } = dependencies;
  const entriesOf = async () => ConversationRecord.parse(await records.get(conversationKey(id))).entries;
  await expect.poll(async () => (await entriesOf())[0]?.type).toBe('items');
  const entries = [{ type: 'response', id: response, question: 'Kept?' }];
  await records.update(conversationKey(id), (value) => ({ ...Object(value), entries }));
  const search = async () => (await app.request('/v1/conversations?q=forty')).json();
  // Its card is of that state.
  await (
    await app.request(`/v1/conversations/${id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"title":"Mine"}',
    })
  ).text();
  expect(await search()).toMatchObject({ data: [] });
  await list();
  expect(await search()).toMatchObject({ data: [{ id }] });
});

it('conversations of a version that kept no lists are listed and searched after a sweep', async () => {
  const { list, dependencies, app, queue, turns, ask } = await working();
  const { records, now } = dependencies;
  const items = [
    { type: 'message', role: 'user', content: 'How old is this?' },
    { type: 'message', role: 'assistant', content: 'Very.' },
  ];
  const entries = [
    { type: 'items', items },
    { type: 'response', id: 'resp_gone' },
  ];
  const record = { version: 1, id: 'conv_old', createdAt: now(), owner: null, metadata: {}, entries };
  await records.set(conversationKey('conv_old'), record);
  await records.set(`conversations-used:${Math.floor(now() / 86_400_000)}:conv_old`, {});
  expect(await list()).toEqual([]);
  const sweep = sweepRecords({
    queue: { ...queue, onRemoved() {}, onExpiring() {} },
    records,
    retentionMs: 86_400_000,
    now,
    onError(error) {
      throw error;
    },
  });
  await sweep.swept;
  sweep.close();
  expect(await list()).toMatchObject([{ id: 'conv_old', title: 'How old is this?' }]);
  expect(await (await app.request('/v1/conversations?q=very')).json()).toMatchObject({ data: [{ id: 'conv_old' }] });
  expect(await records.keys('conversations-used')).toEqual([]);
  await ask({ input: 'And now?', conversation: 'conv_old' });
  expect(await turns('conv_old')).toMatchObject([{ question: 'And now?', parent: null }]);
});

describe('an import', () => {
  const file = (entries: unknown[]) => ({
    object: 'conversation.export',
    version: 1,
    title: 'Brought in',
    created_at: 1_700_000_000_000,
    metadata: {},
    entries,
  });
  const said = { items: [{ role: 'user', content: 'a' }] };

  it.each([
    [[{ ...said, follows: 0 }], 'entries[0].follows'],
    [[said, { ...said, follows: 2 }, said], 'entries[1].follows'],
    [[{ items: [{ type: 'item_reference', id: 'msg_1' }] }], 'entries[0].items[0]'],
    [[{ items: [{ role: 'nobody', content: 'a' }] }], 'entries[0].items[0].role'],
  ])('of %j is refused naming the field', async (entries, param) => {
    const { post } = createApi();
    const refused = await post('/v1/conversations/import', file(entries));
    expect([refused.status, ErrorBody.parse(await refused.json()).error.param]).toEqual([400, param]);
  });

  it('may be larger than other bodies, and is made once by its Idempotency-Key', async () => {
    const { post, list } = await working();
    const large = file([{ items: [{ role: 'user', content: 'long '.repeat(500_000) }] }]);
    const init = {
      headers: { 'content-type': 'application/json', 'idempotency-key': 'one' },
      body: JSON.stringify(large),
    };
    const made = await Promise.all(
      [1, 2].map(async () => (await post('/v1/conversations/import', undefined, init)).json()),
    );
    expect(made[0]).toMatchObject({ object: 'conversation', title: 'Brought in' });
    expect(made[1]).toEqual(made[0]);
    expect(await list()).toHaveLength(1);
  });
});

it('keeps the verdict of an answer, in exports and imports too', async () => {
  const script = () => ({ thought: 'So it is 5.', answer: 'The answer is 5.' });
  const { app, post, answered } = await createService(createScriptedModel({ id: 'tiny', script }));
  const { id } = Conversation.parse(await (await post('/v1/conversations', {})).json());
  const checks = [{ type: 'expected', value: 4 }];
  const reasoning = { effort: 'low', checks, max_revisions: 0 };
  const { verdict } = await answered({ input: 'What is 2 + 2?', conversation: id, reasoning });
  expect(verdict?.kind).toBe('unsure');
  const read = async (path: string) => (await app.request(`/v1/conversations/${path}`)).text();
  const verdictsOf = async (of: string) =>
    TurnList.parse(JSON.parse(await read(`${of}/turns`))).data.map((turn) => turn.verdict);
  await expect.poll(() => verdictsOf(id)).toEqual([verdict]);
  const exported = ConversationExport.parse(JSON.parse(await read(`${id}/export`)));
  const imported = Conversation.parse(await (await post('/v1/conversations/import', exported)).json());
  expect(await verdictsOf(imported.id)).toEqual([verdict]);
  expect(await read(`${id}/export?format=markdown`)).toContain(`Verdict: unsure. ${verdict?.because}`);
});

it('a reader without thoughts exports none', async () => {
  const { begin, ask, app } = await working();
  const id = await begin();
  await ask({ input: 'Six by seven?', conversation: id, mode: 'deliberate' });
  const exported = ConversationExport.parse(await (await app.request(`/v1/conversations/${id}/export`)).json());
  expect(JSON.stringify(exported)).toContain('SECRET-THOUGHT');
  const other = await createApi({ anonymous: { ...allScopes, trace: 'summary' } });
  const imported = Conversation.parse(await (await other.post('/v1/conversations/import', exported)).json());
  const seen = await (await other.app.request(`/v1/conversations/${imported.id}/export`)).text();
  expect(seen).toContain('Six by seven?');
  expect(seen).not.toContain('SECRET-THOUGHT');
});
