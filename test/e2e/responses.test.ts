import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dataFolder, startService, type TestService } from '../support/start-service.ts';

const weather = {
  type: 'function' as const,
  name: 'get_weather',
  description: 'Current weather of a city',
  strict: true,
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', maxLength: 40 } },
    required: ['city'],
    additionalProperties: false,
  },
};
const City = z.strictObject({ city: z.string() });
const Sum = z.strictObject({ answer: z.int() });
const model = 'thinkfirst-135m';
/** What a chain says, and so whether it calls a tool that it need not call. */
const sameEachTime = { seed: 7, deterministic: true };

/** Tools, forms, conversations and sealed thoughts, with the real model, through OpenAI's own client. */
describe('the Responses API', () => {
  let data: Awaited<ReturnType<typeof dataFolder>>;
  let service: TestService;
  const client = () => new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  const start = () => startService('start', { THINKFIRST_DATA: data.path });

  beforeAll(async () => {
    data = await dataFolder();
    service = await start();
  });
  afterAll(async () => {
    await service.stop();
    await data.remove();
  });

  it.each(['none', 'low'] as const)(
    'with effort %s calls a tool that fits its schema, and goes on from the result',
    async (effort) => {
      for (const tool_choice of ['auto', 'required', { type: 'function' as const, name: 'get_weather' }] as const) {
        const input = 'What is the weather in Paris?';
        const called = await client().responses.create({
          ...sameEachTime,
          model,
          input,
          tools: [weather],
          tool_choice,
          reasoning: { effort },
        });
        const call = called.output.find((item) => item.type === 'function_call');
        expect(City.safeParse(JSON.parse(call?.arguments ?? '{}')).success).toBe(true);
        const told = await client().responses.create({
          model,
          previous_response_id: called.id,
          input: [{ type: 'function_call_output', call_id: call?.call_id ?? '', output: '{"sky": "sunny"}' }],
          tools: [weather],
          reasoning: { effort },
        });
        expect(told.status).toBe('completed');
      }
    },
  );

  it.each(['none', 'low'] as const)('with effort %s answers in a form that fits by construction', async (effort) => {
    for (const numbers of ['47 + 38', '9 × 12', '100 - 58']) {
      const { output_text } = await client().responses.create({
        ...sameEachTime,
        model,
        input: `What is ${numbers}?`,
        reasoning: { effort },
        text: { format: { type: 'json_schema', name: 'sum', schema: z.toJSONSchema(Sum), strict: true } },
      });
      expect(Sum.safeParse(JSON.parse(output_text)).success).toBe(true);
    }
  });

  it('resumes a stream of thoughts and a call after any event, the same to the byte', async () => {
    const body = {
      input: 'What is the weather in Paris?',
      tools: [weather],
      tool_choice: 'required',
      reasoning: { effort: 'low', strategy: 'budget-forcing', summary: 'auto' },
      include: ['reasoning.text', 'reasoning.encrypted_content'],
      background: true,
    };
    const made = await fetch(`${service.url}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { id } = z.object({ id: z.string() }).parse(await made.json());
    const read = async (query: string) => (await fetch(`${service.url}/v1/responses/${id}?stream=true${query}`)).text();
    const whole = await read('');
    const events = whole.split('\n\n').filter((block) => block.startsWith('event:'));
    expect(whole).toContain('event: response.reasoning_text.delta');
    expect(whole).toContain('event: response.function_call_arguments.delta');
    for (const [index] of events.entries()) {
      const rest = await read(`&starting_after=${index}`);
      expect(`${events.slice(0, index + 1).join('\n\n')}\n\n${rest}`).toBe(whole);
    }
  });

  it('keeps conversations and opens sealed thoughts after a restart', async () => {
    const { id } = await client().conversations.create({ metadata: { topic: 'names' } });
    await client().responses.create({
      model,
      input: 'My name is Alice.',
      conversation: id,
      reasoning: { effort: 'none' },
    });
    const input = [{ role: 'user' as const, content: 'What is the weather in Paris?' }];
    const sealed = await client().responses.create({
      model,
      input,
      tools: [weather],
      tool_choice: 'required',
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'low' },
    });
    const call = sealed.output.find((item) => item.type === 'function_call');
    await service.stop();
    service = await start();
    const asked = await client().responses.create({
      model,
      input: 'What is my name?',
      conversation: id,
      reasoning: { effort: 'none' },
    });
    expect(asked.output_text).toContain('Alice');
    const items = await client().conversations.items.list(id, { order: 'asc' });
    expect(items.data.map((item) => item.type)).toEqual(['message', 'message', 'message', 'message']);
    const output = { type: 'function_call_output' as const, call_id: call?.call_id ?? '', output: 'sunny' };
    const turn = sealed.output.filter((item) => item.type === 'reasoning' || item.type === 'function_call');
    const told = await client().responses.create({
      model,
      input: [...input, ...turn, output],
      tools: [weather],
    });
    expect(told.status).toBe('completed');
    expect(JSON.stringify(told)).not.toContain('encrypted_content');
    const counted = await client().responses.inputTokens.count({ model, input: 'What is my name?' });
    expect(counted.input_tokens).toBeGreaterThan(5);
    const listed = await client().responses.inputItems.list(asked.id);
    expect(listed.data.length).toBe(3);
  });
});
