import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Response as ResponseObject } from '../../../src/contracts/responses/response.ts';
import { ResponseEvent } from '../../../src/contracts/responses/response-event.ts';
import { createApi, createSemaphore, createWorkingApi, readEvents } from './fixture.ts';
import { spent, thought } from './scripted-worker.ts';

const body = async (response: Response) => ResponseObject.parse(await response.json());

describe('waiting', () => {
  test('gives the whole response once it has ended', async () => {
    const { ask } = await createWorkingApi();
    const response = await ask({ input: 'How much is 6 times 7?', metadata: { run: '1' } });
    expect(response.status).toBe(200);
    expect(await body(response)).toMatchObject({
      id: 'resp_0000',
      object: 'response',
      status: 'completed',
      created_at: 1_700_000_000,
      model: 'tiny',
      output_text: 'Forty-two.',
      output: [{ type: 'message', status: 'completed', content: [{ type: 'output_text', text: 'Forty-two.' }] }],
      thinking_stop: 'natural',
      answer_source: 'deliberate',
      metadata: { run: '1' },
      progress: null,
      warnings: [],
      usage: {
        input_tokens: spent.input,
        output_tokens: 13,
        output_tokens_details: { reasoning_tokens: 10 },
        phases: { think: 7, forced: 1, answer: 3 },
        total_tokens: 18,
      },
      reasoning: {
        effort: 'medium',
        effective: { budget_tokens: 64, answer_reserve_tokens: 32, strategy: 'deliberate' },
      },
    });
  });

  test('shows no thought in answer or events', async () => {
    const { ask } = await createWorkingApi();
    expect(await (await ask({ input: 'a' })).text()).not.toContain(thought);
    expect(await (await ask({ input: 'a', stream: true })).text()).not.toContain(thought);
  });

  test('a worker that dies gives a failed response, not a broken request', async () => {
    const gate = async () => {
      throw new Error('internal detail');
    };
    const { ask } = await createWorkingApi({ deltas: [], gate });
    const failed = await body(await ask({ input: 'a' }));
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'server_error', message: 'The worker died.' } });
  });

  test('a client that goes away cancels its response', async () => {
    const gate = createSemaphore('thought');
    const { ask, queue } = await createWorkingApi({ deltas: ['never'], gate: gate.gate });
    const client = new AbortController();
    const answer = ask({ input: 'a' }, { signal: client.signal, ...jsonInit({ input: 'a' }) });
    await gate.reached;
    client.abort();
    const left = await body(await answer);
    expect(['in_progress', 'cancelled']).toContain(left.status);
    expect(await ended(queue, 'resp_0000')).toBe('cancelled');
  });

  test('unless it is configured otherwise', async () => {
    const gate = createSemaphore('thought');
    const { ask, queue } = await createWorkingApi({ deltas: ['x'], gate: gate.gate }, { cancelOnDisconnect: false });
    const client = new AbortController();
    const answer = ask({ input: 'a' }, { signal: client.signal, ...jsonInit({ input: 'a' }) });
    await gate.reached;
    client.abort();
    expect((await body(await answer)).status).toBe('in_progress');
    gate.open();
    expect(await ended(queue, 'resp_0000')).toBe('completed');
  });
});

describe('in the background', () => {
  test('returns at once, then goes queued, in_progress, completed, with progress', async () => {
    const gate = createSemaphore('thought');
    const { app, ask, queue } = createApi();
    const first = await body(await ask({ input: 'a', background: true }));
    expect(first).toMatchObject({ status: 'queued', background: true, output: [], progress: { queue_position: 0 } });
    const second = await body(await ask({ input: 'b', background: true }));
    expect(second.progress).toMatchObject({ phase: 'queued', queue_position: 1, budget_tokens: 64 });

    const { scriptedWorker } = await import('./scripted-worker.ts');
    await queue.consume({ concurrency: 1, models: ['tiny'] }, scriptedWorker({ deltas: ['42'], gate: gate.gate }));
    await gate.reached;
    const polled = await app.request(`/v1/responses/${first.id}`);
    expect(polled.headers.get('retry-after')).toBe('1');
    expect(await body(polled)).toMatchObject({
      status: 'in_progress',
      output_text: '',
      progress: { phase: 'think', thinking_tokens: 7, budget_tokens: 64 },
    });

    gate.open();
    const waited = await app.request(`/v1/responses/${second.id}?wait=30`);
    expect(waited.headers.get('retry-after')).toBeNull();
    expect(await body(waited)).toMatchObject({ status: 'completed', output_text: '42', progress: null });
  });

  test('wait ends where its time is over', async () => {
    const { app, ask } = createApi({ limits: { ...(await limits()), waitSeconds: 0 } });
    await ask({ input: 'a', background: true });
    expect((await body(await app.request('/v1/responses/resp_0000?wait=30'))).status).toBe('queued');
  });
});

