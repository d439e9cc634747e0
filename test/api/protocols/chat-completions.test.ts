import type OpenAI from 'openai';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { ChatCompletion, ChatCompletionChunk } from '../../../src/contracts/protocols/chat-completion.ts';
import { ErrorEnvelope } from '../../../src/contracts/service/error-envelope.ts';
import { createApi, createSemaphore, createWorkingApi, readEvents } from '../responses/fixture.ts';
import { spent } from '../responses/scripted-worker.ts';
import { createTranslatingApi } from './fixture.ts';

const path = '/v1/chat/completions';
type Chunk = ChatCompletionChunk['choices'][number];
const messages = [{ role: 'user', content: 'How much is 6 times 7?' }];
const thought = { phase: 'think' as const, sample: 0, text: '6 * 7 = 42' };

test('what it gives is OpenAI’s', () => {
  expectTypeOf<ChatCompletion['choices'][number]>().toExtend<OpenAI.ChatCompletion['choices'][number]>();
  expectTypeOf<ChatCompletion['usage']>().toExtend<OpenAI.CompletionUsage>();
  expectTypeOf<Omit<Chunk, 'delta'>>().toExtend<Omit<OpenAI.ChatCompletionChunk['choices'][number], 'delta'>>();
  // Their chunks' type has no calls of custom tools, which their service streams.
  expectTypeOf<Omit<Chunk['delta'], 'tool_calls'>>().toExtend<OpenAI.ChatCompletionChunk['choices'][number]['delta']>();
});

describe('waiting', () => {
  test('gives a chat completion with the thought that won and OpenAI’s usage', async () => {
    const steps = [
      thought,
      { phase: 'think' as const, sample: 1, text: 'lost' },
      { phase: 'answer' as const, sample: 0 },
    ];
    const { post } = await createTranslatingApi({ steps, text: ['Forty', '-two.'] });
    const response = await post(path, { messages });
    expect(response.status).toBe(200);
    expect(ChatCompletion.parse(await response.json())).toEqual({
      id: 'chatcmpl-0000',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'tiny',
      service_tier: 'default',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Forty-two.', refusal: null, reasoning_content: '6 * 7 = 42' },
          logprobs: null,
          finish_reason: 'stop',
          verdict: null,
        },
      ],
      usage: {
        prompt_tokens: spent.input,
        completion_tokens: 13,
        total_tokens: 18,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 10 },
      },
      warnings: [],
    });
  });

  test('gives tool calls', async () => {
    const { post } = await createTranslatingApi({ calls: [{ name: 'add', arguments: '{"a":1}' }] });
    const tools = [{ type: 'function', function: { name: 'add', parameters: { type: 'object' } } }];
    const answer = ChatCompletion.parse(await (await post(path, { messages, tools })).json());
    expect(answer.choices[0]).toMatchObject({
      message: {
        content: null,
        tool_calls: [{ id: 'call_0000_0', type: 'function', function: { name: 'add', arguments: '{"a":1}' } }],
      },
      finish_reason: 'tool_calls',
    });
  });

  test.each(['max_output_tokens', 'deadline'] as const)('ends in length where %s cut it', async (incomplete) => {
    const { post } = await createTranslatingApi({ text: ['For'], incomplete });
    const answer = ChatCompletion.parse(await (await post(path, { messages })).json());
    expect(answer.choices[0]).toMatchObject({ message: { content: 'For' }, finish_reason: 'length' });
  });

  test('gives log-probabilities', async () => {
    const logprobs = [{ token: 'a', tokenId: 1, logprob: -0.5, top: [{ token: 'b', logprob: -1 }] }];
    const { post, jobs } = await createTranslatingApi({ text: ['a'], logprobs });
    const answer = ChatCompletion.parse(await (await post(path, { messages, logprobs: true, top_logprobs: 1 })).json());
    expect(answer.choices[0]?.logprobs?.content).toMatchObject([
      { token: 'a', logprob: -0.5, bytes: [97], top_logprobs: [{ token: 'b', logprob: -1 }] },
    ]);
    expect(jobs[0]?.request).toMatchObject({
      include: ['message.output_text.logprobs', 'reasoning.text'],
      top_logprobs: 1,
    });
  });

  test('a failed one is an error in OpenAI’s envelope', async () => {
    const gate = async () => {
      throw new Error('internal detail');
    };
    const { post } = await createWorkingApi({ deltas: [], gate });
    const response = await post(path, { messages });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      error: { message: 'The worker died.', type: 'server_error', code: 'server_error', param: null },
    });
  });

  test('a client that goes away cancels its response', async () => {
    const gate = createSemaphore('thought');
    const { app, queue } = await createWorkingApi({ deltas: ['never'], gate: gate.gate });
    const client = new AbortController();
    const answer = app.request(path, {
      method: 'POST',
      body: JSON.stringify({ messages }),
      headers: { 'content-type': 'application/json' },
      signal: client.signal,
    });
    await gate.reached;
    client.abort();
    await answer;
    for await (const line of queue.events('resp_0000', { stream: 'wire', signal: new AbortController().signal })) {
      if (line.terminal) expect(line.terminal).toBe('cancelled');
    }
    expect((await queue.get('resp_0000'))?.status).toBe('cancelled');
  });
});

