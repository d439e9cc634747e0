import { describe, expect, test } from 'vitest';
import { ChatCompletion } from '../../src/contracts/protocols/chat-completion.ts';
import { Compaction } from '../../src/contracts/responses/compaction.ts';
import { ItemList } from '../../src/contracts/responses/conversation.ts';
import { responseJob } from '../../src/contracts/responses/response-job.ts';
import { ErrorEnvelope } from '../../src/contracts/service/error-envelope.ts';
import { constraintFault } from '../../src/grammar/constraint-language.ts';
import { readEvents } from '../api/responses/fixture.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { createService } from './service.ts';

const patch = { type: 'custom', name: 'apply_patch', description: 'Edits files.' };
const lookup = {
  type: 'function',
  name: 'lookup',
  parameters: { type: 'object', properties: { id: { type: 'string' } } },
};
const crm = {
  type: 'namespace',
  name: 'crm',
  description: 'Customers.',
  tools: [lookup, { type: 'custom', name: 'note' }],
};
const grammar = (syntax: string, definition: string) => ({ ...patch, format: { type: 'grammar', syntax, definition } });

/** Calls this, by the name that the model knows; what it is held to a form for is `constrained`. */
async function calling(name: string, args: string, constrained = '{}') {
  const model = createScriptedModel({
    id: 'tiny',
    capabilities: { constraints: ['json_schema'] },
    script: ({ request }) =>
      request.answer.constraint ? { answer: constrained } : { answer: '', toolCalls: [{ name, arguments: args }] },
  });
  const service = await createService(model, {
    checkConstraints: async (_model, constraints) => constraints.map(constraintFault),
  });
  const asked = async (id: string) => {
    const snapshot = await service.queue.get(id);
    return snapshot === undefined ? undefined : responseJob(snapshot.job).prompt;
  };
  const refusal = async (body: object) =>
    ErrorEnvelope.parse(await (await service.ask({ input: 'a', mode: 'fast', ...body })).json()).error;
  return { ...service, model, asked, refusal };
}

describe('a tool that takes free text', () => {
  test('is called with it, in items and events', async () => {
    const { answered, ask, asked } = await calling('apply_patch', '{"input":"*** Begin\\n+a"}');
    const response = await answered({ input: 'a', mode: 'fast', tools: [patch] });
    expect(response.output).toEqual([
      {
        type: 'custom_tool_call',
        id: response.id.replace('resp', 'ctc').concat('_0'),
        call_id: response.id.replace('resp', 'call').concat('_0'),
        name: 'apply_patch',
        input: '*** Begin\n+a',
        status: 'completed',
      },
    ]);
    expect(response.tools).toEqual([{ ...patch, format: { type: 'text' } }]);
    expect((await asked(response.id))?.tools).toMatchObject([{ name: 'apply_patch', description: 'Edits files.' }]);
    const { events } = await readEvents(await ask({ input: 'a', mode: 'fast', tools: [patch], stream: true }));
    const deltas = events.filter(({ type }) => type === 'response.custom_tool_call_input.delta');
    expect(deltas.map(({ delta }) => delta).join('')).toBe('*** Begin\n+a');
    expect(events.find(({ type }) => type === 'response.custom_tool_call_input.done')).toMatchObject({
      input: '*** Begin\n+a',
      output_index: 0,
    });
    expect(events.at(-1)).toMatchObject({ response: { output: [{ input: '*** Begin\n+a' }] } });
  });

  test('goes on with its result, as part of the history too', async () => {
    const { answered, asked, app } = await calling('apply_patch', '{"input":"x"}');
    const first = await answered({ input: 'a', mode: 'fast', tools: [patch] });
    const [call] = first.output;
    const result = { type: 'custom_tool_call_output', call_id: call?.type === 'custom_tool_call' ? call.call_id : '' };
    const input = [{ ...result, output: 'done' }];
    const second = await answered({ input, previous_response_id: first.id, mode: 'fast', tools: [patch] });
    expect((await asked(second.id))?.messages.slice(1)).toMatchObject([
      { role: 'assistant', toolCalls: [{ name: 'apply_patch', arguments: '{"input":"x"}' }] },
      { role: 'tool', content: 'done' },
    ]);
    const listed = await app.request(`/v1/responses/${second.id}/input_items?order=asc`);
    const ids = ItemList.parse(await listed.json()).data.map(({ id }) => id?.replace(/_.*/, ''));
    expect(ids).toEqual(['msg', 'ctc', 'ctco']);
  });

  test('may be written as it is, without arguments around it', async () => {
    const { answered } = await calling('apply_patch', '*** Begin Patch');
    const { output } = await answered({ input: 'a', mode: 'fast', tools: [patch] });
    expect(output).toMatchObject([{ input: '*** Begin Patch' }]);
  });

  test('is held to a regular expression: a call that does not fit is made again in its form', async () => {
    const again = '{"name": "apply_patch", "arguments": {"input": "7"}}';
    const { answered, model } = await calling('apply_patch', '{"input":"seven"}', again);
    const { output } = await answered({ input: 'a', mode: 'fast', tools: [grammar('regex', '[0-9]+')] });
    expect(output).toMatchObject([{ type: 'custom_tool_call', input: '7' }]);
    expect(model.calls.at(-1)?.answer.constraint).toMatchObject({
      schema: { properties: { arguments: { properties: { input: { pattern: '^(?:[0-9]+)$' } } } } },
    });
  });

  test('is refused with a regular expression that can not be enforced, by its place', async () => {
    const { refusal } = await calling('apply_patch', '{}');
    expect(await refusal({ tools: [lookup, grammar('regex', '(?=a)b')] })).toMatchObject({
      code: 'unsupported_constraint',
      param: 'tools[1].format.definition',
    });
  });

  test('is warned of with a Lark grammar, which the model is shown', async () => {
    const { answered, asked } = await calling('apply_patch', '{"input":"x"}');
    const response = await answered({ input: 'a', mode: 'fast', tools: [grammar('lark', 'start: "x"')] });
    expect(response.warnings).toMatchObject([{ field: 'tools[0].format', message: expect.stringContaining('Lark') }]);
    expect(JSON.stringify((await asked(response.id))?.tools)).toContain('start: \\"x\\"');
  });

  test('can be chosen by name', async () => {
    const written = '{"name": "apply_patch", "arguments": {"input": "x"}}';
    const { answered, refusal } = await calling('lookup', '{}', written);
    const choice = { type: 'custom', name: 'apply_patch' };
    const response = await answered({ input: 'a', mode: 'fast', tools: [lookup, patch], tool_choice: choice });
    expect(response).toMatchObject({ tool_choice: choice, output: [{ type: 'custom_tool_call', input: 'x' }] });
    expect(await refusal({ tools: [lookup], tool_choice: choice })).toMatchObject({ param: 'tool_choice.name' });
  });
});

