import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dataFolder, getJson, postJson, startService, type TestService } from '../support/start-service.ts';
import { startSlowServer, startUpstreamServer, type UpstreamServer } from '../support/upstream-server.ts';

/**
 * A service whose models are elsewhere: one is the model of another Thinkfirst (the real one, over its chat completions), one
 * is a server that sees.
 */
describe('a service with upstreams', () => {
  let data: Array<Awaited<ReturnType<typeof dataFolder>>>;
  let far: TestService;
  let near: TestService;
  let seeing: UpstreamServer;
  let slow: Awaited<ReturnType<typeof startSlowServer>>;
  let client: OpenAI;
  /** With a seed: what a chain says is the same each time. */
  const ask = async (body: object) =>
    (await postJson(`${near.url}/v1/responses`, { model: 'far', seed: 7, ...body })).body;

  beforeAll(async () => {
    data = [await dataFolder(), await dataFolder()];
    const script = { thoughts: [' A', ' cat.'], answer: ['It', ' is', ' a', ' cat.'] };
    seeing = await startUpstreamServer({ dialect: 'vllm', script });
    slow = await startSlowServer();
    far = await startService('start', { THINKFIRST_DATA: data[0]?.path ?? '' });
    const models = [
      {
        id: 'far',
        url: `${far.url}/v1`,
        model: 'thinkfirst-135m',
        family: 'thinkfirst',
        dialect: 'thinkfirst',
        contextLength: 2048,
      },
      { id: 'seeing', url: seeing.url, model: 'any', family: 'qwen3', dialect: 'vllm', inputs: ['image', 'file'] },
      slow.entry,
    ];
    near = await startService('start', {
      THINKFIRST_DATA: data[1]?.path ?? '',
      THINKFIRST_MODELS: JSON.stringify(models),
    });
    client = new OpenAI({ baseURL: `${near.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  });
  afterAll(async () => {
    await near?.stop();
    await far?.stop();
    await seeing?.close();
    await slow?.close();
    for (const each of data) await each.remove();
  });

  it('runs in the background through queued and in_progress to completed', async () => {
    const made = await ask({ model: 'slow', input: 'What is 3 + 4?', background: true, reasoning: { effort: 'low' } });
    expect(made).toMatchObject({ status: 'queued', background: true });
    const now = () => getJson(`${near.url}/v1/responses/${made.id}`);
    const tokens = async () => (await now()).progress?.thinking_tokens ?? 0;
    await expect.poll(tokens).toBeGreaterThan(0);
    const before = await tokens();
    expect(await now()).toMatchObject({ status: 'in_progress' });
    await expect.poll(tokens).toBeGreaterThan(before);
    slow.hurry();
    await expect.poll(now).toMatchObject({ status: 'completed', output_text: 'The answer is 7.', progress: null });
  });

  it('answers fast, as the far model does by itself', async () => {
    // Far from a tie: a cached prompt rounds otherwise than a cold one (decision 11).
    const input = 'What is 10 + 5?';
    const asked = { input, mode: 'fast', temperature: 0 };
    const own = await postJson(`${far.url}/v1/responses`, asked);
    const response = await ask(asked);
    expect(response).toMatchObject({ status: 'completed', model: 'far', output_text: own.body.output_text });
    expect(response.usage.output_tokens).toBeGreaterThan(0);
    expect(response.usage.output_tokens_details.reasoning_tokens).toBe(0);
  });

  it('thinks there, within the budget, and hands the thoughts on', async () => {
    const response = await ask({
      input: 'What is 961 + 255?',
      reasoning: { effort: 'low', strategy: 'budget-forcing', budget_tokens: 400 },
      include: ['reasoning.text'],
    });
    expect(response.status).toBe('completed');
    expect(response.thinking_stop).toBe('natural');
    expect(response.output_text).toContain('1216');
    const [thought] = response.output;
    expect(thought).toMatchObject({ type: 'reasoning' });
    expect(thought.content[0].text).toContain('961');
    const { phases } = response.usage;
    expect(phases.think).toBeGreaterThan(10);
    expect(phases.think).toBeLessThanOrEqual(400);
  });

  it('stops the far thought at the budget and still answers', async () => {
    const response = await ask({
      input: 'What is 961 + 255?',
      reasoning: { effort: 'low', strategy: 'budget-forcing', budget_tokens: 12 },
    });
    expect(response).toMatchObject({ status: 'completed', thinking_stop: 'budget' });
    expect(response.usage.phases.think).toBeLessThanOrEqual(12);
    expect(response.output_text).not.toBe('');
  });

  it('deliberates over far samples', async () => {
    const response = await ask({ input: 'What is 132 × 6?', mode: 'deliberate' });
    expect(response).toMatchObject({ status: 'completed', output_text: expect.stringContaining('792') });
    expect(response.usage.output_tokens_details.reasoning_tokens).toBeGreaterThan(20);
  });

  it('streams thoughts and answer through chat completions', async () => {
    const Delta = z.looseObject({ content: z.string().nullish(), reasoning_content: z.string().nullish() });
    let text = '';
    let thought = '';
    const stream = await client.chat.completions.create({
      model: 'far',
      messages: [{ role: 'user', content: 'What is 12 + 30?' }],
      reasoning_effort: 'low',
      seed: 7,
      stream: true,
    });
    for await (const chunk of stream) {
      const delta = Delta.parse(chunk.choices[0]?.delta ?? {});
      text += delta.content ?? '';
      thought += delta.reasoning_content ?? '';
    }
    expect(text).toContain('42');
    expect(thought).not.toBe('');
  });

  it('holds far answers to a schema and calls tools there', async () => {
    const Sum = z.object({ a: z.int(), b: z.int() });
    const schema = z.toJSONSchema(Sum);
    const formed = await ask({
      input: 'What is 12 + 30?',
      mode: 'fast',
      text: { format: { type: 'json_schema', name: 'sum', schema } },
    });
    expect(Sum.parse(JSON.parse(formed.output_text))).toBeDefined();
    const called = await ask({
      input: 'What is the weather in Paris?',
      mode: 'fast',
      tools: [
        {
          type: 'function',
          name: 'get_weather',
          parameters: { type: 'object', properties: { city: { type: 'string' } } },
        },
      ],
      tool_choice: 'required',
    });
    expect(called.output).toMatchObject([{ type: 'function_call', name: 'get_weather' }]);
  });

  it('a far service that is gone is an error that says so', async () => {
    const missing = await postJson(`${near.url}/v1/responses`, { model: 'none', input: 'Hi' });
    expect(missing.status).toBe(404);
    expect(missing.body.error.message).toContain('far');
  });

  it('passes images and files on to the one that sees, and says so on its card', async () => {
    const url = 'data:image/png;base64,iVBORw0KGgo=';
    const file_data = 'data:application/pdf;base64,JVBERg==';
    const card = await client.models.retrieve('seeing');
    expect(card).toMatchObject({ capabilities: { inputs: ['text', 'image', 'file'] } });
    for (const mode of ['fast', 'deliberate']) {
      seeing.requests.length = 0;
      const { body } = await postJson(`${near.url}/v1/responses`, {
        model: 'seeing',
        mode,
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_text', text: 'What is it?' },
              { type: 'input_image', image_url: url },
              { type: 'input_file', filename: 'a.pdf', file_data },
            ],
          },
        ],
      });
      expect(body).toMatchObject({ status: 'completed', output_text: 'It is a cat.' });
      const first = seeing.completions()[0];
      expect(first?.path).toBe('/v1/chat/completions');
      expect(first?.body['messages']).toMatchObject([
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url } },
            { type: 'file', file: { file_data, filename: 'a.pdf' } },
          ],
        },
      ]);
    }
    const refused = await postJson(`${near.url}/v1/responses`, {
      model: 'far',
      input: [{ role: 'user', content: [{ type: 'input_image', image_url: url }] }],
    });
    expect([refused.status, refused.body.error.param]).toEqual([400, 'input[0].content[0]']);
  });
});
