import OpenAI from 'openai';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Response } from '../../src/contracts/responses/response.ts';
import { TraceStep } from '../../src/contracts/responses/trace.ts';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { createServerTools } from '../../src/entry/server-tools.ts';
import { listeningService } from '../support/listening-service.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';

const own = createServerTools({
  environment: parseEnvironment({ THINKFIRST_PYTHON_PROCESSES: '2' }),
  variables: {},
  worker: true,
  log: pino({ level: 'silent' }),
});
const tools: OpenAI.Responses.Tool[] = [{ type: 'code_interpreter', container: { type: 'auto' } }];
const input = 'What is the 20th Fibonacci number?';
const code = 'a, b = 0, 1\nfor _ in range(20):\n    a, b = b, a + b\nprint(a)';

/**
 * Computes in two calls, the second of which reads a variable of the first, then says what Python printed. Asked for a program, it
 * writes one that fails, and once it has read the error one that works.
 */
const model = createScriptedModel({
  id: 'tiny',
  script: ({ request }) => {
    const { messages } = request.prompt;
    const asked = messages.findLast(({ role }) => role === 'user')?.content ?? '';
    if (asked.includes('Write a short Python program')) return program('print(fib(20))');
    if (asked.includes("NameError: name 'fib'")) return program(code);
    if (asked.startsWith('Write '))
      return program(`def double(n):\n    return n ${asked.includes('wrong') ? '+' : '*'} 2`);
    const results = messages.filter(({ role }) => role === 'tool');
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

function program(text: string) {
  return { thought: 'I write it.', answer: `\`\`\`python\n${text}\n\`\`\`` };
}

let service: Awaited<ReturnType<typeof listeningService>>;
let client: OpenAI;
beforeAll(async () => {
  service = await listeningService(model, { toolRefusal: own.toolRefusal }, { tools: own });
  client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 });
}, 120_000);
afterAll(async () => {
  await service.close();
  await own.close();
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

/** Of our own fields. */
const reasoned = async (question: string, reasoning: object) =>
  Response.parse(await (await service.ask({ input: question, reasoning })).json());

test('a program’s output is the answer; one that fails is written again with its error', async () => {
  const { id, output_text } = await reasoned(input, { strategy: 'program-of-thought', samples: 1, budget_tokens: 400 });
  expect(output_text).toBe('6765');
  const trace = (await (await service.app.request(`/v1/responses/${id}/trace`)).json()) as { steps: unknown[] };
  const calls = TraceStep.array()
    .parse(trace.steps)
    .flatMap(({ call }) => call ?? []);
  expect(calls).toMatchObject([
    { error: true, output: expect.stringContaining("NameError: name 'fib' is not defined") },
    { error: false, output: '6765\n' },
  ]);
});

test.each([
  ['right', true],
  ['wrong', false],
])('a check in Python runs the code of the answer: %s code', async (how, passes) => {
  const checks = [{ type: 'python', code: 'assert double(4) == 8' }];
  const question = `Write ${how} Python that doubles a number.`;
  const { verdict } = await reasoned(question, { strategy: 'best-of-n', samples: 1, budget_tokens: 400, checks });
  expect(verdict?.kind === 'verified').toBe(passes);
});
