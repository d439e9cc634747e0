import { parseArgs } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { runScript } from '../../eval/run-script.ts';

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const options = { samples: { type: 'string' } } as const;

it.each([
  [['--foo'], 2, "thinkfirst: Unknown option '--foo'. --help lists the options."],
  [['--samples'], 2, "thinkfirst: Option '--samples <value>' argument missing. --help lists the options."],
  [['--samples', 'many'], 1, '✖ Invalid input: expected number, received NaN\n  → at samples'],
])('%j is told without a stack, with exit code %d', async (args, code, text) => {
  const told = vi.spyOn(console, 'error').mockReturnValue();
  await runScript(async () => {
    z.object({ samples: z.coerce.number() }).parse(parseArgs({ args, options }).values);
  });
  expect(told.mock.calls).toEqual([[text]]);
  expect(process.exitCode).toBe(code);
});

it.each(['calibrate', 'run'])('%s is run by it', { timeout: 60_000 }, async (script) => {
  const told = vi.spyOn(console, 'error').mockReturnValue();
  const { argv } = process;
  process.argv = [...argv.slice(0, 2), '--foo'];
  await import(`../../eval/${script}.ts`).finally(() => {
    process.argv = argv;
  });
  expect(told.mock.calls).toEqual([[expect.stringContaining("Unknown option '--foo'. --help lists")]]);
});
