import { describe, expect, it } from 'vitest';
import type { ServerToolParam } from '../../src/contracts/responses/tool-param.ts';
import { TraceStep } from '../../src/contracts/responses/trace.ts';
import { ErrorEnvelope } from '../../src/contracts/service/error-envelope.ts';
import { allScopes } from '../../src/contracts/service/key-scopes.ts';
import { asWorkersHave } from '../../src/contracts/service/model-card.ts';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import { createApi, readEvents } from '../api/responses/fixture.ts';
import { createScriptedModel, type Script } from '../support/scripted-language-model.ts';
import { codeCall, createScriptedTool, remoteTool, type ScriptedToolOptions } from '../support/scripted-tool.ts';
import { createService } from './service.ts';

const interpreter = { type: 'code_interpreter', container: { type: 'auto' } };
const question = 'What is 6 * 7?';
const shop = { type: 'mcp', server_label: 'shop', server_url: 'https://shop.example/mcp', require_approval: 'never' };

/** Computes once, then answers. */
const computes: Script = ({ request }) =>
  request.prompt.messages.at(-1)?.role === 'tool'
    ? { thought: 'So it is 42.', answer: 'The answer is 42.' }
    : { thought: 'Let me run it.', answer: '', toolCalls: [codeCall('print(6 * 7)')] };

async function setUp(script: Script = computes, options: ScriptedToolOptions = {}, overrides = {}) {
  const scripted = createScriptedTool({
    answer: () => ({ output: '42\n', isError: false, durationMs: 5 }),
    ...options,
  });
  const model = createScriptedModel({ id: 'tiny', script });
  const observed: string[] = [];
  const entries: object[] = [];
  const service = await createService(model, overrides, {
    openTool: async (entry) => {
      entries.push(entry);
      if (entry.type !== 'mcp') return scripted.open;
      const functions = scripted.open.functions.map((one) => ({ ...one, name: `${entry.server_label}__tool` }));
      return { ...scripted.open, functions };
    },
    observeTool: ({ function: { name } }) => void observed.push(name),
  });
  const refusal = async (body: object) => {
    const reply = await service.ask({ input: question, ...body });
    return { status: reply.status, ...ErrorEnvelope.parse(await reply.json()).error };
  };
  const trace = async (id: string) => {
    const reply = await service.app.request(`/v1/responses/${id}/trace`);
    const { steps } = (await reply.json()) as { steps: unknown[] };
    return TraceStep.array().parse(steps);
  };
  return { ...service, ...scripted, model, observed, entries, refusal, trace };
}

