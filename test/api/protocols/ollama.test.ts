import type { ChatResponse, GenerateResponse } from 'ollama';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { lineStream } from '../../../src/api/event-stream.ts';
import {
  OllamaChatResponse,
  OllamaGenerateResponse,
  OllamaRunning,
  OllamaShow,
  OllamaTags,
} from '../../../src/contracts/protocols/ollama-chat.ts';
import { createApi, createWorkingApi } from '../responses/fixture.ts';
import { createTranslatingApi } from './fixture.ts';

const path = '/api/chat';
const ask = { model: 'tiny:latest', messages: [{ role: 'user', content: 'How much is 6 times 7?' }] };
const steps = [{ phase: 'think' as const, sample: 0, text: '6 * 7 = 42' }];
const lines = async (response: Response) =>
  (await response.text())
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

test('what it gives is Ollama’s', () => {
  expectTypeOf<Required<OllamaChatResponse>['message']>().toExtend<ChatResponse['message']>();
  expectTypeOf<Required<OllamaChatResponse>['logprobs']>().toExtend<NonNullable<ChatResponse['logprobs']>>();
});

describe('a whole answer', () => {
  test('has thought, text, calls and figures', async () => {
    const { post } = await createTranslatingApi({
      steps,
      text: ['Forty', '-two.'],
      calls: [{ name: 'add', arguments: '{"a":1}' }],
    });
    const response = await post(path, { ...ask, stream: false, think: true });
    expect(response.status).toBe(200);
    expect(OllamaChatResponse.parse(await response.json())).toEqual({
      model: 'tiny',
      created_at: '2023-11-14T22:13:20.500Z',
      message: {
        role: 'assistant',
        content: 'Forty-two.',
        thinking: '6 * 7 = 42',
        tool_calls: [{ id: 'call_0000_0', function: { name: 'add', arguments: { a: 1 } } }],
      },
      done: true,
      done_reason: 'stop',
      total_duration: 0,
      load_duration: 0,
      prompt_eval_count: 5,
      prompt_eval_duration: 0,
      eval_count: 13,
      eval_duration: 0,
      response_id: 'resp_0000',
    });
  });

  test('ends in length where it was cut', async () => {
    const { post } = await createTranslatingApi({ text: ['For'], incomplete: 'max_output_tokens' });
    const answer = await (await post(path, { ...ask, stream: false })).json();
    expect(OllamaChatResponse.parse(answer).done_reason).toBe('length');
  });

  test.each([
    ['full', true, '6 * 7 = 42'],
    ['full', false, undefined],
    ['summary', true, undefined],
    ['none', true, undefined],
  ] as const)('shows a key of scope trace:%s that says think %s the thought %s', async (trace, think, shown) => {
    const { postAs } = await createTranslatingApi({ steps, text: ['42'] });
    const answer = await (await postAs(trace, path, { ...ask, stream: false, think })).json();
    expect(OllamaChatResponse.parse(answer).message.thinking).toBe(shown);
  });

  test('a failed one is an error in Ollama’s form', async () => {
    const gate = async () => {
      throw new Error('internal detail');
    };
    const { post } = await createWorkingApi({ deltas: [], gate });
    const response = await post(path, { ...ask, stream: false });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ error: 'The worker died.' });
  });

  test('without messages tells that the model is loaded', async () => {
    const { post } = createApi();
    expect(await (await post(path, { model: 'tiny' })).json()).toMatchObject({ done: true, done_reason: 'load' });
  });
});

describe('streaming', () => {
  test('is the default: JSON lines, the last with the figures', async () => {
    const { post } = await createTranslatingApi({
      steps,
      text: ['For', 'ty.'],
      calls: [{ name: 'add', arguments: '{"a":1}' }],
    });
    const response = await post(path, ask);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const parsed = (await lines(response)).map((line) => OllamaChatResponse.parse(line));
    expect(parsed.map(({ message: { role: _role, ...message } }) => message)).toEqual([
      { content: '', thinking: '6 * 7 = 42' },
      { content: 'For' },
      { content: 'ty.' },
      { content: '', tool_calls: [{ id: 'call_0000_0', function: { name: 'add', arguments: { a: 1 } } }] },
      { content: '' },
    ]);
    expect(parsed.map(({ done }) => done)).toEqual([false, false, false, false, true]);
    expect(parsed.at(-1)).toMatchObject({ done_reason: 'stop', eval_count: 13 });
  });

  test('a failure is a line with an error', async () => {
    const gate = async (name: string) => {
      if (name === 'thought') throw new Error('internal detail');
    };
    const { post } = await createWorkingApi({ deltas: ['x'], gate });
    expect((await lines(await post(path, ask))).at(-1)).toEqual({ error: 'The worker died.' });
  });

  test('an idle one sends lines that say nothing new', async () => {
    let idles = 0;
    let wake = (): void => undefined;
    const twice = new Promise<void>((resolve) => {
      wake = resolve;
    });
    async function* late() {
      await twice;
      yield { text: 'a' };
    }
    const line = () => {
      idles += 1;
      if (idles === 2) wake();
      return { text: '' };
    };
    const stream = lineStream(late(), { idle: { ms: 1, line }, onCancel: () => undefined });
    const text = await new Response(stream).text();
    expect(text).toMatch(/^(\{"text":""\}\n)+\{"text":"a"\}\n$/);
  });
});

