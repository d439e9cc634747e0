import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMcpTool, mcpRefusal } from '../../src/tools/mcp/mcp-tool.ts';
import { parseOperatorServers } from '../../src/tools/mcp/operator-servers.ts';
import { everythingCommand, startEverythingServer } from '../support/everything-server.ts';
import { listeningService } from '../support/listening-service.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';

type McpTool = OpenAI.Responses.Tool.Mcp;

/** Adds two numbers with the tool of that name, then says what it gave; without one it says so. */
const model = createScriptedModel({
  id: 'tiny',
  script: ({ request: { prompt } }) => {
    const last = prompt.messages.at(-1);
    if (last?.role === 'tool') return { thought: 'So.', answer: `The tool says: ${last.content}` };
    const sum = prompt.tools?.find(({ name }) => name.endsWith('__get-sum'));
    if (sum === undefined) return { answer: 'I have no tool.' };
    return { thought: 'Add.', answer: '', toolCalls: [{ name: sum.name, arguments: '{"a": 20, "b": 22}' }] };
  },
});

let everything: Awaited<ReturnType<typeof startEverythingServer>>;
let service: Awaited<ReturnType<typeof listeningService>>;
let client: OpenAI;
beforeAll(async () => {
  everything = await startEverythingServer();
  const servers = parseOperatorServers({ mcpServers: { operators: everythingCommand } }, () => undefined);
  // As the tests of webhooks: callers may name servers of this machine.
  const mcp = createMcpTool({ servers, allowPrivate: true, version: '0', now: Date.now });
  service = await listeningService(
    model,
    {
      toolRefusal: async (entry) =>
        entry.type === 'mcp' ? mcpRefusal(entry, { servers, allowPrivate: true }) : undefined,
    },
    { tools: { openTool: async (entry, options) => (entry.type === 'mcp' ? mcp.open(entry, options) : undefined) } },
  );
  client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'unused', maxRetries: 0 });
});
afterAll(async () => {
  await service.close();
  await everything.close();
});

const ask = (tool: Partial<McpTool>, more: Partial<OpenAI.Responses.ResponseCreateParamsNonStreaming> = {}) =>
  client.responses.create({
    model: 'tiny',
    input: 'What is 20 + 22?',
    reasoning: { effort: 'low' },
    tools: [
      {
        type: 'mcp',
        server_label: 'all',
        require_approval: 'never',
        // A label alone names a server of the operator.
        ...(tool.server_label === undefined && { server_url: everything.url }),
        ...tool,
      },
    ],
    ...more,
  });
const types = (response: { output: ReadonlyArray<{ type: string }> }) => response.output.map(({ type }) => type);

describe('OpenAI’s client with a real MCP server', () => {
  test('the tools are listed, one is called in the thought, and its result is in the answer', async () => {
    const response = await ask({ allowed_tools: ['get-sum', 'echo'] });
    expect(response.status).toBe('completed');
    expect(types(response)).toEqual(['mcp_list_tools', 'mcp_call', 'message']);
    const output = expect.stringContaining('42');
    expect(response.output).toMatchObject([
      { server_label: 'all', tools: [{ name: 'echo' }, { name: 'get-sum', input_schema: { type: 'object' } }] },
      { server_label: 'all', name: 'get-sum', arguments: '{"a": 20, "b": 22}', output, error: null },
      { content: [{ text: output }] },
    ]);
    expect(response.output_text).toMatch(/^The tool says: .*42/);
  });

  test('streamed, its own sum of the events is the response', async () => {
    const { url: server_url } = everything;
    const stream = client.responses.stream({
      model: 'tiny',
      input: 'What is 20 + 22?',
      tools: [{ type: 'mcp', server_label: 'all', server_url, require_approval: 'never' }],
    });
    const seen: string[] = [];
    for await (const { type } of stream) if (type.includes('mcp')) seen.push(type);
    expect(seen).toEqual([
      'response.mcp_list_tools.in_progress',
      'response.mcp_list_tools.completed',
      'response.mcp_call.in_progress',
      'response.mcp_call_arguments.delta',
      'response.mcp_call_arguments.done',
      'response.mcp_call.completed',
    ]);
    const response = await stream.finalResponse();
    expect(types(response)).toEqual(['mcp_list_tools', 'mcp_call', 'message']);
    expect(response.output_text).toContain('42');
  });

  test('a call that needs approval is asked for, and made once it is approved', async () => {
    const first = await ask({ require_approval: { always: { tool_names: ['get-sum'] } } });
    expect(types(first)).toEqual(['mcp_list_tools', 'mcp_approval_request']);
    const asked = first.output.find((item) => item.type === 'mcp_approval_request');
    expect(asked).toMatchObject({ server_label: 'all', name: 'get-sum', arguments: '{"a": 20, "b": 22}' });
    const answer = (approve: boolean) =>
      ask(
        {},
        {
          previous_response_id: first.id,
          input: [{ type: 'mcp_approval_response', approval_request_id: asked?.id ?? '', approve }],
        },
      );
    const approved = await answer(true);
    expect(approved.output.find((item) => item.type === 'mcp_call')).toMatchObject({
      name: 'get-sum',
      approval_request_id: asked?.id,
      output: expect.stringContaining('42'),
    });
    expect(approved.output_text).toContain('42');
    const refused = await answer(false);
    expect(types(refused)).not.toContain('mcp_call');
    expect(refused.output_text).not.toContain('42');
  });

  test('a server of the operator is named by its label alone', async () => {
    const response = await ask({ server_label: 'operators' });
    expect(response.output_text).toContain('42');
  });

  test('token and headers are nowhere to be read', async () => {
    const secrets = ['tok-0123456789', 'header-0123456789'];
    const response = await ask({ authorization: 'tok-0123456789', headers: { 'x-mine': 'header-0123456789' } });
    const read = async (path: string) => (await fetch(`${service.url}/v1/responses/${response.id}${path}`)).text();
    const job = await service.queue.get(response.id);
    const shown = [
      JSON.stringify(response),
      await read(''),
      await read('/trace'),
      await read('/input_items'),
      JSON.stringify(job),
      service.logged.join('\n'),
      service.workerLog.join('\n'),
    ].join('\n');
    for (const secret of secrets) expect(shown).not.toContain(secret);
    expect(response.tools).toMatchObject([{ type: 'mcp', server_label: 'all', server_url: everything.url }]);
  });

  test.each<[string, Partial<McpTool>, RegExp]>([
    ['a connector', { connector_id: 'connector_gmail' }, /connector/],
    ['an unknown label', { server_label: 'none' }, /without an MCP server 'none'/],
    ['a header of the connection', { headers: { host: 'elsewhere' } }, /header "host"/],
  ])('%s is a 400', async (_title, tool, message) => {
    await expect(ask(tool)).rejects.toMatchObject({ status: 400, message: expect.stringMatching(message) });
  });

  test('a server that is away fails the response, and says so', async () => {
    const response = await ask({ server_url: 'http://127.0.0.1:9/mcp' });
    expect(response.status).toBe('failed');
    expect(response.error?.message).toMatch(/The MCP server 'all' can't be used/);
  });
});
