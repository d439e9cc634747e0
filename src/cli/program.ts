import { Command } from 'commander';
import { packageVersion } from '../entry/package-version.ts';
import { addAsk } from './commands/ask.ts';
import { addChat } from './commands/chat.ts';
import { addCompletion } from './commands/completion.ts';
import { addConversations } from './commands/conversations.ts';
import { addDoctor } from './commands/doctor.ts';
import { addJobs } from './commands/jobs.ts';
import { addKeys } from './commands/keys.ts';
import { addMcp } from './commands/mcp.ts';
import { addModels } from './commands/models.ts';
import { addScripts } from './commands/script.ts';
import { addServe } from './commands/serve.ts';
import { addTrace } from './commands/trace.ts';
import { addTransfer } from './commands/transfer.ts';
import { manPage } from './man-page.ts';
import type { Terminal } from './terminal.ts';

/**
 * Says of a word that is no command of `group` that it isn't. Commander itself hands such a word to the default command and
 * complains of arguments of `list`, which nobody typed; and it answers `help` of one with the general help.
 */
function refuseUnknownCommands(group: Command, print?: (text: string) => void): void {
  for (const each of group.commands) if (each.commands.length > 0) refuseUnknownCommands(each);
  const list = commandOf(group, 'list');
  list?.allowExcessArguments().hook('preAction', () => {
    const [word] = list.args;
    if (word === undefined) return;
    if (group.args[0] === list.name()) list.error(`error: 'list' takes no argument, but got '${word}'`);
    if (commandOf(group, word) === undefined) unknownCommand(group, word);
    group.error(`error: '${word}' must come before its options: ${group.name()} ${word} …`);
  });
  // Its own would stand beside this one.
  group.helpCommand(false);
  const command = group.command('help').argument('[command...]').description('display help for command');
  if (print) command.option('--man', 'print the manual page: thinkfirst help --man | man -l -');
  command.action((words: string[], { man }: { man?: true }) => {
    if (man && print) return print(manPage(group));
    let asked = group;
    for (const word of words) asked = commandOf(asked, word) ?? unknownCommand(asked, word);
    asked.help();
  });
}

function commandOf(group: Command, word: string): Command | undefined {
  return group.commands.find((each) => each.name() === word);
}

/** Commander's own complaint, with the nearest name: it has one for groups without a default command only. */
function unknownCommand(group: Command, word: string): never {
  const plain = new Command(group.name()).copyInheritedSettings(group).helpCommand(false);
  for (const each of group.commands) plain.command(each.name());
  plain.parse(['--', word], { from: 'user' });
  throw new Error(`${group.name()} has a command '${word}'`);
}

const about = `Think first, or answer fast: a reasoning service on your own machine.

  thinkfirst serve                       start the service
  thinkfirst ask "What is 77 times 63?"  ask a question, also without a service
  thinkfirst doctor                      find problems with the installation`;

/** The whole command line; parsing runs it. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('thinkfirst');
  program
    .description(about)
    .version(packageVersion(), '-V, --version')
    .option('--no-color', 'no colours; NO_COLOR=1 does the same')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showHelpAfterError('(--help lists the options)')
    .exitOverride();
  addServe(program, terminal);
  addAsk(program, terminal);
  addChat(program, terminal);
  addConversations(program, terminal);
  addJobs(program, terminal);
  addTrace(program, terminal);
  addModels(program, terminal);
  addMcp(program, terminal);
  addKeys(program, terminal);
  addScripts(program);
  addDoctor(program, terminal);
  addTransfer(program, terminal);
  addCompletion(program);
  refuseUnknownCommands(program, terminal.print);
  return program;
}
