import { expect, test } from 'vitest';
import { z } from 'zod';
import { createKeyedApi } from './keyed-api.ts';

/** Routes that name something which belongs to nobody. */
const unowned = new Set([
  'GET /v1/models/:id{.+}',
  'DELETE /v1/configuration/models/:id{.+}',
  'DELETE /v1/keys/:id',
  'POST /v1/keys/:id/confirm',
]);

/** What each route's `:id` names: the start of its path. */
const kinds = [
  '/v1/responses',
  '/v1/conversations',
  '/v1/files',
  '/v1/batches',
  '/v1/messages/batches',
  '/v1/chat/completions',
] as const;
type Kind = (typeof kinds)[number];

const kindOf = (path: string): Kind | undefined => kinds.find((kind) => path.startsWith(`${kind}/:id`));

test('what is one key’s is not there for another, on every route that names it', { timeout: 30_000 }, async () => {
  const { app, as, create } = await createKeyedApi({ script: { deltas: ['42'] } });
  const scopes = ['trace:full', 'feedback', 'admin'] as const;
  const [owner, other] = [await create({ scopes: [...scopes] }), await create({ scopes: [...scopes] })];
  const made = async (path: string, body: object) => {
    const answer = await as(owner.secret, path, body);
    expect(answer.status).toBe(200);
    return z.object({ id: z.string() }).parse(await answer.json()).id;
  };
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new File(['{}'], 'in.jsonl'));
  const headers = { authorization: `Bearer ${owner.secret}` };
  const uploaded = await app.request('/v1/files', { method: 'POST', headers, body: form });
  const response = await made('/v1/responses', { input: 'a' });
  const conversation = await made('/v1/conversations', { items: [{ id: 'msg_one', role: 'user', content: 'a' }] });
  const batch = await made('/v1/batches', {
    endpoint: '/v1/responses',
    requests: [{ custom_id: 'a', body: { input: 'a' } }],
  });
  const messageBatch = await made('/v1/messages/batches', {
    requests: [{ custom_id: 'a', params: { max_tokens: 9, messages: [{ role: 'user', content: 'a' }] } }],
  });
  await expect
    .poll(async () => (await as(owner.secret, `/v1/messages/batches/${messageBatch}/results`)).status)
    .toBe(200);
  const chat = await made('/v1/chat/completions', { messages: [{ role: 'user', content: 'a' }], store: true });
  const file = z.object({ id: z.string() }).parse(await uploaded.json()).id;
  const ids: Record<Kind, string> = {
    '/v1/responses': response,
    '/v1/conversations': conversation,
    '/v1/files': file,
    '/v1/batches': batch,
    '/v1/messages/batches': messageBatch,
    '/v1/chat/completions': chat,
  };
  const bodies: Record<string, object> = {
    'POST /v1/responses/:id/feedback': { rating: 'up' },
    'POST /v1/conversations/:id': { metadata: {} },
    'POST /v1/chat/completions/:id': { metadata: {} },
    'POST /v1/conversations/:id/items': { items: [{ role: 'user', content: 'a' }] },
  };

  const routes = new Map(
    app.routes
      .filter(({ method, path }) => method !== 'ALL' && path.includes(':'))
      .map((route) => [`${route.method} ${route.path}`, route] as const),
  );
  let asked = 0;
  for (const [name, { method, path }] of routes) {
    if (unowned.has(name)) continue;
    const kind = kindOf(path);
    if (kind === undefined) throw new Error(`${name}: say here whom it belongs to`);
    const body = bodies[name];
    const target = path.replace(':id', ids[kind]).replace(':item', 'msg_one');
    const send = (secret: string) =>
      as(secret, target, undefined, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
    const refused = await send(other.secret);
    expect([name, refused.status]).toEqual([name, 404]);
    asked += 1;
    // The owner's reads find it, so that the 404 is not the path's.
    if (method === 'GET') expect([name, (await send(owner.secret)).status]).toEqual([name, 200]);
  }
  expect(asked).toBeGreaterThan(14);

  const results = `/v1/files/file-out_${batch.replace(/^batch_/, '')}`;
  for (const path of [results, `${results}/content`]) {
    expect((await as(owner.secret, path)).status).toBe(200);
    expect((await as(other.secret, path)).status).toBe(404);
  }
  for (const body of [
    { input: 'a', previous_response_id: response },
    { input: 'a', conversation },
    {
      input: [
        { type: 'item_reference', id: 'msg_1' },
        { role: 'user', content: 'a' },
      ],
    },
  ]) {
    expect((await as(other.secret, '/v1/responses', body)).status).toBe(404);
  }
  expect((await as(other.secret, '/v1/batches', { endpoint: '/v1/responses', input_file_id: file })).status).toBe(404);
  for (const list of kinds) {
    expect(await (await as(other.secret, list)).json()).toMatchObject({ data: [] });
    expect(await (await as(owner.secret, list)).json()).not.toMatchObject({ data: [] });
  }
});
