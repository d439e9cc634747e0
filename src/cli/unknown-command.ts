import { Command } from 'commander';

/**
 * Says of a word that is no command of `group` that it isn't. Commander itself hands such a word to the default command and
 * complains of arguments of `list`, which nobody typed; and it answers `help` of one with the general help.
 */
export function refuseUnknownCommands(group: Command): void {
  for (const each of group.commands) if (each.commands.length > 0) refuseUnknownCommands(each);
  const list = commandOf(group, 'list');
  list?.allowExcessArguments().hook('preAction', () => {
    const [word] = list.args;
    if (word === undefined) return;
    if (group.args[0] === list.name()) list.error(`error: 'list' takes no argument, and got '${word}'`);
    if (commandOf(group, word) === undefined) unknownCommand(group, word);
    group.error(`error: '${word}' comes before its options: ${group.name()} ${word} …`);
  });
  // Its own would stand beside this one.
  group.helpCommand(false);
  group
    .command('help')
    .argument('[command...]')
    .description('display help for command')
    .action((words: string[]) => {
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
