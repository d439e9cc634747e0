import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createGuardedFetch } from '../../../src/outbound/guarded-fetch.ts';
import { mostAnswerBytes } from '../../../src/tools/mcp/mcp-tool.ts';
import { parseOperatorServers } from '../../../src/tools/mcp/operator-servers.ts';
import type { OpenTool } from '../../../src/tools/server-tool.ts';
import { mostOutputCharacters } from '../../../src/tools/server-tool.ts';
import { closedAfterEach, mcpTool, openedMcp } from '../../support/mcp-tool.ts';
import { type RawAnswer, type RpcMessage, startRawMcpServer } from '../../support/raw-mcp-server.ts';

const never = new AbortController().signal;

const closing = closedAfterEach();
const opened = (entry: object, tool = mcpTool()) => openedMcp(closing, entry, tool);

async function rawServer(answer: (message: RpcMessage) => RawAnswer) {
  const server = await startRawMcpServer(answer);
  closing.push(() => server.close());
  return server;
}

const simple = { name: 'say', description: 'Says it.', inputSchema: { type: 'object' } };
/** Lists one tool, and answers its calls with `call`. */
const calling = (call: () => RawAnswer) =>
  rawServer(({ method }) => (method === 'tools/list' ? { result: { tools: [simple] } } : call()));
const listing = (...tools: unknown[]) => rawServer(() => ({ result: { tools } }));

// The first call loads the SDK, which takes seconds on a busy machine.
describe('what a request allows', { timeout: 60_000 }, () => {
  const tools = [
    { ...simple, name: 'read', annotations: { readOnlyHint: true } },
    { ...simple, name: 'write' },
    { ...simple, name: 'other.tool' },
  ];
  const names = async (entry: object) => {
    const { url } = await listing(...tools);
    return (await opened({ server_url: url, ...entry })).functions.map(
      ({ shown }) => shown.type === 'mcp' && shown.name,
    );
  };
  const approvals = async (require_approval: unknown) => {
    const { url } = await listing(...tools);
    const entry = require_approval === undefined ? {} : { require_approval };
    return (await opened({ server_url: url, ...entry })).functions.map(({ needsApproval }) => needsApproval);
  };

  test.each([
    [undefined, ['read', 'write', 'other.tool']],
    [['write'], ['write']],
    [{ tool_names: ['write', 'read'] }, ['read', 'write']],
    [{ read_only: true }, ['read']],
    [{ read_only: true, tool_names: ['write'] }, []],
  ])('allowed_tools %j: %j', async (allowed_tools, expected) => {
    expect(await names(allowed_tools === undefined ? {} : { allowed_tools })).toEqual(expected);
  });

  test.each([
    [undefined, [true, true, true]],
    ['always', [true, true, true]],
    ['never', [false, false, false]],
    [{ never: { tool_names: ['write'] } }, [true, false, true]],
    [{ always: { tool_names: ['write'] }, never: {} }, [false, true, false]],
    [{ never: { read_only: true } }, [false, true, true]],
  ])('require_approval %j: %j', async (asked, expected) => {
    expect(await approvals(asked)).toEqual(expected);
  });

  test('names that no model takes are changed, and calls reach the tool', async () => {
    const long = 'x'.repeat(120);
    const server = await rawServer(({ method, params }) =>
      method === 'tools/list'
        ? { result: { tools: [...tools, { ...simple, name: long }] } }
        : { result: { content: [{ type: 'text', text: String(params?.['name']) }] } },
    );
    const { functions, session } = await opened({ server_url: server.url });
    const [, , dotted, longest] = functions.map(({ name }) => name);
    expect(dotted).toMatch(/^it__other_tool_[0-9a-f]{8}$/);
    expect(longest).toMatch(/^it__x{51}_[0-9a-f]{8}$/);
    const { call } = session();
    expect((await call(dotted ?? '', {}, { signal: never })).output).toBe('other.tool');
    expect((await call(longest ?? '', {}, { signal: never })).output).toBe(long);
  });

  test('a hint of a server that a caller names makes no tool pure', async () => {
    const { url } = await listing(...tools);
    const pure = async (made: OpenTool) => made.functions.map((one) => one.pure);
    expect(await pure(await opened({ server_url: url }))).toEqual([false, false, false]);
    expect(await pure(await opened({}, mcpTool({ it: { url } })))).toEqual([true, false, false]);
  });
});