describe('a namespace', () => {
  test('groups functions and free texts: calls name it, and go on with it', async () => {
    const { answered, asked } = await calling('crm__lookup', '{"id":"7"}');
    const first = await answered({ input: 'a', mode: 'fast', tools: [crm, lookup] });
    expect(first.output).toMatchObject([
      { type: 'function_call', namespace: 'crm', name: 'lookup', arguments: '{"id":"7"}' },
    ]);
    expect(first.tools).toMatchObject([
      { type: 'namespace', name: 'crm', tools: [{ name: 'lookup' }, { name: 'note' }] },
      { name: 'lookup' },
    ]);
    expect((await asked(first.id))?.tools?.map(({ name }) => name)).toEqual(['crm__lookup', 'crm__note', 'lookup']);
    const [call] = first.output;
    const input = [
      { type: 'function_call_output', call_id: call?.type === 'function_call' ? call.call_id : '', output: 'x' },
    ];
    const second = await answered({ input, previous_response_id: first.id, mode: 'fast', tools: [crm] });
    expect((await asked(second.id))?.messages.at(-2)).toMatchObject({ toolCalls: [{ name: 'crm__lookup' }] });
  });

  test('that hides another tool is refused', async () => {
    const { refusal } = await calling('a', '{}');
    const hiding = { ...lookup, name: 'crm__lookup' };
    expect(await refusal({ tools: [crm, hiding] })).toMatchObject({ param: 'tools[1].name' });
  });
});

describe('tools that an item adds', () => {
  const added = (...tools: object[]) => ({ type: 'additional_tools', role: 'developer', tools });
  const hi = { role: 'user', content: 'a' };

  test('are offered beside the request’s own, and called as those are', async () => {
    const { answered, asked } = await calling('crm__lookup', '{"id":"7"}');
    const input = [added(crm, { type: 'web_search' }), hi];
    const response = await answered({ input, mode: 'fast', tools: [patch] });
    expect(response.output).toMatchObject([{ type: 'function_call', namespace: 'crm', name: 'lookup' }]);
    const { tools, messages } = (await asked(response.id)) ?? {};
    expect(tools?.map(({ name }) => name)).toEqual(['apply_patch', 'crm__lookup', 'crm__note']);
    expect(messages).toEqual([hi]);
    expect(response.warnings).toMatchObject([{ field: 'input[0].tools[1]' }]);
  });

  test('stay for what follows, and a later one replaces one of its name', async () => {
    const { answered, asked, app } = await calling('lookup', '{}');
    const first = await answered({ input: [added(lookup, { type: 'file_search' }), hi], mode: 'fast' });
    const newer = added({ ...lookup, description: 'Newer.' }, { type: 'file_search' });
    const second = await answered({ input: [newer, hi], previous_response_id: first.id, mode: 'fast' });
    expect((await asked(second.id))?.tools).toMatchObject([{ name: 'lookup', description: 'Newer.' }]);
    expect(second.warnings).toHaveLength(1);
    const listed = await app.request(`/v1/responses/${second.id}/input_items`);
    expect(ItemList.parse(await listed.json()).data.at(-1)).toMatchObject({
      type: 'additional_tools',
      id: expect.stringMatching(/^at_/),
    });
  });

  test('are kept by a compaction', async () => {
    const { answered, asked, post } = await calling('lookup', '{}');
    const { output } = Compaction.parse(
      await (await post('/v1/responses/compact', { model: 'tiny', input: [added(lookup), hi] })).json(),
    );
    const response = await answered({ input: [...output, hi], mode: 'fast' });
    expect((await asked(response.id))?.tools).toMatchObject([{ name: 'lookup' }]);
  });

  test('are bounded, all together', async () => {
    const { refusal } = await calling('lookup', '{}');
    const many = (item: number) =>
      Array.from({ length: 128 }, (_, index) => ({ ...lookup, name: `f${item}_${index}` }));
    const input = [...Array.from({ length: 9 }, (_, item) => added(...many(item))), hi];
    expect(await refusal({ input })).toMatchObject({ code: 'invalid_value', param: 'input[8].tools[0]' });
  });
});

