import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCodeInterpreter } from '../../src/tools/python/code-interpreter.ts';
import { createPythonSandbox } from '../../src/tools/python/python-sandbox.ts';
import { listeningService } from '../support/listening-service.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';

const limits = { timeMs: 10_000, memoryMegabytes: 512, outputBytes: 64_000 };
const sandbox = createPythonSandbox({ limits, processes: 2, warn: () => {} });
const interpreter = createCodeInterpreter(sandbox, limits);
const tools: OpenAI.Responses.Tool[] = [{ type: 'code_interpreter', container: { type: 'auto' } }];
const input = 'What is the 20th Fibonacci number?';
const code = 'a, b = 0, 1\nfor _ in range(20):\n    a, b = b, a + b\nprint(a)';

/** Computes in two calls, the second of which reads a variable of the first, then says what Python printed. */
const model = createScriptedModel({
  id: 'tiny',
  script: ({ request }) => {
    const results = request.prompt.messages.filter(({ role }) => role === 'tool');
    const call = (text: string) => ({
      thought: 'Let me run it.',
      answer: '',
      toolCalls: [{ name: 'python', arguments: JSON.stringify({ code: text }) }],
    });
    if (results.length === 0) return call(code);
    if (results.length === 1) return call('print(a * 2)');
    return { thought: 'So.', answer: `It is ${results.map(({ content }) => content.trim()).join(', twice ')}.` };
  },
});

let service: Awaited<ReturnType<typeof listeningService>>;
let client: OpenAI;
beforeAll(async () => {
  service = await listeningService(
    model,
    {},
    {
      tools: {
        openTool: async (entry, options) => (entry.type === 'mcp' ? undefined : interpreter.open(entry, options)),
      },
    },
  );
  client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 });
}, 120_000);
afterAll(async () => {
  await service.close();
  await sandbox.close();
});

test('OpenAI’s client gets code and logs', async () => {
  const response = await client.responses.create({
    model: 'tiny',
    input,
    tools,
    include: ['code_interpreter_call.outputs'],
  });
  expect(response.output_text).toBe('It is 6765, twice 13530.');
  const calls = response.output.filter((item) => item.type === 'code_interpreter_call');
  expect(calls.map((call) => call.code)).toEqual([code, 'print(a * 2)']);
  expect(calls.map(({ outputs }) => outputs)).toEqual([
    [{ type: 'logs', logs: '6765\n' }],
    [{ type: 'logs', logs: '13530\n' }],
  ]);
  expect(new Set(calls.map(({ container_id }) => container_id)).size).toBe(1);
});

test('OpenAI’s client streams it, and its own sum of the events is the response', async () => {
  const stream = client.responses.stream({ model: 'tiny', input, tools });
  const types = new Set<string>();
  for await (const { type } of stream) types.add(type);
  const response = await stream.finalResponse();
  expect(response.output_text).toBe('It is 6765, twice 13530.');
  expect(response.output.map(({ type }) => type)).toEqual([
    'code_interpreter_call',
    'code_interpreter_call',
    'message',
  ]);
  for (const type of ['in_progress', 'interpreting', 'completed']) {
    expect(types).toContain(`response.code_interpreter_call.${type}`);
  }
});

test('OpenAI’s client sends the items back', async () => {
  const first = await client.responses.create({ model: 'tiny', input, tools });
  const output = first.output.filter((item) => item.type === 'code_interpreter_call' || item.type === 'message');
  const second = await client.responses.create({
    model: 'tiny',
    input: [{ role: 'user', content: input }, ...output, { role: 'user', content: 'Thanks. Again?' }],
    tools,
  });
  expect(second.status).toBe('completed');
});
