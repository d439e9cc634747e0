import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { createTerminal } from '../../src/cli/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'thinkfirst-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  [[join(folder, 'nope')], /^\S+nope: The model .* can't be loaded: there is no folder \S+[^.]\.$/],
  [['org/name', '--family', 'gpt-9'], /^--family: no such family; there are .*[^.]\.$/],
  [['name'], /^name: a hub name is organisation\/name\.$/],
])('`models add %j` names what was typed, not a field of the API', { timeout: 60_000 }, async (words, message) => {
  const program = createProgram(createTerminal({ colour: false, variables: {} }));
  const adding = program.parseAsync(['models', 'add', '--dry-run', ...words], { from: 'user' });
  await expect(adding).rejects.toThrow(
    expect.objectContaining({ name: 'CliError', message: expect.stringMatching(message) }),
  );
});
