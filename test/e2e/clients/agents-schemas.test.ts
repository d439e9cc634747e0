import { OpenAIChatCompletionsModel, OpenAIResponsesModel, protocol } from '@openai/agents';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { createScriptedModel } from '../../../src/models/scripted.ts';
import { createService } from '../../worker/service.ts';

/** Everything that a response can hold, against the schemas by which the Agents SDK reads it as it runs. */

type Ask = Parameters<OpenAIResponsesModel['getResponse']>[0];
type Tool = Ask['tools'][number];

const lookup: Tool = {
  type: 'function',
  name: 'lookup',
  description: '',
  strict: false,
  parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
};

const asked: Ask = {
  input: 'How much is 6 times 7?',
  modelSettings: {},
  tools: [],
  outputType: 'text',
  handoffs: [],
  tracing: false,
};

const thinks = {
  reasoning: { effort: 'medium', summary: 'auto' },
  providerData: { include: ['reasoning.text', 'reasoning.encrypted_content'] },
} as const;

const cases: Record<string, Ask> = {
  'a fast answer': { ...asked, modelSettings: { reasoning: { effort: 'none' } } },
  'an answer behind a thought, with its summary': { ...asked, modelSettings: thinks },
  'a call of a function': { ...asked, tools: [lookup], modelSettings: { reasoning: { effort: 'none' } } },
  'an answer that was cut': { ...asked, modelSettings: { maxTokens: 1, reasoning: { effort: 'none' } } },
};

async function service() {
  const model = createScriptedModel({
    id: 'tiny',
    script: ({ request }) =>
      request.prompt.tools === undefined
        ? { thought: '6 * 7 = 42', answer: 'The answer is 42.' }
        : { thought: 'hm', answer: '', toolCalls: [{ name: 'lookup', arguments: '{}' }] },
  });
  const { app } = await createService(model);
  const fetch = async (input: Parameters<typeof globalThis.fetch>[0], init?: RequestInit) =>
    app.fetch(new Request(input, init));
  return new OpenAI({ baseURL: 'http://localhost/v1', apiKey: 'none', fetch });
}

test.each(Object.entries(cases))('responses: %s', async (_name, ask) => {
  const model = new OpenAIResponsesModel(await service(), 'tiny');
  const whole = await model.getResponse(ask);
  expect(protocol.UsageData.safeParse({ ...whole.usage }).error).toBeUndefined();
  for (const item of whole.output) expect(protocol.OutputModelItem.safeParse(item).error).toBeUndefined();
  const types = new Set<string>();
  for await (const event of model.getStreamedResponse(ask)) {
    expect(protocol.StreamEvent.safeParse(event).error).toBeUndefined();
    types.add(event.type);
  }
  expect([...types]).toEqual(expect.arrayContaining(['response_started', 'model', 'response_done']));
});

test.each(Object.entries(cases))('chat completions: %s', async (_name, ask) => {
  const model = new OpenAIChatCompletionsModel(await service(), 'tiny');
  const whole = await model.getResponse(ask);
  for (const item of whole.output) expect(protocol.OutputModelItem.safeParse(item).error).toBeUndefined();
  const types = new Set<string>();
  for await (const event of model.getStreamedResponse(ask)) {
    expect(protocol.StreamEvent.safeParse(event).error).toBeUndefined();
    types.add(event.type);
  }
  expect([...types]).toContain('response_done');
});