test.each([
  ['full', '6 * 7 = 42'],
  ['summary', undefined],
  ['none', undefined],
] as const)('a key of scope trace:%s is shown the thought %s', async (trace, shown) => {
  const { postAs } = await createTranslatingApi({ steps: [thought], text: ['42'] });
  const answer = ChatCompletion.parse(await (await postAs(trace, path, { messages })).json());
  expect(answer.choices[0]?.message.reasoning_content).toBe(shown);
  const { events } = await readEvents(await postAs(trace, path, { messages, stream: true }));
  expect(JSON.stringify(events).includes('6 * 7 = 42')).toBe(shown !== undefined);
});

describe('n', () => {
  test('gives as many choices, each a job of its own, the later ones sampled from other seeds', async () => {
    const { post, jobs } = await createTranslatingApi({ text: ['42'] });
    const answer = ChatCompletion.parse(await (await post(path, { messages, n: 3, seed: 5 })).json());
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(jobs.map(({ sampling }) => sampling)).toEqual([
      { temperature: null, seed: 5 },
      { temperature: 0.6, seed: 6 },
      { temperature: 0.6, seed: 7 },
    ]);
    expect(answer.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 39, total_tokens: 44 });
  });

  test('streams them by index', async () => {
    const { post } = await createTranslatingApi({ text: ['4', '2'] });
    const { events } = await readEvents(await post(path, { messages, n: 2, stream: true }));
    const text = (wanted: number) =>
      events
        .flatMap((event) => ChatCompletionChunk.parse(event).choices)
        .filter(({ index }) => index === wanted)
        .map(({ delta }) => delta.content ?? '')
        .join('');
    expect([text(0), text(1)]).toEqual(['42', '42']);
  });

  describe.each([
    [path, { messages }],
    ['/v1/completions', { prompt: 'How much' }],
  ])('of which one fails: %s', (route, body) => {
    const fault = { message: 'The worker died.', type: 'server_error', code: 'server_error', param: null };
    /** The second answer fails once the first is underway; the first and the third would never end. */
    const failing = (cancelOnDisconnect: boolean) => {
      const first = createSemaphore('thought');
      return createWorkingApi(
        {
          deltas: ['never'],
          gate: async (name, lease) => {
            if (lease.job.id !== 'resp_0001') return first.gate(name, lease);
            await first.reached;
            if (name === 'thought') throw new Error('internal detail');
          },
        },
        { cancelOnDisconnect },
      );
    };

    test.each([true, false])('stops the others: one error at the end of the stream (%s)', async (cancels) => {
      const { post, queue } = await failing(cancels);
      const { events, done } = await readEvents(await post(route, { ...body, n: 3, stream: true }));
      expect(events.filter((event) => 'error' in event)).toEqual([{ error: fault }]);
      expect([events.at(-1), done]).toEqual([{ error: fault }, false]);
      const statuses = async () => (await queue.list({ owner: null, limit: 9 })).jobs.map(({ status }) => status);
      await expect.poll(statuses).toEqual(['cancelled', 'failed', 'cancelled']);
    });

    test.each([true, false])('stops the others: the error without a stream (%s)', async (cancels) => {
      const { post, queue } = await failing(cancels);
      const response = await post(route, { ...body, n: 3 });
      expect([response.status, await response.json()]).toEqual([500, { error: fault }]);
      const statuses = async () => (await queue.list({ owner: null, limit: 9 })).jobs.map(({ status }) => status);
      await expect.poll(statuses).toEqual(['cancelled', 'failed', 'cancelled']);
    });
  });
});

