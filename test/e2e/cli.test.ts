import { once } from 'node:events';
import { createServer } from 'node:http';
import { stripVTControlCharacters } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEffortTable } from '../../src/models/config/effort-tables.ts';
import { ptyCli, runCli } from '../support/cli.ts';
import { dataFolder, postJson, startService, type TestService } from '../support/start-service.ts';
import { serviceWithSlowModel } from '../support/upstream-server.ts';

const hard = 'Calculate 77 times 63.';
const budget = readEffortTable('thinkfirst-135m').levels.high.budget_tokens.toLocaleString('en-US');

let data: Awaited<ReturnType<typeof dataFolder>>;
let service: TestService;
let environment: Record<string, string>;
beforeAll(async () => {
  data = await dataFolder();
  service = await startService('start', { THINKFIRST_DATA: data.path, THINKFIRST_CONCURRENCY: '1' });
  environment = { THINKFIRST_URL: service.url };
});
afterAll(async () => {
  await service.stop();
  await data.remove();
});

describe('thinkfirst, piped', () => {
  it('prints the answer alone on standard output, without colours or a meter', async () => {
    const { code, output, told } = await runCli(['ask', '--fast', 'What is 47 + 385?'], { environment });
    expect(code).toBe(0);
    expect(output).toMatch(/^The answer is \d+\.\n$/);
    expect(told).toMatch(/^answered in [\d.]+ s, \d+ tokens; thinkfirst-135m, resp_[\w-]+\n$/);
    expect(stripVTControlCharacters(told)).toBe(told);
  });

  it('reads the question from standard input, and --quiet says nothing else', async () => {
    const { code, output, told } = await runCli(['ask', '-', '--fast', '-q'], {
      environment,
      input: 'What is 2 + 3?\n',
    });
    expect({ code, told }).toEqual({ code: 0, told: '' });
    expect(output.trim()).not.toBe('');
  });

  it('shows the steps with --trace, and the same again with `trace last`', async () => {
    const asked = await runCli(['ask', hard, '--effort', 'high', '--trace'], { environment });
    expect(asked.code).toBe(0);
    for (const step of ['chain 1', 'answer']) expect(asked.told).toContain(step);
    expect(asked.told).toMatch(new RegExp(`thought for .* of a budget of ${budget} \\(\\w+\\); answer from the \\w+`));
    const traced = await runCli(['trace', 'last'], { environment });
    expect(traced.output).toContain('effort high');
    expect(traced.output).toContain('    │ ');
    expect(traced.output.trimEnd().endsWith(asked.output.trim())).toBe(true);
  });

  it('gives the whole response as JSON, and with --stream its events', async () => {
    const whole = await runCli(['ask', '--fast', '--json', '--trace', 'What is 2 + 3?', '-q'], { environment });
    const response = JSON.parse(whole.output);
    expect(response).toMatchObject({ object: 'response', status: 'completed', trace: [{ phase: 'answer' }] });
    const streamed = await runCli(['ask', '--fast', '--json', '--stream', 'What is 2 + 3?', '-q'], { environment });
    const types = streamed.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect(types[0]).toBe('response.created');
    expect(types.at(-1)).toBe('response.completed');
  });

  it('lists, cancels and deletes jobs', async () => {
    const { output: secret } = await runCli(['ask', '--fast', '--json', 'What is 3 + 3?', '-q'], { environment });
    const { id } = JSON.parse(secret);
    expect((await runCli(['jobs'], { environment })).output).toContain(id);
    expect((await runCli(['jobs', '--json', '-n', '1'], { environment })).output).toContain(`"id":"${id}"`);
    expect((await runCli(['jobs', 'cancel', id], { environment })).output).toContain(
      'not cancelled; its status is completed',
    );
    expect((await runCli(['jobs', 'delete', id], { environment })).output).toContain('deleted');
    const gone = await runCli(['trace', id], { environment });
    expect(gone).toMatchObject({ code: 1, told: expect.stringContaining(`There is no response '${id}'`) });
  });

  it('lists the models with what each effort spends', async () => {
    const { output } = await runCli(['models'], { environment });
    expect(output).toContain('thinkfirst-135m (default)');
    expect(output).toMatch(/high +deliberate +[\d,]+ +\d+ +\d+/);
  });

  it('remembers within a chat', async () => {
    const input = 'My name is Alice.\n/effort none\nWhat is my name?\n/effort hard\n/good\n/exit\nnever asked\n';
    const { code, output, told } = await runCli(['chat', '--effort', 'none'], { environment, input });
    expect(code).toBe(0);
    expect(output.trim().split('\n').at(-1)).toContain('Alice');
    expect(told).toContain('There is no effort "hard"');
    expect(told).toContain('Noted, thank you.');
  });

  it('a piped chat goes on after a question that failed, and ends with the code of the first', async () => {
    const input = 'What is 3 + 4?\n/model\nWhat is 4 + 5?\n/model nope\nWhat is 2 + 3?\n';
    const words = ['chat', '--effort', 'none', '--model', 'none-such'];
    const { code, output, told } = await runCli(words, { environment, input });
    expect(code).toBe(1);
    expect(told).toContain('none-such');
    expect(told).toContain('There is no model "nope". Available: thinkfirst-135m.');
    expect(output.trim().split('\n')).toHaveLength(2);
    const cut = 'Write a story of a hundred lines.\n';
    const short = await runCli(['chat', '--effort', 'none', '--max-tokens', '5'], { environment, input: cut });
    expect(short.code).toBe(5);
  });

  it.each([
    [['ask'], 2, 'missing required argument'],
    [['ask', ''], 2, 'There is no question.'],
    [['ask', 'x', '--effort', 'hard'], 2, 'Allowed choices are none, minimal, low'],
    [['ask', 'x', '--budget', 'many'], 2, 'Expected a whole number'],
    [['aks'], 2, 'Did you mean ask?'],
    [['ask', 'x', '--url', 'localhost'], 2, 'is not the address of a service'],
    [['jobs', '--url', 'http://127.0.0.1:1'], 3, 'Start one with `thinkfirst serve`'],
    [['ask', 'x', '--model', 'none-such'], 1, 'none-such'],
    [['models', 'add', 'http://127.0.0.1:1/v1'], 1, 'Nothing answers at http://127.0.0.1:1/v1'],
    [['keys', 'create', '--name', 'x', '--scopes', 'all'], 2, 'There is no scope "all"'],
  ])('%j ends with %d and says what to do', async (words, code, told) => {
    const run = await runCli(words, { environment });
    expect(run).toMatchObject({ code, output: '', told: expect.stringContaining(told) });
  });

  it('completes commands, options and their values', async () => {
    const words = async (...typed: string[]) => (await runCli(['complete', '--', ...typed])).output;
    expect(await words('jobs', 'c')).toContain('cancel');
    expect(await words('ask', '--ef')).toContain('--effort');
    expect(await words('ask', '--effort', '')).toContain('xhigh');
    expect((await runCli(['completion', 'zsh'])).output).toContain('#compdef thinkfirst');
  });
});

