import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import type { ApiDependencies } from '../../../src/api/dependencies.ts';
import { responseJob } from '../../../src/contracts/responses/response-job.ts';
import type { ModelCard } from '../../../src/contracts/service/model-card.ts';
import { webhookRefusal } from '../../../src/entry/start-webhooks.ts';
import { createWebhookSettings } from '../../../src/store/webhook-settings.ts';
import { createMemoryRecords } from '../../support/memory-records.ts';
import { catalog, createApi, sealer } from './fixture.ts';

const image = 'data:image/png;base64,iVBORw0KGgo=';
const seeing: typeof catalog = {
  ...catalog,
  list: () => catalog.list().map((card): ModelCard => ({ ...card, capabilities: { ...card.capabilities, inputs } })),
  get: (id) => seeing.list().find((card) => card.id === id),
};
const inputs: ModelCard['capabilities']['inputs'] = ['text', 'image', 'file'];

const Made = z.object({
  id: z.string().optional(),
  error: z.object({ param: z.string().nullable() }).nullish(),
  warnings: z.array(z.object({ field: z.string() })).optional(),
});

/** The service's own rule for addresses that callers name. */
const withRule = (allowPrivate: boolean): Partial<ApiDependencies> => {
  const records = createMemoryRecords();
  return {
    webhooks: {
      settings: createWebhookSettings({ records, sealer, given: undefined, now: () => 0 }),
      deliveries: {
        of: async () => [],
        list: async () => ({ data: [], hasMore: false }),
        forget: async () => undefined,
      },
      refusal: (url) => webhookRefusal(url, { THINKFIRST_PRIVATE_CALLBACKS: allowPrivate }),
    },
  };
};
const [privateRefused, privateAllowed] = [withRule(false), withRule(true)];

const picture = { type: 'input_image', image_url: image, detail: 'low' };
const paper = { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERg==' };
const asked = (...content: unknown[]) => ({
  input: [{ role: 'user', content: [{ type: 'input_text', text: 'What is this?' }, ...content] }],
  background: true,
});

describe('where the model can’t see', () => {
  it.each([
    ['/v1/responses', asked(picture), 'input[0].content[1]'],
    ['/v1/responses', asked(paper), 'input[0].content[1]'],
    [
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: image } }] }] },
      'messages[0].content[0]',
    ],
    [
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] },
      'messages[0].content[0]',
    ],
    [
      '/v1/messages',
      {
        max_tokens: 9,
        messages: [
          {
            role: 'user',
            content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } }],
          },
        ],
      },
      'messages[0].content[0]',
    ],
    ['/api/chat', { messages: [{ role: 'user', content: 'this?', images: ['iVBO'] }] }, 'messages[0].images[0]'],
  ])('%s refuses an image or a file by the name of its part (%#)', async (path, body, part) => {
    const answer = await createApi().post(path, { model: 'tiny', ...body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(part);
  });
});

describe('where an upstream can', () => {
  const accept = async (body: object, overrides: Parameters<typeof createApi>[0] = {}) => {
    const { ask, queue } = createApi({ catalog: seeing, ...overrides });
    const answer = await ask(body);
    const made = Made.parse(await answer.json());
    const job = answer.status === 200 ? (await queue.get(made.id ?? ''))?.job : undefined;
    return { status: answer.status, made, prompt: job && responseJob(job).prompt };
  };

  it('images and files are part of the prompt, in their order', async () => {
    const { prompt } = await accept(asked(picture, paper));
    expect(prompt?.messages).toEqual([
      {
        role: 'user',
        content: 'What is this?',
        parts: [
          { type: 'text', text: 'What is this?' },
          { type: 'image', url: image, detail: 'low' },
          { type: 'file', data: paper.file_data, name: 'a.pdf' },
        ],
      },
    ]);
  });

  it('an image alone asks for something', async () => {
    const { status } = await accept({ input: [{ role: 'user', content: [picture] }], background: true });
    expect(status).toBe(200);
  });

  it.each([
    [{ type: 'input_image', image_url: 'file:///etc/passwd' }, 'image_url'],
    [{ type: 'input_image', file_id: 'file-1' }, 'file_id'],
    [{ type: 'input_file', file_url: 'https://example.org/a.pdf' }, 'file_url'],
    [{ type: 'input_file' }, 'file_data'],
    [{ type: 'input_file', file_data: 'http://169.254.169.254/latest/meta-data' }, 'file_data'],
    [{ type: 'input_file', file_data: ' file:///etc/passwd' }, 'file_data'],
  ])('%j is refused by its field', async (part, field) => {
    const { status, made } = await accept(asked(part));
    expect([status, made.error?.param]).toEqual([field === 'file_id' ? 404 : 400, `input[0].content[1].${field}`]);
  });

  it.each([
    ['http://169.254.169.254/latest/meta-data', 400],
    ['http://127.0.0.1:9464/metrics', 400],
    ['https://[::1]/cat.png', 400],
    ['http://localhost/cat.png', 400],
    ['http://', 400],
    ['https://example.org/cat.png', 200],
    ['data:image/png;base64,127.0.0.1', 200],
  ])('%s, which its server would fetch: %i', async (image_url, status) => {
    const refused = await accept(asked({ type: 'input_image', image_url }), privateRefused);
    expect(refused.status).toBe(status);
    if (status === 400) expect(refused.made.error?.param).toBe('input[0].content[1].image_url');
  });

  it('a private address is passed on where the operator allows it', async () => {
    const image_url = 'http://10.0.0.7/cat.png';
    expect((await accept(asked({ type: 'input_image', image_url }), privateAllowed)).status).toBe(200);
  });

  it('an image of system is refused by name', async () => {
    const input = [
      { role: 'system', content: [picture] },
      { role: 'user', content: 'Hi' },
    ];
    const { status, made } = await accept({ input, background: true });
    expect([status, made.error?.param]).toEqual([400, 'input[0].content[0]']);
  });

  it('what a tool shows is part of its result', async () => {
    const { prompt, made } = await accept(shown({ type: 'input_text', text: 'A cat:' }, picture));
    const parts = [
      { type: 'text', text: 'A cat:' },
      { type: 'image', url: image, detail: 'low' },
    ];
    expect(prompt?.messages.at(-1)).toEqual({ role: 'tool', content: 'A cat:', parts, toolCallId: 'c' });
    expect(made.warnings).toEqual([]);
  });
});

