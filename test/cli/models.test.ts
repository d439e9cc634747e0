import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createProgram } from '../../src/cli/program.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { runCli } from '../support/cli.ts';
import { runProgram } from './run-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'thinkfirst-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  [[join(folder, 'nope')], /^\S+nope: The model .* cannot be loaded: there is no folder \S+[^.]\.$/],
  [['org/name', '--family', 'gpt-9'], /^--family: unknown family; expected one of .*[^.]\.$/],
  [['name'], /^name: a hub name is organisation\/name\.$/],
  [['localhost:1'], /^localhost:1: nothing answers at http:\/\/localhost:1; /],
  [['127.0.0.1:1/v1'], /^127\.0\.0\.1:1\/v1: nothing answers at http:\/\/127\.0\.0\.1:1\/v1; /],
  [['[::1]:1'], /nothing answers at http:\/\/\[::1\]:1; /],
])('`models add %j` names what was typed, not a field of the API', { timeout: 60_000 }, async (words, message) => {
  const program = createProgram(createTerminal({ colour: false, variables: {} }));
  const adding = program.parseAsync(['models', 'add', '--dry-run', '--file', ...words], { from: 'user' });
  await expect(adding).rejects.toThrow(
    expect.objectContaining({ name: 'CliError', message: expect.stringMatching(message) }),
  );
});

it('`models add` says what it expects of --context', async () => {
  const adding = runProgram(['models', 'add', 'http://127.0.0.1:1', '--context', '8k']);
  await expect(adding).rejects.toThrow("'8k' is invalid. Expected a whole number, 1 or more.");
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