describe('the request', () => {
  test('becomes the one that POST /v1/responses takes', async () => {
    const { post, jobs } = await createTranslatingApi({ text: ['{}'] });
    await post(path, {
      model: 'tiny',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Add.' },
        {
          role: 'assistant',
          content: '',
          thinking: 'I add.',
          tool_calls: [
            { function: { name: 'add', arguments: { a: 1 } } },
            { function: { name: 'sub', arguments: { a: 2 } } },
          ],
        },
        { role: 'tool', tool_name: 'sub', content: '1' },
        { role: 'tool', tool_name: 'add', content: '3' },
      ],
      think: 'high',
      format: { type: 'object' },
      options: { temperature: 0.5, top_p: 0.9, top_k: 4, min_p: 0.1, seed: 1, num_predict: 200, stop: ['END'] },
      tools: [{ type: 'function', function: { name: 'add', description: 'Adds.', parameters: { type: 'object' } } }],
      stream: false,
    });
    expect(jobs[0]?.request).toMatchObject({
      input: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Add.' },
        { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'I add.' }] },
        { type: 'function_call', call_id: 'call_0', name: 'add', arguments: '{"a":1}' },
        { type: 'function_call', call_id: 'call_1', name: 'sub', arguments: '{"a":2}' },
        { type: 'function_call_output', call_id: 'call_1', output: '1' },
        { type: 'function_call_output', call_id: 'call_0', output: '3' },
      ],
      max_output_tokens: 200,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 4,
      min_p: 0.1,
      seed: 1,
      stop: ['END'],
      text: { format: { type: 'json_schema', schema: { type: 'object' } } },
      tools: [{ type: 'function', name: 'add', description: 'Adds.', parameters: { type: 'object' } }],
    });
  });

  test.each([
    [true, 'medium'],
    [false, 'none'],
    ['low', 'low'],
    ['high', 'high'],
    ['max', 'max'],
  ])('think %s is effort %s', async (think, effort) => {
    const { post, jobs } = await createTranslatingApi({ text: ['42'] });
    await post(path, { ...ask, think, stream: false });
    expect(jobs[0]?.effective.effort).toBe(effort);
  });

  test('format json is a JSON object, and num_predict -1 no cap', async () => {
    const { post, jobs } = await createTranslatingApi({ text: ['{}'] });
    await post(path, { ...ask, format: 'json', options: { num_predict: -1 }, stream: false });
    expect(jobs[0]?.request.text).toEqual({ format: { type: 'json_object' } });
    expect(jobs[0]?.request.max_output_tokens).toBeUndefined();
  });

  test.each([
    ['messages[0].images[0]', { ...ask, messages: [{ role: 'user', content: 'a', images: ['AA=='] }] }],
    ['options.temperature', { ...ask, options: { temperature: 3 } }],
    ['messages', { ...ask, messages: [{ role: 'user', content: ' ' }] }],
    ['think', { ...ask, think: 'some' }],
  ])('is refused naming %s, in Ollama’s form', async (param, body) => {
    const { post } = createApi();
    const response = await post(path, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining(`'${param}'`) });
  });

  test('an unknown model is a 404', async () => {
    const { post } = createApi();
    expect((await post(path, { ...ask, model: 'none' })).status).toBe(404);
  });

  test('warns of what is accepted and not honoured', async () => {
    const { post } = await createTranslatingApi({ text: ['42'] });
    const body = { ...ask, stream: false, keep_alive: '5m', options: { num_ctx: 2048, repeat_penalty: 1.1 } };
    const answer = OllamaChatResponse.parse(await (await post(path, body)).json());
    expect(answer.warnings?.map(({ field }) => field)).toEqual([
      'keep_alive',
      'options.num_ctx',
      'options.repeat_penalty',
    ]);
  });
});

test('lists and shows models', async () => {
  const { app, post } = createApi();
  const tags = OllamaTags.parse(await (await app.request('/api/tags')).json());
  expect(tags.models.map(({ name }) => name)).toEqual(['tiny', 'some-org/other']);
  const show = OllamaShow.parse(await (await post('/api/show', { model: 'tiny:latest' })).json());
  expect(show).toMatchObject({
    capabilities: expect.arrayContaining(['completion', 'thinking']),
    model_info: { 'plain.context_length': 1000 },
  });
  expect((await post('/api/show', {})).status).toBe(400);
  expect((await post('/api/show', { model: 'none' })).status).toBe(404);
  expect(await (await app.request('/api/version')).json()).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
  });
});

