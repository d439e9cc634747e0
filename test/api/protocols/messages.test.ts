import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  Message,
  type MessageBlock,
  MessageError,
  MessageEvent,
} from '../../../src/contracts/protocols/anthropic-message.ts';
import type { ModelCard } from '../../../src/contracts/service/model-card.ts';
import { createApi, createWorkingApi, readEvents } from '../responses/fixture.ts';
import { createTranslatingApi } from './fixture.ts';

const path = '/v1/messages';
const messages = [{ role: 'user' as const, content: 'How much is 6 times 7?' }];
const ask = { max_tokens: 300, messages };
const thinking = { type: 'enabled', budget_tokens: 64 };
const steps = [{ phase: 'think' as const, sample: 0, text: '6 * 7 = 42' }];

test('what it gives is Anthropic’s', () => {
  expectTypeOf<Message['usage']>().toExtend<Omit<Anthropic.Usage, 'speed'>>();
  expectTypeOf<MessageBlock>().toExtend<Anthropic.ContentBlock>();
  expectTypeOf<Message['stop_reason']>().toExtend<Anthropic.Message['stop_reason']>();
  const fields: Record<keyof Anthropic.Message, true> = {
    id: true,
    container: true,
    content: true,
    diagnostics: true,
    model: true,
    role: true,
    stop_details: true,
    stop_reason: true,
    stop_sequence: true,
    type: true,
    usage: true,
  };
  expect(Object.keys(Message.shape)).toEqual(expect.arrayContaining(Object.keys(fields)));
});

describe('waiting', () => {
  test('gives a message with its thought, text, tool call and usage', async () => {
    const { post } = await createTranslatingApi({
      steps,
      text: ['Forty', '-two.'],
      calls: [{ name: 'add', arguments: '{"a":1}' }],
    });
    const response = await post(path, { ...ask, thinking });
    expect(response.status).toBe(200);
    expect(Message.parse(await response.json())).toMatchObject({
      id: 'msg_0000',
      type: 'message',
      role: 'assistant',
      model: 'tiny',
      content: [
        { type: 'thinking', thinking: '6 * 7 = 42', signature: 'resp_0000' },
        { type: 'text', text: 'Forty-two.' },
        { type: 'tool_use', id: 'call_0000_0', name: 'add', input: { a: 1 } },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage: { input_tokens: 5, output_tokens: 13, output_tokens_details: { thinking_tokens: 10 } },
      warnings: [],
    });
  });

  test.each([
    ['max_tokens', { text: ['For'], incomplete: 'max_output_tokens' as const }],
    ['end_turn', { text: ['42'] }],
  ])('ends in %s', async (reason, script) => {
    const { post } = await createTranslatingApi(script);
    expect(Message.parse(await (await post(path, ask)).json()).stop_reason).toBe(reason);
  });
});

describe('thoughts', () => {
  const blocks = async (trace: 'none' | 'summary' | 'full', body: object) => {
    const { postAs, jobs } = await createTranslatingApi({ steps, text: ['42'], summary: 'It multiplied.' });
    const message = Message.parse(await (await postAs(trace, path, { ...ask, ...body })).json());
    return { shown: message.content.map((block) => (block.type === 'thinking' ? block.thinking : block.type)), jobs };
  };

  test('are shown to a key that may see them, and asked for them', async () => {
    expect((await blocks('full', { thinking })).shown).toEqual(['6 * 7 = 42', 'text']);
    expect((await blocks('full', {})).shown).toEqual(['text']);
    expect((await blocks('full', { thinking: { ...thinking, display: 'omitted' } })).shown).toEqual(['text']);
  });

  test('are a summary for a key that may see no more', async () => {
    const { shown, jobs } = await blocks('summary', { thinking });
    expect(shown).toEqual(['It multiplied.', 'text']);
    expect(jobs[0]?.summary).toBe('auto');
  });

  test('are not there for other keys', async () => {
    expect((await blocks('none', { thinking })).shown).toEqual(['text']);
  });
});

describe('streaming', () => {
  test('sends message_start to message_stop, one block after the other', async () => {
    const { post } = await createTranslatingApi({
      steps,
      text: ['For', 'ty.'],
      calls: [
        { name: 'add', arguments: '{"a":1}' },
        { name: 'sub', arguments: '{}' },
      ],
    });
    const { events, messages, done } = await readEvents(await post(path, { ...ask, thinking, stream: true }));
    expect(done).toBe(false);
    const parsed = events.map((event) => MessageEvent.parse(event));
    expect(messages.map(({ event }) => event)).toEqual(parsed.map(({ type }) => type));
    expect(parsed).toMatchObject([
      {
        type: 'message_start',
        message: { id: 'msg_0000', content: [], stop_reason: null, usage: { input_tokens: 6 } },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: '6 * 7 = 42' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'resp_0000' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'For' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'ty.' } },
      { type: 'content_block_stop', index: 1 },
      {
        type: 'content_block_start',
        index: 2,
        content_block: { type: 'tool_use', id: 'call_0000_0', name: 'add', input: {} },
      },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
      { type: 'content_block_stop', index: 2 },
      {
        type: 'content_block_start',
        index: 3,
        content_block: { type: 'tool_use', id: 'call_0000_1', name: 'sub', input: {} },
      },
      { type: 'content_block_delta', index: 3, delta: { type: 'input_json_delta', partial_json: '{}' } },
      { type: 'content_block_stop', index: 3 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 13 } },
      { type: 'message_stop' },
    ]);
  });

  test('a failure is an error event', async () => {
    const gate = async (name: string) => {
      if (name === 'thought') throw new Error('internal detail');
    };
    const { post } = await createWorkingApi({ deltas: ['x'], gate });
    const { events, messages } = await readEvents(await post(path, { ...ask, stream: true }));
    expect(messages.at(-1)?.event).toBe('error');
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { type: 'api_error', message: 'The worker died.' } });
  });
});

