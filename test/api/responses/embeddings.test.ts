import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { Embeddings, OllamaEmbeddings } from '../../../src/contracts/protocols/embedding.ts';
import { dialectNames } from '../../../src/models/servers/client/dialect.ts';
import { createEmbed } from '../../../src/models/servers/client/embed.ts';
import { catalog, createApi } from './fixture.ts';

/** The API with one model behind a server that answers so. */
function served(answer: (body: Record<string, unknown>) => Response, dialect: (typeof dialectNames)[number] = 'vllm') {
  const upstream = new Hono();
  upstream.post('/v1/embeddings', async (c) => answer(await c.req.json()));
  const config = {
    kind: 'upstream' as const,
    id: 'tiny',
    url: 'http://upstream/v1',
    model: 'served-name',
    family: 'plain',
    dialect,
    contextLength: 4096,
    thoughtOpenedByTemplate: false,
    maxParallel: 1,
  };
  const embed = createEmbed(config, async (url, init) => upstream.request(`${url}`, init));
  return createApi({ catalog: { ...catalog, embed: async (_id, asked, options) => embed?.(asked, options) } });
}
const made = (body: Record<string, unknown>) =>
  Response.json({
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: [body['model'] === 'served-name' ? 1 : 0, 0.5] }],
    model: 'served-name',
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });

test.each(dialectNames)('are passed to a server of %s and come back, in either form', async (dialect) => {
  const { post } = served(made, dialect);
  const asked = { model: 'tiny', input: ['a b c'] };
  expect(Embeddings.parse(await (await post('/v1/embeddings', asked)).json())).toMatchObject({
    model: 'tiny',
    data: [{ embedding: [1, 0.5] }],
    usage: { prompt_tokens: 3 },
  });
  expect(OllamaEmbeddings.parse(await (await post('/api/embed', { ...asked, model: 'tiny:latest' })).json())).toEqual({
    model: 'tiny',
    embeddings: [[1, 0.5]],
    prompt_eval_count: 3,
  });
});

test.each([
  ['a local model', createApi()],
  ['a server without the route', served(() => Response.json({ error: { message: 'no' } }, { status: 404 }))],
])('of %s are a 404 that says so, in each form', async (_name, { post }) => {
  const openai = await post('/v1/embeddings', { model: 'tiny', input: 'a' });
  expect(openai.status).toBe(404);
  expect(await openai.json()).toMatchObject({
    error: { param: 'model', message: expect.stringContaining('embeddings') },
  });
  const ollama = await post('/api/embed', { model: 'tiny', input: 'a' });
  expect(ollama.status).toBe(404);
  expect(await ollama.json()).toEqual({ error: expect.stringContaining('embeddings') });
});

test('in a form that is not OpenAI’s are the server’s fault', async () => {
  const { post } = served(() => Response.json({ vectors: [] }));
  expect((await post('/v1/embeddings', { model: 'tiny', input: 'a' })).status).toBe(503);
});

test('an unknown model and no input are refused by name', async () => {
  const { post } = createApi();
  expect((await post('/v1/embeddings', { model: 'none', input: 'a' })).status).toBe(404);
  expect(await (await post('/v1/embeddings', { model: 'tiny' })).json()).toMatchObject({ error: { param: 'input' } });
});