/** What a tool gave. Agents send it again with each request, so a refusal would end their work. */
const shown = (...output: unknown[]) => ({
  input: [
    { role: 'user', content: 'What is this?' },
    { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c', output },
  ],
  background: true,
});

it('what a tool shows a model that can’t see is left out of its result with a warning', async () => {
  const { ask, queue } = createApi();
  const made = Made.parse(await (await ask(shown({ type: 'input_text', text: 'A cat: ' }, picture, paper))).json());
  expect(made.warnings?.map(({ field }) => field)).toEqual(['input[2].output[1]', 'input[2].output[2]']);
  const job = (await queue.get(made.id ?? ''))?.job;
  expect(job && responseJob(job).prompt.messages.at(-1)).toEqual({
    role: 'tool',
    content: 'A cat: {"omitted":"input_image"}{"omitted":"input_file"}',
    toolCallId: 'c',
  });
});

test('sampling that the model’s server doesn’t know gives a warning', async () => {
  const blunt: typeof catalog = {
    ...catalog,
    get: (id) => {
      const card = catalog.get(id);
      return card && { ...card, capabilities: { ...card.capabilities, sampling: ['temperature', 'top_p'] } };
    },
  };
  const { ask } = createApi({ catalog: blunt });
  const body = { input: 'Hi', background: true, temperature: 1, top_p: 0.5, top_k: 4, min_p: 0.1, presence_penalty: 1 };
  const more = { frequency_penalty: 0, logit_bias: { 5: 1 } };
  const { warnings } = Made.parse(await (await ask({ model: 'tiny', ...body, ...more })).json());
  // A penalty of 0 asks for nothing.
  expect(warnings?.map(({ field }) => field)).toEqual(['top_k', 'min_p', 'presence_penalty', 'logit_bias']);
});

describe('values in thoughts, on a server that computes them in text alone', () => {
  const server: typeof catalog = {
    ...catalog,
    get: (id) => {
      const card = seeing.get(id);
      return card && { ...card, capabilities: { ...card.capabilities, compute_text_only: true } };
    },
  };
  const Computed = z.object({
    reasoning: z.object({ effective: z.object({ compute: z.string() }) }),
    warnings: z.array(z.object({ field: z.string() })),
  });
  const tools = [{ type: 'function', name: 'look', parameters: { type: 'object' } }];

  it.each<[string, object, 'on' | 'off', string[]]>([
    ['text', { ...asked(), reasoning: { effort: 'low', compute: 'on' } }, 'on', []],
    ['an image', { ...asked(picture), reasoning: { effort: 'low', compute: 'on' } }, 'off', ['reasoning.compute']],
    ['tools', { ...asked(), tools, reasoning: { effort: 'low', compute: 'on' } }, 'off', ['reasoning.compute']],
    ['tools, not asked to compute', { ...asked(), tools, reasoning: { effort: 'low' } }, 'off', []],
  ])('%s', async (_what, body, compute, fields) => {
    const { ask } = createApi({ catalog: server });
    const { reasoning, warnings } = Computed.parse(await (await ask(body)).json());
    expect([reasoning.effective.compute, warnings.map(({ field }) => field)]).toEqual([compute, fields]);
  });
});