describe('code_interpreter', () => {
  it.each([
    ['in a fast answer', { mode: 'fast' }],
    ['in one chain', { reasoning: { effort: 'low', strategy: 'budget-forcing' } }],
    ['in a deliberation', { reasoning: { effort: 'low' } }],
  ])('is called %s, and the call is an item before the answer', async (_where, how) => {
    const { answered, trace, observed, closed } = await setUp();
    const response = await answered({ input: question, tools: [interpreter], ...how });
    const suffix = response.id.replace('resp_', '');
    expect(response.output).toMatchObject([
      {
        type: 'code_interpreter_call',
        code: 'print(6 * 7)',
        container_id: `cntr_${suffix}_0`,
        outputs: null,
        status: 'completed',
      },
      { type: 'message', content: [{ text: 'The answer is 42.' }] },
    ]);
    expect(response.tools).toEqual([interpreter]);
    expect(response.usage?.phases.tool).toBeGreaterThan(0);
    const { tool: _input, ...decoded } = response.usage?.phases ?? {};
    expect(Object.values(decoded).reduce((sum, tokens) => sum + tokens, 0)).toBe(response.usage?.output_tokens);
    const steps = await trace(response.id);
    expect(steps.find(({ phase }) => phase === 'tool')?.call).toMatchObject({
      name: 'python',
      output: '42\n',
      error: false,
    });
    expect(observed).toEqual(['python']);
    expect(closed()).toBe(1);
  });

  it('shows outputs where the request asks for them', async () => {
    const { answered } = await setUp();
    const include = ['code_interpreter_call.outputs'];
    const { output, warnings } = await answered({ input: question, tools: [interpreter], include });
    expect(output[0]).toMatchObject({ outputs: [{ type: 'logs', logs: '42\n' }] });
    expect(warnings).toEqual([]);
  });

  it('streams the call with OpenAI’s events, numbered without gaps', async () => {
    const { ask } = await setUp();
    const { events } = await readEvents(await ask({ input: question, tools: [interpreter], stream: true }));
    const types = events.map(({ type }) => type);
    expect(types.filter((type) => String(type).includes('code_interpreter'))).toEqual([
      'response.code_interpreter_call.in_progress',
      'response.code_interpreter_call_code.delta',
      'response.code_interpreter_call_code.done',
      'response.code_interpreter_call.interpreting',
      'response.code_interpreter_call.completed',
    ]);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
  });

  it('takes its items back as input, outputs included', async () => {
    const { answered, model } = await setUp();
    const include = ['code_interpreter_call.outputs'];
    const first = await answered({ input: question, tools: [interpreter], include });
    const again = [{ role: 'user', content: question }, ...first.output, { role: 'user', content: 'And twice that?' }];
    await answered({ input: again, mode: 'fast' });
    const { messages } = model.calls.at(-1)?.prompt ?? { messages: [] };
    expect(messages.slice(1, 4)).toMatchObject([
      { role: 'assistant', toolCalls: [codeCall('print(6 * 7)')] },
      { role: 'tool', content: '42\n' },
      { role: 'assistant', content: 'The answer is 42.' },
    ]);
  });

  it('runs in every chain of a vote', async () => {
    const { answered, sessions } = await setUp();
    const reasoning = { effort: 'low', strategy: 'self-consistency', samples: 3, budget_tokens: 200 };
    const response = await answered({ input: question, tools: [interpreter], reasoning });
    expect(sessions.length).toBeGreaterThan(1);
    expect(response.verdict?.kind).toBe('agreed');
    expect(response.output.filter(({ type }) => type === 'code_interpreter_call')).toHaveLength(1);
  });

  it('never spends more thinking than the budget', async () => {
    const forever: Script = () => ({ thought: 'one two three', answer: 'No idea.', toolCalls: [codeCall('1')] });
    const { answered, calls } = await setUp(forever);
    const reasoning = { effort: 'low', budget_tokens: 20, samples: 1 };
    const { usage, status } = await answered({ input: question, tools: [interpreter], reasoning });
    const { think = 0, check = 0, revise = 0 } = usage?.phases ?? {};
    expect(think + check + revise).toBeLessThanOrEqual(20);
    expect(calls().length).toBeLessThan(8);
    expect(status).toBe('completed');
  });

  it('is called at most max_tool_calls times', async () => {
    const forever: Script = () => ({ thought: 'again', answer: 'No idea.', toolCalls: [codeCall('1')] });
    const { answered, calls } = await setUp(forever);
    const { warnings } = await answered({ input: question, tools: [interpreter], max_tool_calls: 2, mode: 'fast' });
    expect(calls()).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  it.each([
    [{ type: 'code_interpreter', container: 'cntr_1' }, 'tools[0].container'],
    [{ type: 'code_interpreter', container: { type: 'auto', file_ids: ['file_1'] } }, 'tools[0].container.file_ids'],
    [{ type: 'mcp', server_label: 'a', connector_id: 'connector_gmail' }, 'tools[0].connector_id'],
    [{ type: 'code_interpreter' }, 'tools[0].container'],
  ])('refuses what it does not have: %j', async (tool, param) => {
    const { refusal } = await setUp();
    expect(await refusal({ tools: [tool] })).toMatchObject({ status: 400, param });
  });

  it('refuses two of one kind, and a function of its name', async () => {
    const { refusal } = await setUp();
    expect(await refusal({ tools: [interpreter, interpreter] })).toMatchObject({ status: 400, param: 'tools[1]' });
    const twin = { type: 'function', name: 'python' };
    expect(await refusal({ tools: [interpreter, twin] })).toMatchObject({ status: 400, param: 'tools[1].name' });
  });

  it('may be added by an item beside the same of the request', async () => {
    const { answered } = await setUp();
    const added = { type: 'additional_tools', role: 'developer', tools: [interpreter] };
    const input = [added, { role: 'user', content: question }];
    expect((await answered({ input, tools: [interpreter] })).output_text).toBe('The answer is 42.');
  });

  it('needs the scope tools:run', async () => {
    const { refusal } = await setUp(computes, {}, { anonymous: { ...allScopes, tools: false } });
    expect(await refusal({ tools: [interpreter] })).toMatchObject({ status: 403, code: 'insufficient_scope' });
  });

  it('is refused with the reason where it can not run', async () => {
    const toolRefusal = async () => 'there is no bubblewrap on this machine';
    const { refusal } = await setUp(computes, {}, { toolRefusal });
    const { status, message } = await refusal({ tools: [interpreter] });
    expect(status).toBe(400);
    expect(message).toContain('bubblewrap');
  });

  it('is refused at once where a worker has announced that it can not run', async () => {
    const { catalog } = createApi().dependencies;
    const pythonRefusals = new Map([['tiny', 'bubblewrap is not installed.']]);
    const known = { contextLengths: new Map(), capabilities: new Map(), pythonRefusals };
    const service = await setUp(computes, {}, { catalog: asWorkersHave(catalog, () => known) });
    const message = expect.stringContaining(': bubblewrap is not installed.');
    expect(await service.refusal({ tools: [interpreter] })).toMatchObject({ status: 400, param: 'tools[0]', message });
    const checks = [{ type: 'python', code: 'assert answer' }];
    const refused = await service.refusal({ reasoning: { strategy: 'best-of-n', checks } });
    expect(refused).toMatchObject({ status: 400, param: 'reasoning.checks[0]', message });
    const models = await (await service.app.request('/v1/models/tiny')).json();
    expect(models).toMatchObject({ code_interpreter_refusal: 'bubblewrap is not installed.' });
  });

  it('is not offered where the request wants no call', async () => {
    const { answered, model } = await setUp(() => ({ answer: 'Forty-two.' }));
    await answered({ input: question, tools: [interpreter], tool_choice: 'none', mode: 'fast' });
    expect(model.calls[0]?.prompt.tools).toBeUndefined();
  });

  it('warns where it must be called, since no model can be made to', async () => {
    const { answered } = await setUp();
    const { warnings } = await answered({
      input: question,
      tools: [interpreter],
      tool_choice: { type: 'code_interpreter' },
    });
    expect(warnings).toMatchObject([{ field: 'tool_choice' }]);
  });

  const choice = (...tools: object[]) => ({ type: 'allowed_tools', mode: 'auto', tools });
  const label = { type: 'mcp', server_label: 'shop' };
  const named = (name: string) => ({ allowed_tools: { tool_names: [name] } });
  it.each<[string, unknown, object[], string[]]>([
    ['auto', 'auto', [interpreter, shop], []],
    ['required', 'required', [interpreter, shop], ['tool_choice']],
    ['none', 'none', [], []],
    ['code_interpreter', { type: 'code_interpreter' }, [interpreter], ['tool_choice']],
    ['a server', label, [shop], ['tool_choice']],
    ['a tool of a server', { ...label, name: 'buy' }, [{ ...shop, ...named('buy') }], ['tool_choice']],
    ['some tools', choice({ type: 'code_interpreter' }), [interpreter], []],
    ['some of which one must be called', { ...choice(label), mode: 'required' }, [shop], ['tool_choice']],
    [
      'two tools of a server',
      choice({ ...label, name: 'buy' }, { ...label, name: 'sell' }),
      [{ ...shop, allowed_tools: { tool_names: ['buy', 'sell'] } }],
      [],
    ],
    ['a tool of a server and all of them', choice({ ...label, name: 'buy' }, label), [shop], []],
    ['no tools', choice(), [], []],
  ])('tool_choice %s: only the tools that it names are opened', async (_title, tool_choice, opened, fields) => {
    const { answered, entries } = await setUp(() => ({ answer: 'Yes.' }));
    const response = await answered({ input: 'a', mode: 'fast', tools: [interpreter, shop], tool_choice });
    expect(entries).toEqual(opened);
    expect(response.tool_choice).toEqual(tool_choice);
    expect(response.tools).toEqual([interpreter, shop]);
    expect(response.warnings.map(({ field }) => field)).toEqual(fields);
  });

  it.each<[object[], unknown, string]>([
    [[shop], { type: 'code_interpreter' }, 'tool_choice.type'],
    [[], { type: 'code_interpreter' }, 'tool_choice.type'],
    [[], label, 'tool_choice.type'],
    [[shop], { ...label, server_label: 'other' }, 'tool_choice.server_label'],
    [[shop], { type: 'mcp' }, 'tool_choice.server_label'],
    [[{ ...shop, allowed_tools: ['sell'] }], { ...label, name: 'buy' }, 'tool_choice.name'],
    [[shop], choice(label, { type: 'code_interpreter' }), 'tool_choice.tools[1].type'],
    [[shop], choice({ type: 'mcp' }), 'tool_choice.tools[0].server_label'],
    [[shop], choice({ ...label, name: 7 }), 'tool_choice.tools[0].name'],
    [[shop], choice(label, { type: 'function', name: 'none' }), 'tool_choice.tools[1].name'],
    [[shop], { type: 'web_search' }, 'tool_choice.type'],
  ])('of %j, the choice %j is refused by its field', async (tools, tool_choice, param) => {
    const { refusal } = await setUp();
    expect(await refusal({ tools, tool_choice })).toMatchObject({ status: 400, param });
  });

  it('warns of a server none of whose tools is allowed', async () => {
    const { answered, model } = await setUp(() => ({ answer: 'Yes.' }), { empty: true });
    const { warnings } = await answered({ input: 'a', mode: 'fast', tools: [shop] });
    expect(warnings).toMatchObject([{ field: 'tools', message: expect.stringContaining("'shop'") }]);
    expect(model.calls[0]?.prompt.tools ?? []).toEqual([]);
  });

  it.each(['{"code":{"toString":null}}', '{"code":7}', '[]', '{"__proto__":{"code":"1"}}', 'null'])(
    'shows a call with the arguments %s as they are, and goes on',
    async (written) => {
      const { answered } = await setUp(({ request }) =>
        request.prompt.messages.at(-1)?.role === 'tool'
          ? { answer: 'Done.' }
          : { answer: '', toolCalls: [{ name: 'python', arguments: written }] },
      );
      const response = await answered({ input: question, tools: [interpreter], mode: 'fast' });
      expect(response.output).toMatchObject([{ type: 'code_interpreter_call', code: written }, { type: 'message' }]);
    },
  );

  it('hides code and output from a reader without trace:full', async () => {
    const { answered, app } = await setUp(computes, {}, { anonymous: { ...allScopes, trace: 'summary' } });
    const { id } = await answered({ input: question, tools: [interpreter], reasoning: { effort: 'low' } });
    const text = await (await app.request(`/v1/responses/${id}/trace`)).text();
    expect(text).toContain('"phase":"tool"');
    expect(text).not.toContain('print(6');
    expect(text).not.toContain('Let me run it');
  });
});

const order = { name: 'shop__order', arguments: '{"item":"tea"}' };
const ordering: Script = ({ request }) =>
  request.prompt.messages.at(-1)?.role === 'tool'
    ? { thought: 'Done.', answer: 'It is ordered.' }
    : { thought: 'I order it.', answer: '', toolCalls: [order] };

async function setUpShop(options: { needsApproval?: boolean } = {}) {
  const remote = remoteTool(options);
  const opened: unknown[] = [];
  const model = createScriptedModel({ id: 'tiny', script: ordering });
  const service = await createService(
    model,
    {},
    {
      openTool: async (entry) => {
        opened.push(entry);
        return remote.open;
      },
    },
  );
  return { ...service, ...remote, opened, model };
}

describe('a tool of an MCP server', () => {
  it('is listed, called, and shown, in one chain, with a warning', async () => {
    const { answered, calls } = await setUpShop();
    const response = await answered({
      input: 'Order tea',
      tools: [shop],
      reasoning: { effort: 'low', samples: 4, budget_tokens: 400 },
    });
    expect(response.output).toMatchObject([
      { type: 'mcp_list_tools', server_label: 'shop', tools: [{ name: 'order' }] },
      {
        type: 'mcp_call',
        server_label: 'shop',
        name: 'order',
        arguments: order.arguments,
        output: 'ordered tea',
        error: null,
      },
      { type: 'message' },
    ]);
    expect(calls).toEqual(['tea']);
    expect(response.warnings).toMatchObject([{ field: 'tools' }]);
    expect(response.reasoning.effective).toMatchObject({ samples: 1, max_revisions: 0 });
  });

  it('shows that there is one chain as soon as it begins', async () => {
    const { ask } = await setUpShop();
    const reasoning = { effort: 'low', samples: 4, budget_tokens: 400 };
    const { events } = await readEvents(await ask({ input: 'Order tea', tools: [shop], reasoning, stream: true }));
    const begun = events.find(({ type }) => type === 'response.in_progress');
    expect(begun).toMatchObject({ response: { reasoning: { effective: { samples: 1, max_revisions: 0 } } } });
  });

  const ownOrder = { type: 'function', name: 'shop__order', parameters: { type: 'object', properties: {} } };
  it.each<[string, object[]]>([
    ['of another server', [shop, { ...shop, server_label: 'other' }]],
    ['of the client', [ownOrder, shop]],
  ])('with the name of a tool %s is refused, and nothing is called', async (_whose, tools) => {
    const { answered, calls } = await setUpShop();
    const response = await answered({ input: 'Order tea', tools });
    expect(response).toMatchObject({ status: 'failed', error: { message: expect.stringContaining("'shop__order'") } });
    expect(calls).toEqual([]);
  });

  it('is opened beside the others; where one can not be opened, the others are closed', async () => {
    const remote = remoteTool({});
    const asked: string[] = [];
    let closed = 0;
    let goOn = () => {};
    const bothAsked = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const openTool = async (entry: ServerToolParam) => {
      asked.push(entry.type);
      if (asked.length > 1) {
        goOn();
        throw new ServiceError({ code: 'invalid_value', message: "The MCP server 'other' can't be used." });
      }
      await bothAsked;
      const close = async () => {
        closed += 1;
      };
      return { ...remote.open, close };
    };
    const { answered } = await createService(createScriptedModel({ id: 'tiny', script: ordering }), {}, { openTool });
    const response = await answered({ input: 'Order tea', tools: [shop, { ...shop, server_label: 'other' }] });
    expect(response).toMatchObject({ status: 'failed', error: { message: expect.stringContaining("'other'") } });
    expect(closed).toBe(1);
  });

  it('gets its headers and token, which are in no answer and not in the job', async () => {
    const { answered, opened, queue, app } = await setUpShop();
    const secret = { authorization: 'token-of-mine', headers: { 'x-key': 'header-of-mine' } };
    const response = await answered({ input: 'Order tea', tools: [{ ...shop, ...secret }], mode: 'fast' });
    expect(opened).toMatchObject([secret]);
    const stored = JSON.stringify(await queue.get(response.id));
    const seen = await (await app.request(`/v1/responses/${response.id}`)).text();
    for (const text of [stored, seen, JSON.stringify(response)]) expect(text).not.toContain('of-mine');
  });

  it('asks for approval, is called once that is given, and not where it is not', async () => {
    const { answered, calls, model } = await setUpShop({ needsApproval: true });
    const first = await answered({ input: 'Order tea', tools: [shop], mode: 'fast' });
    const asked = first.output.at(-1);
    expect(asked).toMatchObject({
      type: 'mcp_approval_request',
      server_label: 'shop',
      name: 'order',
      arguments: order.arguments,
    });
    expect(first.status).toBe('completed');
    expect(calls).toEqual([]);
    const answer = (approve: boolean) => ({
      previous_response_id: first.id,
      input: [{ type: 'mcp_approval_response', approval_request_id: asked?.id, approve }],
      tools: [shop],
      mode: 'fast',
    });
    const declined = await answered(answer(false));
    expect(calls).toEqual([]);
    expect(declined.output_text).toBe('It is ordered.');
    expect(model.calls.at(-1)?.prompt.messages.at(-1)?.content).toContain('declined');
    const approved = await answered(answer(true));
    expect(calls).toEqual(['tea']);
    expect(approved.output).toMatchObject([
      { type: 'mcp_list_tools' },
      { type: 'mcp_call', approval_request_id: asked?.id, output: 'ordered tea' },
      { type: 'message' },
    ]);
  });
});

describe('an attempt that goes on', () => {
  const died = new ServiceError({ code: 'model_unavailable', message: 'The model process died.', retryable: true });

  it('does not make a finished call again', async () => {
    const remote = remoteTool();
    let calls = 0;
    const model = createScriptedModel({
      id: 'tiny',
      script: (turn) => {
        calls += 1;
        if (calls === 2) throw died;
        return ordering(turn);
      },
    });
    const { answered } = await createService(model, {}, { openTool: async () => remote.open });
    const response = await answered({ input: 'Order tea', tools: [shop], reasoning: { effort: 'low' } });
    expect(response.output_text).toBe('It is ordered.');
    expect(remote.calls).toEqual(['tea']);
    expect(response.output.filter(({ type }) => type === 'mcp_call')).toHaveLength(1);
    const { think = 0 } = response.usage?.phases ?? {};
    // Three words and a call, then one word: each of them once.
    expect(think).toBe(5);
  });
});
