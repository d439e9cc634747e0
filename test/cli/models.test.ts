import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { stateText } from '../../src/cli/add-model.ts';
import { exitCodes } from '../../src/cli/cli-error.ts';
import { createProgram } from '../../src/cli/program.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { runCli } from '../support/cli.ts';
import { runProgram } from './run-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'thinkfirst-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  [[join(folder, 'nope')], /^The model \S+nope cannot be loaded: there is no folder \S+nope\.$/],
  [['org/name', '--family', 'gpt-9'], /^--family: unknown family; expected one of .*[^.]\.$/],
  [['name'], /^name: a hub name is organisation\/name\.$/],
  [['localhost:1'], /^Nothing answers at http:\/\/localhost:1; /],
  [['127.0.0.1:1/v1'], /^Nothing answers at http:\/\/127\.0\.0\.1:1\/v1; /],
  [['[::1]:1'], /^Nothing answers at http:\/\/\[::1\]:1; /],
])('`models add %j` names what was typed, not a field of the API', { timeout: 60_000 }, async (words, message) => {
  const program = createProgram(createTerminal({ colour: false, variables: {} }));
  const adding = program.parseAsync(['models', 'add', '--dry-run', '--file', ...words], { from: 'user' });
  await expect(adding).rejects.toThrow(
    expect.objectContaining({ name: 'CliError', message: expect.stringMatching(message) }),
  );
});

it('says how far a worker is with a model, and why', () => {
  const reason = 'It is downloaded from the hub now, which takes a while.';
  expect(stateText({ status: 'loading', reason, percent: 12 })).toBe(`loading, 12 %: ${reason}`);
  expect(stateText({ status: 'loading', reason, percent: null })).toBe(`loading: ${reason}`);
  expect(stateText({ status: 'loading', reason: null, percent: null })).toBe('loading');
});

it('`models add` says what it expects of --context', async () => {
  const adding = runProgram(['models', 'add', 'http://127.0.0.1:1', '--context', '8k']);
  await expect(adding).rejects.toThrow("'8k' is invalid. Expected a whole number, 1 or more.");
});

it('`models find --add` adds to the service that was named, not to the file', { timeout: 60_000 }, async () => {
  const here = join(folder, 'find');
  const snapshot = join(here, 'hub/models--org--small/snapshots/abc');
  mkdirSync(snapshot, { recursive: true });
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx']) {
    symlinkSync(resolve('models/thinkfirst-135m', name), join(snapshot, name));
  }
  const environment = { HOME: here, HF_HUB_CACHE: join(here, 'hub'), THINKFIRST_URL: 'http://127.0.0.1:1' };
  const { code, told } = await runCli(['models', 'find', '--add', 'small'], { folder: here, environment });
  expect(told).toContain('http://127.0.0.1:1');
  expect(code).toBe(exitCodes.unreachable);
  expect(existsSync(join(here, 'thinkfirst.config.json'))).toBe(false);
});

it('`models add` says how requests choose the model, and which one they get without', { timeout: 60_000 }, async () => {
  const server = createServer((_, answer) => {
    answer.setHeader('content-type', 'application/json');
    answer.end('{"data":[{"id":"Qwen/Qwen3-8B","owned_by":"vllm"}]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const { code, told } = await runCli(['models', 'add', `127.0.0.1:${port}`, '--file'], { folder });
  server.close();
  expect(code).toBe(0);
  expect(told).toContain(`"url":"http://127.0.0.1:${port}/v1"`);
  expect(told).toContain(
    'Requests choose it by name: thinkfirst ask --model Qwen3-8B …; without a name they get thinkfirst-135m, the first one in the file',
  );
});
