import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runQuestion } from '../../../src/cli/run-question.ts';
import { createServiceClient } from '../../../src/cli/service-client.ts';
import { TurnList } from '../../../src/contracts/responses/conversation.ts';
import type { Progress } from '../../../src/contracts/responses/reasoning.ts';
import { createApi, createWorkingApi } from '../../api/responses/fixture.ts';
import { scriptedWorker } from '../../api/responses/scripted-worker.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { remoteTool } from '../../support/scripted-tool.ts';
import { createService } from '../../worker/service.ts';
import { runProgram } from '../run-program.ts';

/** The whole API behind `fetch`, with a worker that answers. */
async function service(answer = 'Forty-two.') {
  let clock = Date.now();
  const now = () => (clock += 1_000);
  const api = await createWorkingApi({ deltas: [answer] }, { now });
  const { app } = api;
  serve(app);
  const run = (line: readonly string[], options = {}) => runProgram([...line, '--url', 'http://service'], options);
  const turns = async (id: string) =>
    TurnList.parse(await (await app.request(`/v1/conversations/${id}/turns`)).json()).data;
  return { ...api, run, turns };
}

function serve(app: { request(path: string, init?: RequestInit): Response | Promise<Response> }): void {
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) =>
    app.request(url.replace('http://service', ''), init),
  );
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinkfirst-cli-'));
});
afterEach(async () => {
  vi.unstubAllGlobals();
  process.exitCode = undefined;
  await rm(folder, { recursive: true, force: true });
});

const idIn = (output: string): string => /conv_\w+/.exec(output)?.[0] ?? 'none';

describe('thinkfirst chat', () => {
  it('keeps a conversation, and --continue goes on with the last one, or with the one that is named', async () => {
    const { run, turns } = await service();
    await run(['chat', '--effort', 'none'], { input: 'How much is 6 * 7?\nAnd again?\n' });
    const id = idIn((await run(['conversations'])).output);
    const { told } = await run(['chat', '--continue', '--effort', 'none'], { input: 'Once more?\n' });
    expect(told).toContain('Continuing “How much is 6 * 7?”, 2 answers so far.');
    const all = await turns(id);
    expect(all.map(({ question }) => question)).toEqual(['How much is 6 * 7?', 'And again?', 'Once more?']);
    expect(all.map(({ parent }) => parent)).toEqual([null, all[0]?.id, all[1]?.id]);
    await run(['chat', '--effort', 'none'], { input: 'Another.\n/new\nA third.\n' });
    await run(['chat', '-c', id, '--effort', 'none'], { input: 'The first one again.\n' });
    expect(await turns(id)).toHaveLength(4);
    expect((await run(['conversations', '--json'])).output.trim().split('\n')).toHaveLength(3);
  });

  it('asks before a call of an MCP server, and goes on with the decision', async () => {
    const shop = remoteTool({ needsApproval: true });
    const model = createScriptedModel({
      id: 'tiny',
      script: ({ request }) => {
        const last = request.prompt.messages.at(-1);
        if (last?.role === 'tool') return { answer: `The shop said: ${last.content}` };
        return { answer: '', toolCalls: [{ name: 'shop__order', arguments: '{"item":"tea"}' }] };
      },
    });
    const { app } = await createService(model, {}, { openTool: async () => shop.open });
    serve(app);
    const chat = ['chat', '--effort', 'none', '--tool', 'shop', '--url', 'http://service'];
    const denied = await runProgram(chat, { input: 'Order tea\n/deny\n' });
    expect(denied.told).toContain('approve? shop: order {"item":"tea"}');
    expect(denied.output).toContain('The shop said: The user declined this call.');
    expect(shop.calls).toEqual([]);
    const approved = await runProgram(chat, { input: '/approve\nOrder tea\n/approve\n' });
    expect(approved.told).toContain('The last answer asked for no call.');
    expect(approved.output).toContain('The shop said: ordered tea');
    expect(shop.calls).toEqual(['tea']);
  });

  it('says that there is none to go on with', async () => {
    const { run } = await service();
    await expect(run(['chat', '--continue'], { input: 'Hello?\n' })).rejects.toThrow('There is no conversation yet.');
  });
});

