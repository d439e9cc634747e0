import type { Command } from 'commander';
import { exitCodes } from './cli-error.ts';

/** The manual page of the whole command line in troff's `man` macros, from the same tree of commands as the help. */
export function manPage(program: Command): string {
  const help = program.createHelp();
  const commands = help.visibleCommands(program).flatMap((command) => sections(command, program.name()));
  const codes = Object.entries(exitCodes).map(([name, code]) => `.TP\n.B ${code}\n${escaped(name)}`);
  return [
    `.TH ${program.name().toUpperCase()} 1 "" "${program.name()} ${program.version()}" "User Commands"`,
    `.SH NAME\n${program.name()} \\- ${escaped(firstLine(program.description()))}`,
    `.SH SYNOPSIS\n.B ${program.name()}\n.I command\n[\\fIoptions\\fR]`,
    `.SH DESCRIPTION\n${paragraphs(program.description())}`,
    `.SH OPTIONS\n${optionList(program)}`,
    `.SH COMMANDS\n${commands.join('\n')}`,
    `.SH EXIT STATUS\n${codes.join('\n')}`,
    '.SH SEE ALSO\nThe pages in docs/ of the package, and /docs of a running service.\n',
  ].join('\n');
}

/** A command, and each of its own: a heading, what it does, its arguments and options. */
function sections(command: Command, path: string): string[] {
  const name = `${path} ${command.name()}`;
  const help = command.createHelp();
  const usage = help.commandUsage(command).replace(/\|\S+/, '');
  const about = command.description() === '' ? command.summary() : command.description();
  const given = help.visibleArguments(command).map((argument) => {
    const description = argument.description === '' ? '' : `\n${escaped(argument.description)}`;
    return `.TP\n.I ${escaped(argument.name())}${description}`;
  });
  const own = [`.SS ${escaped(usage)}`, paragraphs(about), ...given, optionList(command)].filter((part) => part !== '');
  const inner = help.visibleCommands(command).filter((each) => each.name() !== 'help');
  return [own.join('\n'), ...inner.flatMap((each) => sections(each, name))];
}

function optionList(command: Command): string {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help')
    .map((option) => `.TP\n.B ${escaped(option.flags)}\n${escaped(help.optionDescription(option))}`)
    .join('\n');
}

/** Lines that stand indented, as examples do, keep their form. */
function paragraphs(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.startsWith('  ') ? `.br\n${escaped(line)}` : line === '' ? '.PP' : escaped(line)))
    .join('\n');
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/\.$/, '');
}

/** A backslash begins an escape, a hyphen may be broken at, and a dot or quote begins a request at the start of a line. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/^(?=[.'])/, '\\&');
}