describe('streaming', () => {
  const types = [
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.delta',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ];

  test('sends OpenAI’s events in order, numbered without gaps, without ids, closed by [DONE]', async () => {
    const { ask } = await createWorkingApi();
    const response = await ask({ input: 'a', stream: true });
    expect(response.headers.get('content-type')).toMatch('text/event-stream');
    const { events, done, messages } = await readEvents(response);
    expect(events.map(({ type }) => type)).toEqual(types);
    expect(events.map((event) => event.sequence_number)).toEqual(types.map((_, index) => index));
    expect(messages.slice(0, -1).map(({ event }) => event)).toEqual(types);
    expect(messages.every(({ id }) => id === undefined)).toBe(true);
    expect(done).toBe(true);
    for (const event of events) ResponseEvent.parse(event);
    expect(events.at(-1)).toMatchObject({ response: { status: 'completed', output_text: 'Forty-two.' } });
  });

  test('in the background says queued after created', async () => {
    const { ask } = await createWorkingApi();
    const { events } = await readEvents(await ask({ input: 'a', stream: true, background: true }));
    expect(events.slice(0, 3).map(({ type, sequence_number }) => [type, sequence_number])).toEqual([
      ['response.created', 0],
      ['response.queued', 1],
      ['response.in_progress', 2],
    ]);
  });
});

describe('what a request becomes', () => {
  test.each([
    ['the default model', {}, 'tiny'],
    ['a suffix', { model: 'tiny:fast' }, 'tiny'],
    ['a hub id with a suffix', { model: 'some-org/other:low' }, 'some-org/other'],
  ])('%s', async (_name, fields, model) => {
    const { ask } = createApi();
    expect((await body(await ask({ input: 'a', background: true, ...fields }))).model).toBe(model);
  });

  test('messages, instructions, tool calls and results become turns', async () => {
    const { ask, queue } = createApi();
    await ask({
      background: true,
      instructions: 'Be brief.',
      input: [
        { role: 'developer', content: 'No jokes.' },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'Weather' },
            { type: 'input_text', text: '?' },
          ],
        },
        { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{}' },
        { type: 'function_call', call_id: 'c2', name: 'time', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'sun' },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Sun.', annotations: [] }] },
        { role: 'user', content: 'Thanks' },
      ],
    });
    expect((await queue.get('resp_0000'))?.job.body['prompt']).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'system', content: 'No jokes.' },
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: '',
          toolCalls: [
            { id: 'c1', name: 'weather', arguments: '{}' },
            { id: 'c2', name: 'time', arguments: '{}' },
          ],
        },
        { role: 'tool', content: 'sun', toolCallId: 'c1' },
        { role: 'assistant', content: 'Sun.' },
        { role: 'user', content: 'Thanks' },
      ],
    });
  });

  test('sampling, stop, deadline and store reach the job', async () => {
    const { ask, queue } = createApi();
    await ask({
      input: 'a',
      background: true,
      store: false,
      temperature: 0.7,
      top_p: 0.9,
      seed: 7,
      deterministic: true,
      stop: 'END',
      max_output_tokens: 88,
      reasoning: { deadline_ms: 1500, checks: [{ type: 'arithmetic' }] },
    });
    const job = (await queue.get('resp_0000'))?.job;
    expect(job).toMatchObject({ store: false, tier: 'default', owner: null });
    expect(job?.body).toMatchObject({
      sampling: { temperature: 0.7, top_p: 0.9, seed: 7 },
      deterministic: true,
      answer: { max_tokens: 88, stop: ['END'] },
      effective: { budget_tokens: 8, deadline_ms: 1500 },
      deadline_at: 1_700_000_002_000,
      checks: [{ type: 'arithmetic' }],
    });
  });

  test('fields that are not honoured, or not known, come back as warnings', async () => {
    const { ask } = createApi();
    const { warnings } = await body(
      await ask({
        input: 'a',
        background: true,
        text: { colour: 'red' },
        service_tier: 'scale',
        reasoning: { depth: 3 },
        frobnicate: true,
      }),
    );
    expect(warnings.map(({ field }) => field).sort()).toEqual([
      'frobnicate',
      'reasoning.depth',
      'service_tier',
      'text.colour',
    ]);
  });

  test('an option that the strategy does not have comes back as a warning', async () => {
    const strategies = ['direct', 'deliberate', 'self-consistency'].map((name) => ({
      name,
      description: '',
      options: z.object({ without: z.array(z.string()).optional() }),
    }));
    const { ask } = createApi({ strategies });
    const reasoning = { strategy: 'self-consistency', options: { without: ['vote'], witout: ['vote'] } };
    const { warnings } = await body(await ask({ input: 'a', background: true, reasoning }));
    expect(warnings).toMatchObject([
      { field: 'reasoning.options.witout', message: expect.stringContaining('self-consistency') },
    ]);
  });

  test('fields at their default give no warning', async () => {
    const { ask } = createApi();
    const fields = {
      tools: [],
      tool_choice: 'auto',
      text: { format: { type: 'text' } },
      truncation: 'disabled',
      service_tier: 'auto',
      include: null,
      top_logprobs: 0,
      user: 'me',
    };
    expect((await body(await ask({ input: 'a', background: true, ...fields }))).warnings).toEqual([]);
  });
});

function jsonInit(content: unknown): RequestInit {
  return { body: JSON.stringify(content), headers: { 'content-type': 'application/json' } };
}

async function limits() {
  return (await import('../../../src/api/dependencies.ts')).defaultLimits;
}

async function ended(queue: ReturnType<typeof createApi>['queue'], id: string) {
  for await (const line of queue.events(id, { stream: 'wire', signal: new AbortController().signal })) {
    if (line.terminal) return line.terminal;
  }
  return undefined;
}
