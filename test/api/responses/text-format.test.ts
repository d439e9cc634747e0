import { describe, expect, test } from 'vitest';
import { ServiceError } from '../../../src/contracts/service/service-error.ts';
import { constraintFault } from '../../../src/grammar/constraint-language.ts';
import { createApi } from './fixture.ts';

const schema = { type: 'object', properties: { answer: { type: 'number' } }, required: ['answer'] };
const format = { type: 'json_schema', name: 'answer', schema };

describe('text.format', () => {
  test.each([
    [format, { type: 'json_schema', schema }],
    [{ type: 'json_object' }, { type: 'json_object' }],
    [{ type: 'text' }, undefined],
  ])('%j holds the answer', async (asked, constraint) => {
    const { ask, queue } = createApi();
    const response = await (await ask({ input: 'a', background: true, text: { format: asked } })).json();
    expect(response).toMatchObject({ warnings: [], text: { format: asked } });
    expect((await queue.get('resp_0000'))?.job.body['answer']).toMatchObject(constraint ? { constraint } : {});
    expect(Object.keys(Object((await queue.get('resp_0000'))?.job.body['answer'])).includes('constraint')).toBe(
      constraint !== undefined,
    );
  });

  test('is refused by name where the model can’t be held to it', async () => {
    const { ask } = createApi({ catalog: await incapableCatalog() });
    const response = await ask({ input: 'a', text: { format } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'unsupported_constraint', param: 'text.format' } });
  });

  test('of a tool’s text is warned of where the model can’t be held to it', async () => {
    const { ask } = createApi({ catalog: await incapableCatalog() });
    const grammar = { type: 'grammar', syntax: 'regex', definition: '[0-9]+' };
    const tools = [
      { type: 'custom', name: 'a' },
      { type: 'custom', name: 'b', format: grammar },
    ];
    const response = await (await ask({ input: 'a', background: true, tools })).json();
    expect(response).toMatchObject({ warnings: [{ field: 'tools[1].format' }] });
  });

  test('a keyword that can’t be enforced is refused where it stands, before the job is accepted', async () => {
    const { ask, queue } = createApi({
      checkConstraints: async (_model, constraints) => constraints.map(constraintFault),
    });
    const response = await ask({
      input: 'a',
      text: {
        format: { ...format, schema: { type: 'object', properties: { a: { type: 'object', dependentSchemas: {} } } } },
      },
    });
    expect(response.status).toBe(400);
    const param = expect.stringMatching(/^text\.format\.schema\.properties\.a/);
    expect(await response.json()).toMatchObject({ error: { code: 'unsupported_constraint', param } });
    expect(await queue.get('resp_0000')).toBeUndefined();
  });

  const bad = { type: 'object', properties: { a: { type: 'object', dependentSchemas: {} } } };
  const messages = [{ role: 'user', content: 'a' }];
  const named = { name: 'answer', parameters: bad, strict: true };
  test.each([
    [
      '/v1/chat/completions',
      { messages, response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: bad } } },
      'response_format.json_schema.schema',
    ],
    [
      '/v1/chat/completions',
      { messages, tools: [{ type: 'function', function: named }] },
      'tools[0].function.parameters',
    ],
    [
      '/v1/messages',
      { messages, max_tokens: 99, output_config: { format: { type: 'json_schema', schema: bad } } },
      'output_config.format.schema',
    ],
    [
      '/v1/messages',
      { messages, max_tokens: 99, tools: [{ name: 'answer', input_schema: bad, strict: true }] },
      'tools[0].input_schema',
    ],
    ['/api/chat', { model: 'tiny', messages, format: bad }, 'format'],
  ])('%s is told by its own name where that is: %j', async (path, body, name) => {
    const { post } = createApi({
      checkConstraints: async (_model, constraints) => constraints.map(constraintFault),
    });
    const response = await post(path, body);
    expect(response.status).toBe(400);
    const { error } = JSON.parse(await response.text());
    expect(error.message ?? error).toMatch(/: /);
    expect((error.message ?? error).startsWith(`${name}.properties.a`)).toBe(true);
  });

  test('other faults of the check are passed on', async () => {
    const fault = new ServiceError({ code: 'unsupported_constraint', message: 'no', param: 'text.format.schema' });
    const { ask } = createApi({
      async checkConstraints() {
        throw fault;
      },
    });
    expect((await ask({ input: 'a', text: { format } })).status).toBe(400);
  });
});

describe('log-probabilities', () => {
  test.each([
    [{ include: ['message.output_text.logprobs'] }, 0],
    [{ top_logprobs: 3 }, 3],
    [{ include: ['message.output_text.logprobs'], top_logprobs: 2 }, 2],
    [{ top_logprobs: 0 }, undefined],
  ])('%j', async (fields, alternatives) => {
    const { ask, queue } = createApi();
    const response = await ask({ input: 'a', background: true, ...fields });
    expect(await response.json()).toMatchObject({ warnings: [] });
    const job = (await queue.get('resp_0000'))?.job.body;
    expect(job?.['answer']).toEqual({
      max_tokens: 256,
      stop: [],
      ...(alternatives === undefined ? {} : { top_logprobs: alternatives }),
    });
    expect(job?.['include']).toMatchObject({ logprobs: alternatives !== undefined });
  });
});

async function incapableCatalog() {
  const { catalog } = await import('./fixture.ts');
  const list = () =>
    catalog.list().map((card) => ({ ...card, capabilities: { ...card.capabilities, constraints: [] } }));
  return { ...catalog, list, get: (id: string) => list().find((card) => card.id === id) };
}
