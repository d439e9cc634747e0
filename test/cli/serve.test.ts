import { afterEach, expect, it, vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { createTerminal } from '../../src/cli/terminal.ts';

afterEach(() => vi.restoreAllMocks());

it.each([
  ['--port', 'abc', 'Expected a whole number from 0 to 65535.'],
  ['--port', '', 'Expected a value.'],
  ['--threads', '0', 'Expected a whole number from 1 to 256.'],
  ['--redis', 'localhost:6379', 'Must begin with redis:// or rediss://.'],
])('`serve %s %s` is told with the option’s name, and nothing is started', async (option, value, expected) => {
  const told: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
  const program = createProgram(createTerminal({ colour: false, variables: {} }));
  const parsing = program.parseAsync(['serve', option, value], { from: 'user' });
  await expect(parsing).rejects.toMatchObject({ code: 'commander.invalidArgument' });
  expect(told.join('')).toContain(`${option} <`);
  expect(told.join('')).toContain(`argument '${value}' is invalid. ${expected}`);
});