describe('thinkfirst conversations', () => {
  it('lists, searches, shows, renames, exports, imports and deletes', async () => {
    const { run } = await service();
    expect((await run(['conversations'])).output).toMatch(/^No conversations yet\./);
    await run(['chat', '--effort', 'none'], { input: 'How heavy is gold?\nAnd lead?\n' });
    await run(['chat', '--effort', 'none'], { input: 'What time is it?\n' });
    const found = (await run(['conversations', '--search', 'LEAD heavy'])).output;
    expect(found).toContain('How heavy is gold?');
    expect(found).not.toContain('What time');
    const id = idIn(found);
    expect((await run(['conversations', 'show', id])).output).toBe(
      'How heavy is gold?\n\n> How heavy is gold? (none)\nForty-two.\n\n> And lead? (none)\nForty-two.\n',
    );
    expect((await run(['conversations', 'rename', id, 'Metals', 'by', 'weight'])).output).toContain('Metals by weight');

    const file = join(folder, 'metals.json');
    await run(['conversations', 'export', id, '-o', file]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ title: 'Metals by weight' });
    const copy = idIn((await run(['conversations', 'import', file])).output);
    expect(copy).not.toBe(id);
    const shown = async (one: string) => (await run(['conversations', 'show', one])).output;
    expect(await shown(copy)).toBe(await shown(id));
    expect((await run(['conversations', 'export', id, '--format', 'markdown'])).output).toContain('# Metals by weight');
    await writeFile(file, 'not this');
    await expect(run(['conversations', 'import', file])).rejects.toThrow(/is not the JSON of an export/);

    expect((await run(['conversations', 'delete', id, 'last'])).output).toContain(`${id}  deleted`);
    expect((await run(['conversations'])).output).not.toContain('Metals');
  });

  it('shows how far to trust an answer that was thought about', async () => {
    const script = () => ({ thought: 'So it is 4.', answer: 'The answer is 4.' });
    const { app } = await createService(createScriptedModel({ id: 'tiny', script }));
    serve(app);
    const named = ['--url', 'http://service'];
    await runProgram(['chat', '--effort', 'low', ...named], { input: 'What is 2 + 2?\n' });
    const shown = async () => (await runProgram(['conversations', 'show', ...named])).output;
    await expect.poll(shown).toContain('The answer is 4.\nsingle: One chain was run');
  });

  it('fits 60 columns, as jobs do', async () => {
    const { run } = await service(`It is ${'a long answer '.repeat(20)}`);
    await run(['chat', '--effort', 'none'], { input: `Why is ${'this so '.repeat(30)}?\n` });
    await run(['ask', '--effort', 'high', 'Is it still so?']);
    for (const line of [['conversations'], ['jobs']]) {
      const { output } = await run(line, { columns: 60 });
      const widths = output.split('\n').map((text) => text.length);
      expect([line, Math.max(...widths)]).toEqual([line, Math.min(60, Math.max(...widths))]);
      expect(output).toMatch(line[0] === 'jobs' ? /resp_/ : /conv_/);
      expect(output.split('\n').length).toBeGreaterThan(2);
    }
  });
});

describe('thinkfirst ask --file', () => {
  it('sends text below the question under its name, and images and PDF files as they are', async () => {
    const { run, app, queue } = await service();
    const [notes, more] = [join(folder, 'notes.txt'), join(folder, 'more.md')];
    await writeFile(notes, 'Gold is heavy.');
    await writeFile(more, 'Lead is not.');
    await run(['ask', '--fast', '--file', notes, 'What does this say?', '-f', more]);
    const [{ job } = { job: { body: {} } }] = (await queue.list({ owner: null, limit: 1 })).jobs;
    const content = 'What does this say?\n\nnotes.txt:\nGold is heavy.\n\nmore.md:\nLead is not.';
    expect(job.body).toMatchObject({ prompt: { messages: [{ role: 'user', content }] } });

    const picture = join(folder, 'red.png');
    await writeFile(picture, 'not looked at');
    // The model reads text alone: the service says so.
    await expect(run(['ask', '--fast', '--file', picture, 'What is this?'])).rejects.toThrow(/cannot see images/);
    const binary = join(folder, 'data.bin');
    await writeFile(binary, Buffer.from([0xff, 0xfe, 0x00]));
    await expect(run(['ask', '--file', binary, 'What is this?'])).rejects.toThrow(/neither text in UTF-8/);
    await expect(run(['ask', '--file', join(folder, 'none'), 'a'])).rejects.toThrow(
      /can't be read: there is no such file/,
    );
    expect((await app.request('/v1/responses')).status).toBe(200);
  });
});

it('a meter that is drawn hears of tokens between the lines of the trace', async () => {
  const { app, queue } = createApi();
  serve(app);
  const seen: number[] = [];
  const saw = (tokens: number) => expect.poll(() => seen).toContain(tokens);
  const answer = scriptedWorker({
    deltas: ['42'],
    async gate(name, lease) {
      if (name !== 'thought') return;
      for (const thinking_tokens of [11, 12, 13]) {
        const phase: Progress = {
          phase: 'think',
          step: 1,
          steps: 1,
          thinking_tokens,
          budget_tokens: 64,
          queue_position: null,
          eta_ms: null,
        };
        await lease.progress(phase);
        await saw(thinking_tokens);
      }
    },
  });
  await queue.consume({ concurrency: 1, models: ['tiny'] }, answer);
  const view = {
    moves: true,
    begun() {},
    progress: ({ thinking_tokens }: Progress) => void seen.push(thinking_tokens),
    step() {},
    delta() {},
    event() {},
    traceDenied() {},
    interrupted() {},
  };
  const client = createServiceClient({ url: 'http://service' });
  const ended = await runQuestion(client, { input: 'Six by seven?' }, { view, onInterrupt: () => () => {} });
  expect(ended.status).toBe('completed');
  expect(seen).toEqual(expect.arrayContaining([11, 12, 13]));
});