describe('the request', () => {
  test('becomes the one that POST /v1/responses takes', async () => {
    const { post, jobs } = await createTranslatingApi({ text: ['3'] });
    await post(path, {
      model: 'tiny',
      max_tokens: 200,
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        { role: 'user', content: 'Add.' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'I add.', signature: 's' },
            { type: 'text', text: 'Adding.' },
            { type: 'tool_use', id: 't1', name: 'add', input: { a: 1 } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'no' }], is_error: true },
            { type: 'text', text: 'Go ' },
            { type: 'text', text: 'on.' },
          ],
        },
      ],
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high', format: { type: 'json_schema', schema: { type: 'object' } } },
      stop_sequences: ['END'],
      temperature: 0.5,
      top_k: 4,
      tools: [{ name: 'add', description: 'Adds.', input_schema: { type: 'object' } }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      metadata: { user_id: 'u' },
    });
    expect(jobs[0]?.request).toMatchObject({
      instructions: 'Be brief.',
      input: [
        { role: 'user', content: 'Add.' },
        { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'I add.' }] },
        { role: 'assistant', content: 'Adding.' },
        { type: 'function_call', call_id: 't1', name: 'add', arguments: '{"a":1}' },
        {
          type: 'function_call_output',
          call_id: 't1',
          output: [
            { type: 'input_text', text: 'Error: ' },
            { type: 'input_text', text: 'no' },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'Go ' },
            { type: 'input_text', text: 'on.' },
          ],
        },
      ],
      max_output_tokens: 200,
      stop: ['END'],
      temperature: 0.5,
      top_k: 4,
      text: { format: { type: 'json_schema', schema: { type: 'object' } } },
      tools: [{ type: 'function', name: 'add', description: 'Adds.', parameters: { type: 'object' } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      user: 'u',
    });
    expect(jobs[0]?.effective.effort).toBe('high');
  });

  test.each([
    ['none', {}],
    ['none', { thinking: { type: 'disabled' } }],
    ['auto', { thinking: { type: 'adaptive' } }],
    ['auto', { mode: 'auto' }],
    ['high', { output_config: { effort: 'high' } }],
    ['medium', { mode: 'deliberate' }],
    ['medium', { reasoning: { samples: 2 } }],
    ['low', { model: 'tiny:low' }],
  ])('thinks with effort %s where it says %j', async (effort, body) => {
    const { post, jobs } = await createTranslatingApi({ text: ['3'] });
    await post(path, { ...ask, ...body });
    expect(jobs[0]?.effective.effort).toBe(effort);
    expect(jobs[0]?.effective.budget_tokens === 0).toBe(effort === 'none');
  });

  test('documents of text are text, others files for a model that reads them', async () => {
    const { catalog } = createApi().dependencies;
    const seeing = (card: ModelCard): ModelCard => ({
      ...card,
      capabilities: { ...card.capabilities, inputs: ['text', 'image', 'file'] },
    });
    const list = () => catalog.list().map(seeing);
    const all = { ...catalog, list, get: (id: string) => list().find((card) => card.id === id) };
    const { post, jobs } = await createTranslatingApi({ text: ['3'] }, { catalog: all });
    const pdf = { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' };
    const content = [
      { type: 'text', text: 'Read.' },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'A.' } },
      { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'B.' }] } },
      { type: 'document', source: pdf, title: 'c.pdf' },
      image,
    ];
    await post(path, { ...ask, messages: [{ role: 'user', content }] });
    expect(jobs[0]?.prompt.messages).toEqual([
      {
        role: 'user',
        content: 'Read.A.B.',
        parts: [
          { type: 'text', text: 'Read.' },
          { type: 'text', text: 'A.' },
          { type: 'text', text: 'B.' },
          { type: 'file', data: 'data:application/pdf;base64,JVBERg==', name: 'c.pdf' },
          { type: 'image', url: 'data:image/png;base64,AA==' },
        ],
      },
    ]);
  });

  test('a budget and no thinking are what the job gets', async () => {
    const { post, jobs } = await createTranslatingApi({ text: ['3'] });
    await post(path, { ...ask, thinking: { type: 'enabled', budget_tokens: 40 } });
    await post(path, { ...ask, thinking: { type: 'disabled' } });
    expect(jobs.map(({ effective }) => effective.budget_tokens)).toEqual([40, 0]);
  });

  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } };
  test.each([
    ['max_tokens', { messages: ask.messages }],
    [
      'messages[0].content[1]',
      { max_tokens: 9, messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, image] }] },
    ],
    ['messages', { max_tokens: 9, messages: [{ role: 'user', content: ' ' }] }],
  ])('is refused naming %s, in Anthropic’s form', async (param, body) => {
    const { post } = createApi();
    const response = await post(path, body);
    expect(response.status).toBe(400);
    const { error, request_id } = MessageError.parse(await response.json());
    expect(error).toMatchObject({ type: 'invalid_request_error', message: expect.stringContaining(`'${param}'`) });
    expect(request_id).toBe(response.headers.get('x-request-id'));
  });

  test('what a tool shows a model that can’t see is left out with a warning by the caller’s name', async () => {
    const { post } = await createWorkingApi({ deltas: ['x'] });
    const shown = { type: 'tool_result', tool_use_id: 't', content: [image] };
    const response = await post(path, {
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'Look.' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'look', input: {} }] },
        { role: 'user', content: [shown] },
      ],
    });
    const { warnings } = Message.parse(await response.json());
    expect(warnings.map(({ field }) => field)).toContain('messages[2].content[0].content[0]');
  });

  test('an unknown model is Anthropic’s not_found_error', async () => {
    const { post } = createApi();
    const response = await post(path, { ...ask, model: 'none' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
  });

  test('warns of what is accepted and not honoured', async () => {
    const { post } = await createTranslatingApi({ text: ['42'] });
    const messages = [...ask.messages, { role: 'assistant', content: 'The answer is' }];
    const message = Message.parse(await (await post(path, { ...ask, messages, service_tier: 'auto', wild: 1 })).json());
    expect(message.warnings.map(({ field }) => field)).toEqual(['service_tier', 'wild', 'messages[1]']);
  });
});