describe('thinkfirst, on a terminal', () => {
  it('has no colours with NO_COLOR or --no-color', async () => {
    const asked = ['ask', '--fast', 'What is 2 + 3?'];
    const byVariable = ptyCli(asked, { environment: { ...environment, NO_COLOR: '1' } });
    expect(await byVariable.ended).toBe(0);
    const byOption = ptyCli([...asked, '--no-color'], { environment });
    expect(await byOption.ended).toBe(0);
    // Colours end in m; the meter's own clearing of its line does not.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
    for (const { raw } of [byVariable, byOption]) expect(raw()).not.toMatch(/\u001b\[[\d;]*m/);
  });

  it('holds a conversation, and Ctrl-D ends it', async () => {
    const cli = ptyCli(['chat', '--effort', 'none'], { environment });
    await cli.saw(/> $/);
    cli.type('What is 2 + 3?\r');
    await cli.saw(/answered in/);
    await cli.saw(/answered in[\s\S]*> $/);
    cli.type('\u0004');
    expect(await cli.ended).toBe(0);
  });
});

describe('thinkfirst, on a terminal, while a slow model thinks', () => {
  let slow: Awaited<ReturnType<typeof serviceWithSlowModel>>;
  let near: Record<string, string>;
  beforeAll(async () => {
    slow = await serviceWithSlowModel([], { THINKFIRST_CONCURRENCY: '1' });
    near = { THINKFIRST_URL: slow.url };
  });
  afterAll(() => slow?.stop());

  it('answers now on the first Ctrl-C', async () => {
    const cli = ptyCli(['ask', hard, '--model', 'slow', '--effort', 'low', '--trace'], { environment: near });
    await cli.saw(/thinking +[━─]{20} +[1-9]/);
    cli.type('\u0003');
    await cli.saw(/Answering now with the best result so far/);
    expect(await cli.ended).toBe(0);
    expect(stripVTControlCharacters(cli.raw())).toMatch(/\(user\).*\s+The answer is/s);
  });

  it('cancels on the second Ctrl-C', async () => {
    const { body: ahead } = await postJson(`${slow.url}/v1/responses`, {
      model: 'slow',
      input: hard,
      background: true,
    });
    const cli = ptyCli(['ask', hard, '--model', 'slow', '--effort', 'high'], { environment: near });
    await cli.saw(/next in line/);
    cli.type('\u0003');
    await cli.saw(/It is not thinking yet/);
    cli.type('\u0003');
    expect(await cli.ended).toBe(130);
    const listed = await runCli(['jobs', '-n', '1', '--json'], { environment: near });
    const [newest = '{}'] = listed.output.trim().split('\n');
    expect(JSON.parse(newest)).toMatchObject({ status: 'cancelled', input_preview: hard });
    await runCli(['jobs', 'cancel', ahead.id], { environment: near });
  });

  // The last: from then on the model is in a hurry.
  it('draws a meter with phase, tokens of the budget and samples, dims the steps, and ends with the answer', async () => {
    const cli = ptyCli(['ask', hard, '--model', 'slow', '--effort', 'high'], { environment: near });
    await cli.saw(/thinking +[━─]{20} +[1-9][\d,]* of [\d,]+ tokens/);
    slow.hurry();
    await cli.saw(/1 chain: \d+/);
    expect(await cli.ended).toBe(0);
    const screen = stripVTControlCharacters(cli.raw()).trimEnd();
    expect(screen).toMatch(/thought for .*\r?\n(.*\r?\n)?The answer is \d+\.$/);
    expect(cli.raw()).toContain('\u001b[2m');
  });
});

describe('thinkfirst without a service', () => {
  it('starts one for the question, and leaves nothing behind', async () => {
    const folder = await dataFolder();
    const run = await runCli(['ask', '--fast', 'What is 2 + 3?'], {
      folder: folder.path,
      environment: { PORT: '1', TMPDIR: folder.path },
    });
    expect(run).toMatchObject({ code: 0, output: expect.stringMatching(/\S/) });
    expect(run.told).toContain('starting one here for now');
    const { readdir } = await import('node:fs/promises');
    // What is proved of the model is kept for this user's next start; the service's own folder is gone.
    const kept = `thinkfirst-${process.getuid?.() ?? 'user'}`;
    expect((await readdir(folder.path)).filter((name) => name.startsWith('thinkfirst-') && name !== kept)).toEqual([]);
    await folder.remove();
  });

  it('makes, lists and revokes keys in the store', async () => {
    const folder = await dataFolder();
    const kept = { environment: { THINKFIRST_DATA: folder.path } };
    const made = await runCli(
      ['keys', 'create', '--name', 'Ann', '--scopes', 'trace:summary,feedback', '--rpm', '60'],
      kept,
    );
    expect(made.code).toBe(0);
    expect(made.output).toMatch(/^tf_\S+\n$/);
    const listed = await runCli(['keys'], kept);
    expect(listed.output).toContain('Ann');
    expect(listed.output).not.toContain(made.output.trim());
    const [, id = ''] = /(key_\w+)/.exec(listed.output) ?? [];
    expect((await runCli(['keys', 'revoke', id], kept)).output).toContain('revoked (Ann)');
    expect((await runCli(['keys'], kept)).output).toContain('revoked');
    await folder.remove();
  });

  it('adds a model to thinkfirst.config.json of the folder', async () => {
    const folder = await dataFolder();
    const model = new URL('../../models/thinkfirst-135m', import.meta.url).pathname;
    const added = await runCli(['models', 'add', model, '--id', 'mine', '--file'], { folder: folder.path });
    expect(added).toMatchObject({ code: 0, output: expect.stringContaining('mine') });
    const { readFile } = await import('node:fs/promises');
    const written = JSON.parse(await readFile(`${folder.path}/thinkfirst.config.json`, 'utf8'));
    expect(written.models).toContainEqual({ folder: model, id: 'mine' });
    await folder.remove();
  });

  it('adds a server’s model to the running service, which uses it at once, and removes it', async () => {
    const server = createServer((_, answer) => {
      answer.setHeader('content-type', 'application/json').end('{"data":[{"id":"alpha","owned_by":"vllm"}]}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const address = `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`;
    try {
      const lacking = await runCli(['models', 'add', address, '--name', 'alhpa'], { environment });
      expect(lacking).toMatchObject({
        code: 1,
        told: expect.stringContaining('--name: the server has no model alhpa'),
      });
      const added = await runCli(['models', 'add', address], { environment });
      expect(added).toMatchObject({ code: 0, told: expect.stringContaining('Added to the service at') });
      expect((await runCli(['models'], { environment })).output).toMatch(/alpha .*added while the service ran\n/);
      const removed = await runCli(['models', 'remove', 'alpha'], { environment });
      expect(removed).toMatchObject({ code: 0, output: '✓ alpha is removed.\n' });
      const configured = await runCli(['models', 'remove', 'thinkfirst-135m'], { environment });
      expect(configured).toMatchObject({ code: 1, told: expect.stringContaining('only the operator changes') });
    } finally {
      server.close();
    }
  });

  it('finds this machine well, and says what is wrong with one that isn’t', async () => {
    const folder = await dataFolder();
    const kept = { THINKFIRST_DATA: folder.path, PORT: new URL(service.url).port };
    const well = await runCli(['doctor', '--json'], { environment: kept });
    expect(JSON.parse(well.output)).toMatchObject({ healthy: true });
    expect(well.code).toBe(0);
    const ill = await runCli(['doctor'], {
      environment: { ...kept, REDIS_URL: 'redis://127.0.0.1:1', THINKFIRST_MODELS: './nope' },
    });
    expect(ill.code).toBe(1);
    expect(ill.output).toMatch(/✗ Redis +127\.0\.0\.1:1 does not answer/);
    expect(ill.output).toMatch(/✗ model nope/);
    await folder.remove();
  });
});

describe('thinkfirst mcp', () => {
  const launcher = new URL('../../bin/thinkfirst.mjs', import.meta.url).pathname;
  const { PATH = '', HOME = '' } = process.env;

  it.each([
    ['a running service', () => environment],
    // Nothing listens there, and the data goes with it.
    ['one that it starts itself', () => ({ PORT: '9' })],
  ])('answers through %s', async (_title, variables) => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [launcher, 'mcp'],
      env: { PATH, HOME, ...variables() },
      stderr: 'ignore',
    });
    const client = new Client({ name: 'test', version: '0' });
    await client.connect(transport);
    const asked = { name: 'think', arguments: { question: 'What is 2 + 3?', effort: 'none' } };
    const result = await client.callTool(asked, { timeout: 300_000 });
    expect(result.structuredContent).toMatchObject({ status: 'completed', answer: expect.stringMatching(/\w/) });
    await client.close();
  });

  it('ends with its input', async () => {
    expect(await runCli(['mcp'], { environment })).toEqual({ code: 0, output: '', told: '' });
  });
});

describe('thinkfirst serve', () => {
  it('serves until Ctrl-C', async () => {
    const folder = await dataFolder();
    const cli = ptyCli(['serve', '--port', '0', '--data', folder.path], { folder: folder.path });
    await cli.saw(/Thinkfirst is ready after [\s\S]*\n {2}data /);
    cli.type('\u0003');
    expect(await cli.ended).toBe(0);
    await folder.remove();
  });

  it('says what half a service needs', async () => {
    const run = await runCli(['worker']);
    expect(run).toMatchObject({ code: 1, output: '', told: expect.stringContaining('REDIS_URL') });
  });
});

// The last: from then on nobody gets in without a key.
describe('thinkfirst with keys', () => {
  it('ends with 4 without a key, and for what the key may not see', async () => {
    const store = { environment: { THINKFIRST_DATA: data.path } };
    const { output } = await runCli(['keys', 'create', '--name', 'Bob'], store);
    const jobs = () => runCli(['jobs'], { environment });
    await expect.poll(async () => (await jobs()).code, { timeout: 60_000 }).toBe(4);
    expect((await jobs()).told).toContain('THINKFIRST_KEY');
    const known = { environment: { ...environment, THINKFIRST_KEY: output.trim() } };
    const asked = await runCli(['ask', '--fast', '--trace', 'What is 2 + 3?'], known);
    expect(asked).toMatchObject({ code: 0, told: expect.stringContaining('No trace:') });
    expect((await runCli(['trace', 'last'], known)).code).toBe(4);
  });
});