describe('a tool that only other services have', () => {
  const others = ['web_search', 'file_search', 'local_shell', 'image_generation', 'computer'];

  test.each(others)('%s is warned of, and the others are offered', async (type) => {
    const { answered, asked } = await calling('lookup', '{}');
    const response = await answered({ input: 'a', mode: 'fast', tools: [{ type, server_label: 'x' }, lookup] });
    expect(response.warnings).toEqual([{ field: 'tools[0]', message: expect.stringContaining(`'${type}'`) }]);
    expect(response.tools).toMatchObject([{ name: 'lookup' }]);
    expect((await asked(response.id))?.tools).toHaveLength(1);
  });

  test.each([
    [{ tools: [{ type: 'web_search' }], tool_choice: 'required' }, 'tools[0].type'],
    [
      { tools: [{ type: 'file_search' }, lookup], tool_choice: { type: 'file_search', server_label: 'x' } },
      'tool_choice.type',
    ],
    [
      {
        tools: [{ type: 'file_search' }, lookup],
        tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'file_search', server_label: 'x' }] },
      },
      'tool_choice.tools[0].type',
    ],
  ])('is refused by name where it must be called (%#)', async (body, param) => {
    const { refusal } = await calling('lookup', '{}');
    const error = await refusal(body);
    expect(error).toMatchObject({ code: 'invalid_value', param });
    expect(error.message).toMatch(/'(web_search|file_search)'/);
  });

  test('does not excuse a known one that is not complete', async () => {
    const { refusal } = await calling('lookup', '{}');
    expect(await refusal({ tools: [{ type: 'function' }] })).toMatchObject({ param: 'tools[0].name' });
    expect(await refusal({ tools: [{ type: 'namespace', name: 'a', tools: [] }] })).toMatchObject({
      param: 'tools[0].tools',
    });
    expect(await refusal({ tools: [{}] })).toMatchObject({ param: 'tools[0].type' });
  });
});

describe('chat completions', () => {
  const custom = { type: 'custom', custom: { name: 'apply_patch', format: { type: 'text' } } };
  const messages = [{ role: 'user', content: 'a' }];

  test('have custom tools in their form, whole and as chunks', async () => {
    const { post, asked, queue } = await calling('apply_patch', '{"input":"x"}');
    const path = '/v1/chat/completions';
    const whole = ChatCompletion.parse(await (await post(path, { messages, mode: 'fast', tools: [custom] })).json());
    const [choice] = whole.choices;
    expect(choice).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ type: 'custom', custom: { name: 'apply_patch', input: 'x' } }] },
    });
    const { events } = await readEvents(await post(path, { messages, mode: 'fast', tools: [custom], stream: true }));
    const calls = JSON.stringify(events.map((event) => event['choices']));
    expect(calls).toContain('"type":"custom","custom":{"name":"apply_patch","input":""}');
    expect(calls).toContain('"custom":{"input":"x"}');

    const called = choice?.message.tool_calls ?? [];
    const result = { role: 'tool', tool_call_id: called[0]?.id, content: 'done' };
    const history = [...messages, { role: 'assistant', tool_calls: called }, result];
    await post(path, { messages: history, mode: 'fast', tools: [custom] });
    const [latest] = (await queue.list({ owner: null, limit: 1 })).jobs;
    expect((await asked(latest?.job.id ?? ''))?.messages).toMatchObject([
      { role: 'user' },
      { toolCalls: [{ name: 'apply_patch', arguments: '{"input":"x"}' }] },
      { role: 'tool', content: 'done' },
    ]);
  });

  test('name a grammar and a choice in their form', async () => {
    const { post } = await calling('apply_patch', '{}');
    const format = { type: 'grammar', grammar: { syntax: 'regex', definition: '(?=a)b' } };
    const tools = [{ type: 'custom', custom: { name: 'apply_patch', format } }];
    const refused = await post('/v1/chat/completions', { messages, tools });
    expect(await refused.json()).toMatchObject({ error: { param: 'tools[0].custom.format.definition' } });
    const tool_choice = { type: 'custom', custom: { name: 'other' } };
    const unknown = await post('/v1/chat/completions', { messages, tools: [custom], tool_choice });
    expect(await unknown.json()).toMatchObject({ error: { param: 'tool_choice.name' } });
  });
});
