import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { compiled } from '../../core/compiled.mjs';
import { exitCodes } from '../cli-error.ts';

/** `thinkfirst eval` and `thinkfirst calibrate`: the scripts of eval/, with the words that follow. */
export function addScripts(program: Command): void {
  addScript(program, {
    name: 'eval',
    summary: 'measure accuracy against tokens',
    file: 'run.ts',
    example: 'thinkfirst eval --set generated --effort none,high --n 20',
  });
  addScript(program, {
    name: 'calibrate',
    summary: 'measure a model and write its effort table',
    file: 'calibrate.ts',
    example: 'thinkfirst calibrate --model qwen3-32b',
  });
}

function addScript(program: Command, script: { name: string; summary: string; file: string; example: string }): void {
  program
    .command(script.name)
    .description(`${script.summary}; for its options, use --help`)
    .argument('[options...]', `like ${script.example}`)
    .helpOption(false)
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const file = fileURLToPath(await compiled(`eval/${script.file}`));
      const child = spawn(process.execPath, ['--enable-source-maps', file, ...words], { stdio: 'inherit' });
      // Ctrl-C reaches it too; what is sent to this process alone is passed on. Its end is ours.
      process.on('SIGINT', () => {});
      for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
      const [code, signal] = await once(child, 'exit');
      process.exitCode =
        typeof code === 'number' ? code : signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.failed;
    });
}