describe('generate', () => {
  const generate = '/api/generate';
  const asked = { model: 'tiny', prompt: 'How much is 6 times 7?' };

  test('what it gives is Ollama’s', () => {
    expectTypeOf<Required<OllamaGenerateResponse>>().toExtend<Omit<GenerateResponse, 'created_at' | 'context'>>();
  });

  test('answers one text, whole or in lines', async () => {
    const { post } = await createTranslatingApi({ steps, text: ['Forty', '-two.'] });
    const whole = await (await post(generate, { ...asked, stream: false, think: true })).json();
    expect(OllamaGenerateResponse.parse(whole)).toMatchObject({
      response: 'Forty-two.',
      thinking: '6 * 7 = 42',
      done: true,
      done_reason: 'stop',
    });
    const parts = (await lines(await post(generate, asked))).map((line) => OllamaGenerateResponse.parse(line));
    expect(parts.map(({ response }) => response).join('')).toBe('Forty-two.');
    expect(parts.map(({ done }) => done)).toEqual([...parts.slice(1).map(() => false), true]);
    expect(parts[0]).not.toHaveProperty('message');
  });

  test('has the system’s turn before it, and tells a model without a prompt as loaded', async () => {
    const { post, jobs } = await createTranslatingApi({ text: ['42'] });
    await post(generate, { ...asked, system: 'Be brief.', stream: false, options: { num_predict: 9 } });
    expect(jobs[0]?.prompt.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: asked.prompt },
    ]);
    expect(jobs[0]?.request.max_output_tokens).toBe(9);
    const loaded = await (await post(generate, { model: 'tiny:latest' })).json();
    expect(OllamaGenerateResponse.parse(loaded)).toMatchObject({ response: '', done: true, done_reason: 'load' });
  });

  test('raw is the text alone, without thinking', async () => {
    const { post, jobs } = await createTranslatingApi({ text: ['42'] });
    await post(generate, { ...asked, raw: true, system: 'Be brief.', think: true, stream: false });
    expect(jobs[0]?.prompt).toEqual({ messages: [{ role: 'user', content: asked.prompt }], raw: true });
    expect(jobs[0]?.effective.budget_tokens).toBe(0);
  });

  test.each([
    ['suffix', { suffix: 'the end' }],
    ['images[0]', { images: ['AA=='] }],
    ['images[0]', { images: ['AA=='], system: 'Be brief.' }],
    ['prompt', { prompt: ' ' }],
    ['options.temperature', { options: { temperature: 3 } }],
  ])('is refused naming %s', async (param, more) => {
    const { post } = createApi();
    const response = await post(generate, { ...asked, ...more });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining(`'${param}'`) });
  });
});

test('shows all models as running', async () => {
  const { app } = createApi();
  const { models } = OllamaRunning.parse(await (await app.request('/api/ps')).json());
  expect(models.map(({ name, context_length }) => [name, context_length])).toEqual([
    ['tiny', 1000],
    ['some-org/other', 1000],
  ]);
  expect(models.every(({ expires_at }) => Date.parse(expires_at) > Date.parse('2200-01-01'))).toBe(true);
});

test.each([
  ['/api', 'GET', 404, 'This path does not exist.'],
  ['/api/', 'GET', 404, 'This path does not exist.'],
  ['/api/none', 'POST', 404, 'This path does not exist.'],
  ['/api/chat', 'GET', 405, 'GET is not allowed on this path. Allowed: POST.'],
])('%s by %s is an error in Ollama’s form', async (unknown, method, status, says) => {
  const response = await createApi().app.request(unknown, { method });
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error: expect.stringContaining(says) });
});

describe('the content type', () => {
  const send = (allowedOrigins: string[], headers: Record<string, string>, at = '/api/show') =>
    createApi({ allowedOrigins }).app.request(at, {
      method: 'POST',
      body: new TextEncoder().encode('{"model":"tiny"}'),
      headers,
    });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  test.each([
    ['a form’s', form],
    ['plain text', { 'content-type': 'text/plain' }],
    ['none', {}],
  ])('may be %s where no page can have sent it', async (_name, headers: Record<string, string>) => {
    expect((await send([], headers)).status).toBe(200);
    expect((await send(['https://site.example'], headers)).status).toBe(200);
  });

  test.each([
    ['CORS lets every page in', ['*'], form],
    ['CORS lets every page in and none is named', ['*'], {}],
    ['a page of an allowed site asks', ['https://site.example'], { ...form, origin: 'https://site.example' }],
    ['a page of this service asks', [], { ...form, origin: 'http://localhost' }],
    ['a browser asks for another site', [], { ...form, 'sec-fetch-site': 'cross-site' }],
    ['a browser asks, whoever for', [], { ...form, 'sec-fetch-mode': 'no-cors' }],
  ])('must be JSON where %s', async (_name, allowed, headers: Record<string, string>) => {
    expect((await send(allowed, headers)).status).toBe(415);
    expect((await send(allowed, { ...headers, 'content-type': 'application/json' })).status).toBe(200);
  });

  test('must be JSON on every other path, and a foreign host or origin gets nothing', async () => {
    expect((await send([], form, '/v1/responses')).status).toBe(415);
    expect((await send([], { ...form, host: 'rebound.example' })).status).toBe(403);
    expect((await send([], { ...form, origin: 'https://site.example' })).status).toBe(403);
  });
});