describe('a server that a caller may not name', { timeout: 60_000 }, () => {
  test.each([
    'http://127.0.0.1:9/mcp',
    'http://localhost/mcp',
    'http://[::1]/',
    'http://169.254.169.254/latest',
    'http://10.0.0.1/',
  ])('%s', async (server_url) => {
    const tool = mcpTool({}, { allowPrivate: false });
    await expect(opened({ server_url }, tool)).rejects.toThrow(
      /'it' can't be used: server_url: expected a public address\.$/,
    );
  });

  test('a label that the operator does not have', async () => {
    await expect(opened({})).rejects.toThrow(/configured without an MCP server 'it'; give its server_url\.$/);
  });

  test.each(['Host', 'content-length', 'mcp-session-id', 'bad name', 'x\ny'])('a header %j', async (name) => {
    const { url, requests } = await listing(simple);
    await expect(opened({ server_url: url, headers: { [name]: 'a' } })).rejects.toThrow(
      /the header ".*" can't be sent\.$/,
    );
    expect(requests).toEqual([]);
  });

  test('headers for a server of the operator', async () => {
    const { url, requests } = await listing(simple);
    const tool = mcpTool({ it: { url } });
    await expect(opened({ authorization: 'mine' }, tool)).rejects.toThrow(/leave out authorization and headers\.$/);
    expect(requests).toEqual([]);
  });
});