test('counts tokens without running anything', async () => {
  const { post, queue } = createApi();
  const response = await post(`${path}/count_tokens`, { messages: ask.messages, system: 'Be brief.' });
  expect(await response.json()).toEqual({ input_tokens: 8 });
  expect((await queue.list({ owner: null, limit: 1 })).jobs).toEqual([]);
});

describe('their SDKs', () => {
  test('learn that there are no threads in the form that they go on from', async () => {
    const { post } = createApi();
    const response = await post(path, { ...ask, thread: { type: 'create' } });
    expect(response.status).toBe(400);
    const { error } = MessageError.parse(await response.json());
    expect(error.details).toEqual({ error_code: 'thread_unsupported_request', unsupported: ['thread'] });
  });

  test('run their tools without a thread', async () => {
    const { app, jobs } = await createTranslatingApi({ text: ['42'] });
    const fetch = async (url: string | URL | Request, init?: RequestInit) => app.request(`${url}`, init);
    const client = new Anthropic({ baseURL: 'http://localhost', apiKey: 'none', fetch });
    const runner = client.beta.messages.toolRunner({ ...ask, model: 'tiny', tools: [] });
    const last = await runner.runUntilDone();
    expect(last.content).toMatchObject([{ type: 'text', text: '42' }]);
    expect(jobs).toHaveLength(1);
  });

  test('find the request’s id, models and errors on every path', async () => {
    const { app } = createApi();
    const fetch = async (url: string | URL | Request, init?: RequestInit) => app.request(`${url}`, init);
    const client = new Anthropic({ baseURL: 'http://localhost', apiKey: 'none', maxRetries: 0, fetch });
    const models = await client.models.list();
    expect(models.data[0]).toMatchObject({ id: 'tiny', type: 'model', display_name: 'tiny' });
    expect(Date.parse(models.data[0]?.created_at ?? '')).toBe(1_700_000_000_000);
    const { _request_id } = await client.models.retrieve('tiny');
    expect(_request_id).toMatch(/^[\w-]+$/);
    for (const asked of [client.models.retrieve('none'), client.get('/v1/messages/none'), client.get('/v1/none')]) {
      const fault = await asked.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(fault).toBeInstanceOf(Anthropic.NotFoundError);
      const { error, requestID } = fault instanceof Anthropic.NotFoundError ? fault : {};
      expect(MessageError.parse(error).request_id).toBe(requestID);
    }
  });
});
