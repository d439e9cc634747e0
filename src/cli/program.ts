import { Command } from 'commander';
import { addAsk } from './commands/ask.ts';
import { addChat } from './commands/chat.ts';
import { addCompletion } from './commands/completion.ts';
import { addDoctor } from './commands/doctor.ts';
import { addJobs } from './commands/jobs.ts';
import { addKeys } from './commands/keys.ts';
import { addModels } from './commands/models.ts';
import { addScripts } from './commands/script.ts';
import { addServe } from './commands/serve.ts';
import { addTrace } from './commands/trace.ts';
import { addTransfer } from './commands/transfer.ts';
import { packageVersion } from './package-version.ts';
import type { Terminal } from './terminal.ts';
import { refuseUnknownCommands } from './unknown-command.ts';

const about = `Think first, or answer fast: a reasoning service on your own machine.

  thinkfirst serve                                       start it
  thinkfirst ask "Calculate 77 times 63." --effort high  ask it, or ask without it
  thinkfirst doctor                                      what is wrong here`;

/** The whole command line; parsing runs it. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('thinkfirst');
  program
    .description(about)
    .version(packageVersion(), '-V, --version')
    .option('--no-color', 'no colours; NO_COLOR=1 does the same')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride();
  addServe(program, terminal);
  addAsk(program, terminal);
  addChat(program, terminal);
  addJobs(program, terminal);
  addTrace(program, terminal);
  addModels(program, terminal);
  addKeys(program, terminal);
  addScripts(program);
  addDoctor(program, terminal);
  addTransfer(program, terminal);
  addCompletion(program);
  refuseUnknownCommands(program);
  return program;
}