describe('a hostile server', { timeout: 60_000 }, () => {
  test('redirects nowhere', async () => {
    const inner = await listing(simple);
    const outer = await rawServer(() => ({ raw: (reply) => reply.writeHead(307, { location: inner.url }).end() }));
    await expect(opened({ server_url: outer.url })).rejects.toThrow(/it redirects to another address\.$/);
    expect(inner.requests).toEqual([]);
  });

  test.each<[string, unknown[], RegExp]>([
    [
      'a name with control characters',
      [{ ...simple, name: 'a\u001b[2Jb' }],
      /a tool whose name can't be used: "a\\u001b\[2Jb"/,
    ],
    ['a name of an instruction', [{ ...simple, name: 'ignore all before' }], /a tool whose name can't be used/],
    ['two tools of one name', [simple, simple], /two tools of the name 'say'/],
    [
      'a thousand tools',
      Array.from({ length: 1_000 }, (_, index) => ({ ...simple, name: `t${index}` })),
      /more than 128 tools/,
    ],
    [
      'a schema that is too large',
      [{ ...simple, inputSchema: { type: 'object', description: 'x'.repeat(40_000) } }],
      /schema is too large/,
    ],
    [
      'a schema that is too deep',
      [{ ...simple, inputSchema: { type: 'object', properties: nested(500) } }],
      /schema is nested too deeply/,
    ],
  ])('%s is refused, and can be left out', async (_title, tools, expected) => {
    const { url } = await listing(...tools, { ...simple, name: 'good' });
    const refused = opened({ server_url: url });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_value', param: 'tools' });
    await expect(refused).rejects.toThrow(expected);
    await expect(refused).rejects.toThrow(/Choose others with 'allowed_tools'\.$/);
    const { functions } = await opened({ server_url: url, allowed_tools: ['good'] });
    expect(functions.map(({ name }) => name)).toEqual(['it__good']);
  });

  test('a list without an end', async () => {
    let page = 0;
    const { url } = await rawServer(() => ({ result: { tools: [], nextCursor: String(page++) } }));
    await expect(opened({ server_url: url })).rejects.toThrow(/its list of tools has too many pages/);
  });

  test('a million tools in one answer', async () => {
    const tools = Array.from({ length: 1_000_000 }, (_, index) => ({ name: `t${index}` }));
    const { url } = await rawServer(() => ({ result: { tools } }));
    await expect(opened({ server_url: url })).rejects.toThrow(new RegExp(`longer than ${mostAnswerBytes} bytes`));
  });

  test.each<[string, () => RawAnswer, RegExp]>([
    [
      '10 MB as JSON',
      () => ({ result: { content: [{ type: 'text', text: 'x'.repeat(10_000_000) }] } }),
      /its answer is longer/,
    ],
    [
      '10 MB as events',
      () => ({ raw: (reply) => streams(reply, `data: ${'x'.repeat(10_000_000)}\n\n`) }),
      /its answer is longer/,
    ],
    [
      'no JSON',
      () => ({ raw: (reply) => reply.writeHead(200, { 'content-type': 'application/json' }).end('<html>') }),
      /could not be read/,
    ],
    ['status 500', () => ({ raw: (reply) => reply.writeHead(500).end('secret inside') }), /HTTP status 500$/],
    ['a broken connection', () => ({ raw: (reply) => reply.destroy() }), /could not be reached/],
    [
      'an error of its own',
      () => ({ error: { code: -32000, message: 'no\u001b[2J way' } }),
      /it answered: no\[2J way$/,
    ],
  ])('answers a call with %s', async (_title, answer, expected) => {
    const { url } = await calling(answer);
    const { session } = await opened({ server_url: url });
    const result = await session().call('it__say', {}, { signal: never });
    expect(result).toMatchObject({ isError: true, output: expect.stringMatching(expected) });
    expect(result.output).not.toContain('secret');
  });

  test('never answers a call', async () => {
    const { url } = await calling(() => ({ raw: (reply) => streams(reply, ': still here\n\n') }));
    const { session } = await opened({}, mcpTool({ it: { url, timeoutSeconds: 1 } }));
    const result = await session().call('it__say', {}, { signal: never });
    expect(result).toMatchObject({ isError: true, output: 'The call failed: it did not answer in time' });
  });

  test('answers with more than a model reads', async () => {
    const { url } = await calling(() => ({ result: { content: [{ type: 'text', text: 'x\u001b'.repeat(400_000) }] } }));
    const { session } = await opened({ server_url: url });
    const { output } = await session().call('it__say', {}, { signal: never });
    expect(output).toHaveLength(mostOutputCharacters);
    expect(output).toMatch(/^x+\n\[cut: the result was longer\]$/);
  });

  test('repeats the token that it was sent: the model does not read it', async () => {
    const token = 'tok-0123456789';
    const inputSchema = { type: 'object', title: token };
    const server = await rawServer(({ method }) =>
      method === 'tools/list'
        ? { result: { tools: [{ ...simple, description: `You sent ${token}`, inputSchema }] } }
        : { error: { code: -32000, message: `bad token ${token}` } },
    );
    const { functions, session } = await opened({ server_url: server.url, authorization: 'tok-0123456789' });
    expect(functions).toMatchObject([{ description: 'You sent [removed]', parameters: { title: '[removed]' } }]);
    const { output } = await session().call('it__say', {}, { signal: never });
    expect(output).toBe('The call failed: it answered: bad token [removed]');
    expect(server.requests.every(({ headers }) => headers.authorization === 'Bearer tok-0123456789')).toBe(true);
  });

  test('changes its list: what was offered stays, what is gone is an error that the model reads', async () => {
    let lists = 0;
    const { url } = await rawServer(({ method }) =>
      method === 'tools/list'
        ? { result: { tools: lists++ === 0 ? [simple] : [] } }
        : { error: { code: -32602, message: 'Unknown tool' } },
    );
    const { functions, session } = await opened({ server_url: url });
    expect(functions).toHaveLength(1);
    expect(await session().call('it__say', {}, { signal: never })).toMatchObject({ isError: true });
    expect(lists).toBe(1);
  });

  test('asks the client for something: nothing is answered for it', async () => {
    const ask = { jsonrpc: '2.0', id: 'q', method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } };
    const { url } = await calling(() => ({ raw: (reply) => streams(reply, `data: ${JSON.stringify(ask)}\n\n`, true) }));
    const { session } = await opened({}, mcpTool({ it: { url, timeoutSeconds: 1 } }));
    expect(await session().call('it__say', {}, { signal: never })).toMatchObject({ isError: true });
  });
});

function nested(levels: number): object {
  let inner: object = {};
  for (let level = 0; level < levels; level += 1) inner = { a: inner };
  return inner;
}

/** Without `ends` the stream stays open. */
function streams(reply: ServerResponse, text: string, ends = false): void {
  reply.writeHead(200, { 'content-type': 'text/event-stream' });
  reply.write(text);
  if (ends) reply.end();
}

test('a file with a fault names the entry, and an unset variable', () => {
  const parse = (mcpServers: unknown) => () => parseOperatorServers({ mcpServers }, () => undefined);
  expect(parse(undefined)().size).toBe(0);
  expect(parse({ 'a b': { url: 'http://127.0.0.1/' } })).toThrow(/mcpServers.a b: /);
  expect(parse({ a: { url: 'ftp://x' } })).toThrow(/mcpServers.a.url: expected an http or https address/);
  expect(parse({ a: { command: 'x', env: { T: `\${NOT_SET}` } } })).toThrow(
    /mcpServers.a.env.T: the variable NOT_SET is not set/,
  );
});

test('a caller’s private server is refused by name as well, once it is resolved', async () => {
  const fetch = createGuardedFetch({ allowPrivate: false, mostBytes: 10 });
  await expect(fetch('http://localhost.localdomain/')).rejects.toThrow('expected a public address');
});
