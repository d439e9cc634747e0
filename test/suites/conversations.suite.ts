import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { createApp } from '../../src/api/app.ts';
import {
  Conversation,
  ConversationExport,
  ConversationList,
  type ConversationTurn,
  TurnList,
} from '../../src/contracts/responses/conversation.ts';
import { Response } from '../../src/contracts/responses/response.ts';
import type { JobQueue } from '../../src/core/job-queue.ts';
import type { RecordStore } from '../../src/core/record-store.ts';
import { createKeyStore } from '../../src/store/key-store.ts';
import { createApi } from '../api/responses/fixture.ts';

/** `queue` may be one for all tests, on which a worker answers; `records` are empty. */
export type Opened = { queue: JobQueue; records: RecordStore };

const answer = 'It is déjà vu.';
/** What a worker of the queue says. */
export const deltas = ['It is ', 'déjà vu.'];

/** Conversations over a real store. `open`: as one process sees it; what is opened sees the same. */
export function conversationsSuite(name: string, open: () => Promise<Opened>): void {
  const opened: Opened[] = [];
  afterEach(async () => {
    for (const { records } of opened.splice(0)) await records.close();
  });

  async function setUp(shared?: Opened) {
    const stores = shared ?? (await open());
    if (shared === undefined) opened.push(stores);
    const { queue, records } = stores;
    const keys = createKeyStore({ records, now: Date.now, freshMs: 0 });
    const newId = () => randomUUID().replaceAll('-', '').slice(0, 24);
    const { dependencies } = createApi({ queue, records, keys, now: Date.now, newId });
    const app = createApp(dependencies);
    const send = async (path: string, body?: object, { secret = '', method = body ? 'POST' : 'GET' } = {}) => {
      const headers = { 'content-type': 'application/json', ...(secret && { authorization: `Bearer ${secret}` }) };
      return app.request(path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    };
    const read = async <T>(schema: z.ZodType<T>, ...asked: Parameters<typeof send>): Promise<T> => {
      const result = await send(...asked);
      expect([asked[0], result.status]).toEqual([asked[0], 200]);
      return schema.parse(await result.json());
    };
    const ask = (input: string, conversation: object | string, secret = '') =>
      read(Response, '/v1/responses', { input, mode: 'fast', conversation }, { secret });
    const begin = (body: object = {}, secret = '') => read(Conversation, '/v1/conversations', body, { secret });
    const turns = async (id: string) => (await read(TurnList, `/v1/conversations/${id}/turns`)).data;
    const list = async (query = '', secret = '') =>
      read(ConversationList, `/v1/conversations${query}`, undefined, { secret });
    return { ...stores, keys, send, read, ask, begin, turns, list, stores };
  }
  const shape = (all: readonly ConversationTurn[]) => {
    const at = new Map(all.map(({ id }, index) => [id, index]));
    return all.map(({ parent, question, answer, status, effort }) => [
      parent === null ? null : at.get(parent),
      question,
      answer,
      status,
      effort,
    ]);
  };

  describe(`conversations: ${name}`, () => {
    test('a chat with branches: each turn sees its own branch, and an import of its export is the same chat', async () => {
      const { begin, ask, turns, read, send, list } = await setUp();
      const { id } = await begin({ metadata: { topic: 'sums' } });
      const one = await ask('How much is 12 + 30? I need it for my taxes.', id);
      const two = await ask('And twice that?', id);
      const edited = await ask('And half of it?', { id, after: one.id });
      const restarted = await ask('How much is 13 + 30?', { id, after: null });
      const last = await ask('Are you sure?', { id, after: two.id });
      expect(last.conversation).toEqual({ id });
      const tree = [
        [null, 'How much is 12 + 30? I need it for my taxes.', answer, 'completed', 'none'],
        [0, 'And twice that?', answer, 'completed', 'none'],
        [0, 'And half of it?', answer, 'completed', 'none'],
        [null, 'How much is 13 + 30?', answer, 'completed', 'none'],
        [1, 'Are you sure?', answer, 'completed', 'none'],
      ];
      expect(shape(await turns(id))).toEqual(tree);
      const seen = async (response: string) => {
        const items = z.object({ data: z.array(z.looseObject({ content: z.unknown() })) });
        const { data } = await read(items, `/v1/responses/${response}/input_items?order=asc`);
        return data.map(({ content }) => JSON.stringify(content)).join(' ');
      };
      expect(await seen(edited.id)).not.toContain('twice');
      expect(await seen(restarted.id)).not.toContain('12 + 30');
      const line = await seen(last.id);
      expect(line).toContain('12 + 30');
      expect(line).toContain('twice');
      expect(line).not.toContain('half');

      const [listed] = (await list()).data;
      expect(listed).toMatchObject({
        id,
        title: 'How much is 12 + 30?',
        metadata: { topic: 'sums' },
        turns: 5,
        last_response_id: last.id,
      });
      const exported = await read(ConversationExport, `/v1/conversations/${id}/export`);
      const imported = await read(Conversation, '/v1/conversations/import', exported);
      expect(imported).toMatchObject({ title: 'How much is 12 + 30?', metadata: { topic: 'sums' }, turns: 5 });
      expect(imported.created_at).toBe(listed?.created_at);
      expect(imported.id).not.toBe(id);
      const copies = await turns(imported.id);
      expect(shape(copies)).toEqual(tree);
      expect(copies.every(({ stored }) => !stored)).toBe(true);
      const again = await read(ConversationExport, `/v1/conversations/${imported.id}/export`);
      const bare = (file: ConversationExport) =>
        file.entries.map(({ items, follows, response }) => [items, follows, { ...response, id: '' }]);
      expect(bare(again)).toEqual(bare(exported));
      // It goes on like any other, and deleting it leaves the responses that it was exported from.
      await ask('Go on.', { id: imported.id, after: copies[1]?.id });
      expect((await turns(imported.id)).at(-1)?.parent).toBe(copies[1]?.id);
      expect((await send(`/v1/conversations/${imported.id}`, undefined, { method: 'DELETE' })).status).toBe(200);
      expect((await send(`/v1/responses/${one.id}`)).status).toBe(200);

      const markdown = await (await send(`/v1/conversations/${id}/export?format=markdown&turn=${edited.id}`)).text();
      expect(markdown).toContain('# How much is 12 + 30?');
      expect(markdown).toContain('And half of it?');
      expect(markdown).not.toContain('twice');
    });

    test('deleting one deletes its responses and their traces, and it is gone from the list', async () => {
      const { begin, ask, send, list, queue } = await setUp();
      const [{ id }, { id: kept }] = [await begin(), await begin()];
      const one = await ask('a', id);
      const two = await ask('b', { id, after: null });
      const other = await ask('c', kept);
      expect((await send(`/v1/conversations/${id}`, undefined, { method: 'DELETE' })).status).toBe(200);
      for (const response of [one, two]) {
        expect((await send(`/v1/responses/${response.id}`)).status).toBe(404);
        expect((await send(`/v1/responses/${response.id}/trace`)).status).toBe(404);
        expect(await queue.get(response.id)).toBeUndefined();
      }
      expect((await send(`/v1/conversations/${id}`)).status).toBe(404);
      expect((await send(`/v1/responses/${other.id}`)).status).toBe(200);
      expect((await list()).data.map((listed) => listed.id)).toEqual([kept]);
    });

    test('a deleted response leaves its question and answer in the conversation', async () => {
      const { begin, ask, send, turns } = await setUp();
      const { id } = await begin();
      const one = await ask('What stays?', id);
      await send(`/v1/responses/${one.id}`, undefined, { method: 'DELETE' });
      expect(await turns(id)).toMatchObject([{ id: one.id, question: 'What stays?', answer, stored: false }]);
      await ask('And now?', { id, after: one.id });
      expect(await turns(id)).toMatchObject([{ id: one.id }, { parent: one.id, stored: true }]);
    });

    test('the first key has what was made without keys; another key sees nothing of it', async () => {
      const { begin, ask, keys, list, send, read } = await setUp();
      const { id } = await begin();
      const response = await ask('Whose is this?', id);
      const first = await keys.create({ name: 'first', scopes: ['trace:full', 'admin'] });
      const other = await keys.create({ name: 'other', scopes: ['trace:full', 'admin'] });
      expect((await send('/v1/conversations')).status).toBe(401);
      const found = (await list('?q=whose', first.secret)).data;
      expect(found.map((listed) => listed.id)).toEqual([id]);
      const { secret } = first;
      expect((await read(Response, `/v1/responses/${response.id}`, undefined, { secret })).status).toBe('completed');
      await ask('Mine.', id, first.secret);
      expect((await list('', first.secret)).data).toMatchObject([{ id, turns: 2 }]);
      await begin({}, other.secret);
      expect((await list('', first.secret)).data).toHaveLength(1);

      expect((await list('?q=whose', other.secret)).data).toEqual([]);
      expect((await list('', other.secret)).data.map((listed) => listed.id)).not.toContain(id);
      for (const path of ['', '/turns', '/export', '/items']) {
        const refused = await send(`/v1/conversations/${id}${path}`, undefined, { secret: other.secret });
        expect(refused.status).toBe(404);
      }
      expect((await send(`/v1/responses/${response.id}`, undefined, { secret: other.secret })).status).toBe(404);
      for (const method of ['POST', 'DELETE']) {
        const body = method === 'POST' ? { title: 'Mine now' } : undefined;
        const refused = await send(`/v1/conversations/${id}`, body, { secret: other.secret, method });
        expect(refused.status).toBe(404);
      }
    });

    test('two writers at once lose nothing, and both branches stay', async () => {
      const one = await setUp();
      const other = await setUp(one.stores);
      const { id } = await one.begin();
      const start = await one.ask('Start.', id);
      const asked = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          (index % 2 === 0 ? one : other).ask(`Question ${index}.`, { id, after: start.id }),
        ),
      );
      const all = await one.turns(id);
      expect(all.map((turn) => turn.id).sort()).toEqual([start, ...asked].map((response) => response.id).sort());
      expect(all.slice(1).every(({ parent }) => parent === start.id)).toBe(true);
      // The answers are kept when each response ends, beside one another.
      await vi.waitUntil(async () => (await one.turns(id)).every((turn) => turn.answer === answer), {
        timeout: 20_000,
      });
      expect((await one.list()).data).toMatchObject([{ id, turns: 13 }]);
    });

    test('what is not stored reads the conversation and leaves nothing in it', async () => {
      const { begin, ask, read, turns } = await setUp();
      const { id } = await begin();
      await ask('Kept.', id);
      const response = await read(Response, '/v1/responses', {
        input: 'Not kept.',
        mode: 'fast',
        conversation: id,
        store: false,
      });
      expect(response.conversation).toBeNull();
      expect(response.warnings).toContainEqual(expect.objectContaining({ field: 'conversation' }));
      expect((await turns(id)).map(({ question }) => question)).toEqual(['Kept.']);
    });

    test('1,000 conversations: pages of all, last used first, and a search through questions and answers', async () => {
      const { begin, list, send, records, read } = await setUp();
      const question = (index: number) => `Question ${index} of ${index % 7 === 0 ? 'Élan' : 'weight'}?`;
      const make = async (index: number) => {
        const items = [
          { role: 'user', content: `${question(index)} ${'Some more words of it. '.repeat(20)}` },
          { role: 'assistant', content: index === 500 ? '답은 마흔둘입니다.' : `The answer is ${index * 3}.` },
        ];
        return (await begin({ items, title: index === 3 ? 'Renamed later' : null })).id;
      };
      const ids: string[] = [];
      for (let from = 0; from < 1_000; from += 100) {
        ids.push(...(await Promise.all(Array.from({ length: 100 }, (_, index) => make(from + index)))));
      }
      const pages: string[] = [];
      for (let after = ''; ; ) {
        const page = await list(`?limit=100${after && `&after=${after}`}`);
        pages.push(...page.data.map(({ id }) => id));
        after = page.last_id ?? '';
        if (!page.has_more) break;
      }
      expect(new Set(pages)).toEqual(new Set(ids));
      expect(pages).toHaveLength(1_000);
      const search = async (words: string) =>
        (await list(`?limit=100&q=${encodeURIComponent(words)}`)).data.map(({ id }) => id);
      expect(await search('elan QUESTION 14')).toContain(ids[14]);
      expect(await search('마흔둘')).toEqual([ids[500]]);
      expect(await search('answer 2997')).toEqual([ids[999]]);
      expect(await search('nothing of this')).toEqual([]);
      expect(await search('renamed')).toEqual([ids[3]]);
      expect((await list('?limit=5&q=elan')).has_more).toBe(true);
      // A use brings one to the front; a new name is found, and moves nothing.
      await send(`/v1/conversations/${ids[40]}/items`, { items: [{ role: 'user', content: 'Once more.' }] });
      await read(Conversation, `/v1/conversations/${ids[41]}`, { title: 'Zanzibar' });
      expect((await list('?limit=1')).data.map(({ id }) => id)).toEqual([ids[40]]);
      expect(await search('zanzibar')).toEqual([ids[41]]);
      expect((await records.keys('conversations-of')).length).toBe(1_000);
    });
  });
}
