import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { dataFolder, getJson, postJson, startService, type TestService } from '../support/start-service.ts';

/** An answer that goes on to its limit: the tokens that would end it are never drawn. */
const endless = {
  model: 'thinkfirst-135m:fast',
  input: 'Write a long story about a lighthouse keeper and her dog.',
  logit_bias: { 0: -100, 2: -100 },
};

/** The real model over a real socket, all in one process, as a newcomer starts it. */
describe('the embedded service', () => {
  let data: Awaited<ReturnType<typeof dataFolder>>;
  let service: TestService;
  let client: OpenAI;
  const ask = (body: object) => postJson(`${service.url}/v1/responses`, body);
  const get = (id: string) => getJson(`${service.url}/v1/responses/${id}`);

  beforeAll(async () => {
    data = await dataFolder();
    service = await startService('start', { THINKFIRST_DATA: data.path });
    client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  });
  afterAll(async () => {
    await service.stop();
    await data.remove();
  });

  it('keeps its data from other users of the machine', async () => {
    await ask({ input: 'What is 2 + 2?', mode: 'fast' });
    // Nobody else gets through these; below them the database sets modes of its own.
    const found = await readdir(data.path);
    expect(found).toContain('queue');
    const modes = await Promise.all(
      ['.', ...found].map(async (name) => [name, (await stat(join(data.path, name))).mode]),
    );
    expect(modes.filter(([, mode]) => (Number(mode) & 0o077) !== 0)).toEqual([]);
  });

  it('answers fast, and with thinking, the same question', async () => {
    const input = 'What is 132 × 6?';
    const fast = (await ask({ input, mode: 'fast' })).body;
    expect(fast).toMatchObject({ status: 'completed', thinking_stop: null, reasoning: { effort: 'none' } });
    expect(fast.output_text).not.toBe('');
    expect(fast.usage.output_tokens_details.reasoning_tokens).toBe(0);
    const thought = (await ask({ input, mode: 'deliberate', seed: 7, deterministic: true })).body;
    expect(thought).toMatchObject({ status: 'completed', output_text: 'The answer is 792.' });
    expect(thought.thinking_stop).not.toBeNull();
    expect(thought.usage.output_tokens_details.reasoning_tokens).toBeGreaterThan(10);
  });

  it('two requests at once with one Idempotency-Key make one conversation, and the service goes on', async () => {
    onTestFailed(() => service.kill('SIGKILL'));
    const create = async () => {
      const answer = await fetch(`${service.url}/v1/conversations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'a retry' },
        body: '{}',
        // A process whose event loop starves never answers.
        signal: AbortSignal.timeout(60_000),
      });
      return answer.json();
    };
    const [one, two, three] = await Promise.all([create(), create(), create()]);
    expect([two, three]).toEqual([one, one]);
    expect((await fetch(`${service.url}/healthz`, { signal: AbortSignal.timeout(60_000) })).status).toBe(200);
  });

  it('hands over at the budget, never exceeds it, and still answers', async () => {
    const { body } = await ask({
      input: 'What is 961 + 255?',
      reasoning: { effort: 'low', budget_tokens: 12, strategy: 'budget-forcing' },
    });
    expect(body).toMatchObject({ status: 'completed', thinking_stop: 'budget' });
    const { phases } = body.usage;
    expect(phases.think).toBe(12);
    expect(phases.forced).toBeGreaterThan(5);
    expect(body.output_text).not.toBe('');
  });

  it('streams the whole event sequence to the openai client', async () => {
    const types: string[] = [];
    const numbers: number[] = [];
    let text = '';
    const stream = await client.responses.create({ model: 'thinkfirst-135m', input: 'What is 17 + 58?', stream: true });
    for await (const event of stream) {
      types.push(event.type);
      numbers.push(event.sequence_number);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(types.filter((type) => !type.endsWith('.delta'))).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(text).toBe('The answer is 75.');
  });

  it('serves responses.stream() of the openai client', async () => {
    const stream = client.responses.stream({ model: 'thinkfirst-135m:fast', input: 'What is 17 + 58?' });
    const deltas: string[] = [];
    stream.on('response.output_text.delta', ({ delta }) => deltas.push(delta));
    const final = await stream.finalResponse();
    expect(final.output_text).toBe(deltas.join(''));
  });

  it('stops decoding when a client closes its stream', async () => {
    const stream = await client.responses.create({ ...endless, max_output_tokens: 1_500, stream: true });
    let id = '';
    let deltas = 0;
    for await (const event of stream) {
      if (event.type === 'response.created') id = event.response.id;
      if (event.type === 'response.output_text.delta') deltas += 1;
      if (deltas === 5) break;
    }
    await service.logged(({ msg, response }) => msg === 'attempt cut short' && response === id);
    const cut = await get(id);
    expect(cut.status).toBe('cancelled');
    expect(cut.usage.output_tokens).toBeLessThan(750);
  });

  it('gives the same text for the same seed', async () => {
    const body = { input: 'Tell me something about rivers.', mode: 'fast', temperature: 1, max_output_tokens: 40 };
    const text = async (more: object) => (await ask({ ...body, ...more })).body.output_text;
    const first = await text({ seed: 7, deterministic: true });
    expect(await text({ seed: 7, deterministic: true })).toBe(first);
    expect(await text({ seed: 8, deterministic: true })).not.toBe(first);
  });

  it('takes instructions and several turns', async () => {
    const { body } = await ask({
      mode: 'fast',
      input: [
        { role: 'user', content: 'My name is Alice.' },
        { role: 'assistant', content: 'Nice to meet you, Alice.' },
        { role: 'user', content: 'What is my name?' },
      ],
    });
    expect(body.output_text).toContain('Alice');
  });

  it('goes on when the inference process is killed in the middle of an answer', async () => {
    const { inferencePid } = await service.logged(({ msg }) => msg === 'inference process ready');
    const stream = await client.responses.create({ ...endless, max_output_tokens: 100, stream: true });
    let deltas = '';
    let killed = false;
    let last: string | undefined;
    let status: string | undefined;
    for await (const event of stream) {
      last = event.type;
      if (event.type === 'response.output_text.delta') deltas += event.delta;
      if (!killed && deltas.length > 20) {
        killed = true;
        process.kill(Number(inferencePid), 'SIGKILL');
      }
      if (event.type === 'response.completed' || event.type === 'response.incomplete') {
        status = event.response.status;
        expect(event.response.output_text).toBe(deltas);
      }
    }
    expect(killed).toBe(true);
    expect(['response.completed', 'response.incomplete']).toContain(last);
    expect(['completed', 'incomplete']).toContain(status);
    expect((await ask({ input: 'What is 2 + 2?', mode: 'fast' })).body.status).toBe('completed');
  });

  it('answers bad input with the field’s name', async () => {
    const long = 'word '.repeat(20_000);
    const cases: Array<[object, number, string]> = [
      [{}, 400, 'input'],
      [{ input: '' }, 400, 'input'],
      [{ input: 'Hi', model: 'none' }, 404, 'model'],
      [{ input: 'Hi', max_output_tokens: -1 }, 400, 'max_output_tokens'],
      [{ input: 'Hi', reasoning: { budget_tokens: 1e12 } }, 400, 'reasoning.budget_tokens'],
      [{ input: long }, 400, 'input'],
    ];
    for (const [request, status, param] of cases) {
      const answer = await ask(request);
      expect([answer.status, answer.body.error.param]).toEqual([status, param]);
    }
  });
});

describe('the embedded store', () => {
  it('keeps responses, and models that were added, over a restart', async () => {
    const data = await dataFolder();
    const server = createServer((_, answer) => {
      answer.setHeader('content-type', 'application/json').end('{"data":[{"id":"alpha","owned_by":"vllm"}]}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const url = `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`;
    const first = await startService('start', { THINKFIRST_DATA: data.path });
    const { body } = await postJson(`${first.url}/v1/responses`, { input: 'What is 3 + 4?', mode: 'fast' });
    const added = { model: { kind: 'upstream', url }, write: true };
    expect((await postJson(`${first.url}/v1/configuration/models`, added)).status).toBe(200);
    expect(await first.stop()).toBe(0);
    const second = await startService('start', { THINKFIRST_DATA: data.path });
    expect(await getJson(`${second.url}/v1/responses/${body.id}`)).toEqual(body);
    const alpha = async () => (await getJson(`${second.url}/v1/models`)).data[1];
    await expect.poll(alpha, { timeout: 30_000 }).toMatchObject({ id: 'alpha', source: 'added', status: 'ready' });
    await second.stop();
    server.close();
    await data.remove();
  });
});
