import {
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  OpenAIResponsesWSModel,
  protocol,
  setTracingDisabled,
  withTrace,
} from '@openai/agents';
import OpenAI from 'openai';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { listeningService } from '../../support/listening-service.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';

/** Everything that a response can hold, against the schemas by which the Agents SDK reads it as it runs. */

/** As Node's own takes headers: within the options that stand in the protocols' place. */
class WebSocketWithHeaders extends WebSocket {
  constructor(url: string, options: { headers: Record<string, string> }) {
    super(url, { headers: options.headers });
  }
}

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

// Else it reports each run to OpenAI.
setTracingDisabled(true);

let close = async (): Promise<void> => undefined;
afterEach(() => close());

async function service() {
  const model = createScriptedModel({
    id: 'tiny',
    script: ({ request }) =>
      request.prompt.tools === undefined
        ? { thought: '6 * 7 = 42', answer: 'The answer is 42.' }
        : { thought: 'hm', answer: '', toolCalls: [{ name: 'lookup', arguments: '{}' }] },
  });
  const { url, close: end } = await listeningService(model);
  close = () => end();
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' });
}

async function walk(model: OpenAIResponsesModel, ask: Ask): Promise<void> {
  const whole = await model.getResponse(ask);
  expect(protocol.UsageData.safeParse({ ...whole.usage }).error).toBeUndefined();
  expect(whole.output).not.toEqual([]);
  for (const item of whole.output) expect(protocol.OutputModelItem.safeParse(item).error).toBeUndefined();
  const types = new Set<string>();
  for await (const event of model.getStreamedResponse(ask)) {
    expect(protocol.StreamEvent.safeParse(event).error).toBeUndefined();
    types.add(event.type);
  }
  expect([...types]).toEqual(expect.arrayContaining(['response_started', 'model', 'response_done']));
}

test.each(Object.entries(cases))('responses: %s', async (_name, ask) => {
  const model = new OpenAIResponsesModel(await service(), 'tiny');
  await withTrace('walk', () => walk(model, ask));
});

test.each(Object.entries(cases))('responses over a WebSocket: %s', async (_name, ask) => {
  // Node has one of its own from 22 on.
  vi.stubGlobal('WebSocket', WebSocketWithHeaders);
  const model = new OpenAIResponsesWSModel(await service(), 'tiny');
  await withTrace('walk', () => walk(model, ask));
  await model.close();
  vi.unstubAllGlobals();
});

test.each(Object.entries(cases))('chat completions: %s', async (_name, ask) => {
  const model = new OpenAIChatCompletionsModel(await service(), 'tiny');
  await withTrace('walk', async () => {
    const whole = await model.getResponse(ask);
    for (const item of whole.output) expect(protocol.OutputModelItem.safeParse(item).error).toBeUndefined();
    const types = new Set<string>();
    for await (const event of model.getStreamedResponse(ask)) {
      expect(protocol.StreamEvent.safeParse(event).error).toBeUndefined();
      types.add(event.type);
    }
    expect([...types]).toContain('response_done');
  });
});