describe('streaming', () => {
  test('sends role, thought, text, tool call, finish reason and usage as chunks, closed by [DONE]', async () => {
    const { post } = await createTranslatingApi({
      steps: [thought],
      text: ['For', 'ty.'],
      calls: [{ name: 'add', arguments: '{}' }],
    });
    const response = await post(path, { messages, stream: true, stream_options: { include_usage: true } });
    expect(response.headers.get('content-type')).toMatch('text/event-stream');
    const { events, done } = await readEvents(response);
    expect(done).toBe(true);
    const chunks = events.map((event) => ChatCompletionChunk.parse(event));
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { reasoning_content: '6 * 7 = 42' },
      { content: 'For' },
      { content: 'ty.' },
      { tool_calls: [{ index: 0, id: 'call_0000_0', type: 'function', function: { name: 'add', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
      {},
      undefined,
    ]);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('tool_calls');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 13 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  test('gives no usage unless it was asked for', async () => {
    const { post } = await createTranslatingApi({ text: ['42'] });
    const { events } = await readEvents(await post(path, { messages, stream: true }));
    expect(events.some((event) => 'usage' in event)).toBe(false);
  });

  test('a failure is an error event, and no [DONE]', async () => {
    const gate = async (name: string) => {
      if (name === 'thought') throw new Error('internal detail');
    };
    const { post } = await createWorkingApi({ deltas: ['x'], gate });
    const { events, done } = await readEvents(await post(path, { messages, stream: true }));
    expect(events.at(-1)).toEqual({
      error: { message: 'The worker died.', type: 'server_error', code: 'server_error', param: null },
    });
    expect(done).toBe(false);
  });
});

describe('the request', () => {
  test('becomes the one that POST /v1/responses takes', async () => {
    const { post, jobs } = await createTranslatingApi({ text: ['{}'] });
    await post(path, {
      model: 'tiny',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'Add.' }] },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'add', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: '3' },
      ],
      max_completion_tokens: 200,
      reasoning_effort: 'low',
      stop: ['END'],
      seed: 1,
      temperature: 0.5,
      top_p: 0.9,
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' }, strict: true } },
      tools: [{ type: 'function', function: { name: 'add', description: 'Adds.', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'add' } },
      parallel_tool_calls: false,
      verbosity: 'low',
      metadata: { run: '1' },
      user: 'u',
      store: false,
    });
    expect(jobs[0]?.request).toMatchObject({
      input: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'input_text', text: 'Add.' }] },
        { type: 'function_call', call_id: 'c1', name: 'add', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: '3' },
      ],
      max_output_tokens: 200,
      reasoning_effort: 'low',
      stop: ['END'],
      seed: 1,
      temperature: 0.5,
      top_p: 0.9,
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true }, verbosity: 'low' },
      tools: [{ type: 'function', name: 'add', description: 'Adds.', parameters: { type: 'object' } }],
      tool_choice: { type: 'function', name: 'add' },
      parallel_tool_calls: false,
      metadata: { run: '1' },
      user: 'u',
      store: false,
    });
    expect(jobs[0]?.effective.effort).toBe('low');
  });

  test.each([
    ['messages', {}],
    ['messages[0].role', { messages: [{ role: 'robot', content: 'a' }] }],
    [
      'messages[1].content[0]',
      {
        messages: [...messages, { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }],
      },
    ],
    ['messages', { messages: [{ role: 'user', content: '  ' }] }],
    ['messages', { messages: [{ role: 'user', content: 'a '.repeat(2000) }] }],
    ['n', { messages, n: 17 }],
    ['max_completion_tokens', { messages, max_completion_tokens: 0 }],
    ['max_completion_tokens', { messages, max_completion_tokens: 5, max_tokens: 6 }],
    ['top_logprobs', { messages, top_logprobs: 2 }],
    ['tools[0].function.name', { messages, tools: [{ type: 'function', function: { name: '' } }] }],
    ['reasoning_effort', { messages, mode: 'fast', reasoning_effort: 'high' }],
  ])('is refused naming %s', async (param, body) => {
    const { post } = createApi();
    const response = await post(path, body);
    expect(response.status).toBe(400);
    const { error } = ErrorEnvelope.parse(await response.json());
    expect(error.param).toBe(param);
    expect(error.message).not.toContain("'input");
  });

  test('warns of what is accepted and not honoured, by the caller’s names', async () => {
    const { post } = await createTranslatingApi({ text: ['42'] });
    const answer = ChatCompletion.parse(
      await (await post(path, { messages, prediction: { type: 'content' }, audio: null, wild: 1 })).json(),
    );
    expect(answer.warnings).toEqual([
      { field: 'prediction', message: 'Not applied. Predicted outputs are not supported.' },
      { field: 'wild', message: 'Unknown field; ignored.' },
    ]);
  });
});
