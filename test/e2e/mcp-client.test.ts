import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everythingCommand, startEverythingServer } from '../support/everything-server.ts';
import { closedAfterEach, mcpTool, openedMcp } from '../support/mcp-tool.ts';

const never = new AbortController().signal;

const closing = closedAfterEach();
const opened = (entry: object, tool = mcpTool()) => openedMcp(closing, entry, tool);

describe('a real server', () => {
  let everything: Awaited<ReturnType<typeof startEverythingServer>>;
  beforeAll(async () => {
    everything = await startEverythingServer();
  });
  afterAll(() => everything.close());

  test.each([
    ['that a caller names', () => ({ entry: { server_url: everything.url }, tool: mcpTool(), trusted: false })],
    [
      'of the operator, by its address',
      () => ({ entry: {}, tool: mcpTool({ it: { url: everything.url } }), trusted: true }),
    ],
    ['of the operator, as a program', () => ({ entry: {}, tool: mcpTool({ it: everythingCommand }), trusted: true })],
  ])('%s offers its tools and answers calls', async (_title, choice) => {
    const { entry, tool, trusted } = choice();
    const { functions, session } = await opened(entry, tool);
    const echo = functions.find(({ name }) => name === 'it__echo');
    expect(echo).toMatchObject({
      parameters: { type: 'object', properties: { message: { type: 'string' } } },
      shown: { type: 'mcp', server_label: 'it', name: 'echo' },
      pure:
        trusted && echo?.shown.type === 'mcp' && Reflect.get(Object(echo.shown.annotations), 'readOnlyHint') === true,
      stateful: false,
      needsApproval: true,
    });
    const { call } = session();
    expect(await call('it__echo', { message: 'hello' }, { signal: never })).toEqual({
      output: 'Echo: hello',
      isError: false,
      durationMs: 0,
    });
    expect(await call('it__get-sum', { a: 2, b: 40 }, { signal: never })).toMatchObject({
      output: expect.stringContaining('42'),
    });
    const image = await call('it__get-tiny-image', {}, { signal: never });
    expect(image.output).toContain('[image left out]');
    expect(image.output.length).toBeLessThan(1_000);
    expect(await call('it__get-sum', { a: 'two' }, { signal: never })).toMatchObject({ isError: true });
  });

  test('a call ends when it is cancelled, with its reason', async () => {
    const { session } = await opened({ server_url: everything.url });
    const stop = new AbortController();
    const call = session().call(
      'it__trigger-long-running-operation',
      { duration: 600, steps: 2 },
      { signal: stop.signal },
    );
    const reason = new Error('not wanted any more');
    stop.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test('its secrets, which it can show, are not in what the model reads', async () => {
    const tool = mcpTool({ it: { ...everythingCommand, env: { TOKEN: `\${SECRET}` } } });
    const { session } = await opened({}, tool);
    const { output } = await session().call('it__get-env', {}, { signal: never });
    expect(output).toContain('"TOKEN": "[removed]"');
    expect(output).not.toContain('a secret of the operator');
  });
});
