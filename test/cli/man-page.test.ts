import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { keptTerminal, runProgram } from './run-program.ts';

it('the manual page has every command and option of the help', async () => {
  const { output } = await runProgram(['help', '--man']);
  const program = createProgram(keptTerminal().terminal);
  const shown = output.replaceAll('\\-', '-');
  const help = program.createHelp();
  let options = 0;
  for (const command of help.visibleCommands(program)) {
    expect(shown).toContain(`.SS thinkfirst ${command.name()}`);
    for (const inner of help.visibleCommands(command).filter((each) => each.name() !== 'help')) {
      expect(shown).toContain(`.SS thinkfirst ${command.name()} ${inner.name()}`);
    }
    for (const { long, flags } of help.visibleOptions(command)) {
      if (long !== '--help') expect(shown).toContain(`.B ${flags}\n`);
      options += 1;
    }
  }
  expect(options).toBeGreaterThan(30);
});

it.skipIf(spawnSync('groff', ['--version']).status !== 0)('groff reads it without a warning', async () => {
  const { output } = await runProgram(['help', '--man']);
  const { stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-k'], { input: output, encoding: 'utf8' });
  expect(stderr).toBe('');
  // Without its headings, whose bold letters are printed one over the other.
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('answers with the best result so far');
});
