import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

const setUp = `
Set it up once:
  bash        echo 'source <(thinkfirst completion bash)' >> ~/.bashrc
  zsh         echo 'source <(thinkfirst completion zsh)' >> ~/.zshrc
  fish        thinkfirst completion fish > ~/.config/fish/completions/thinkfirst.fish
  powershell  thinkfirst completion powershell >> $PROFILE`;

/** `thinkfirst completion`, from the tree of commands as it stands: the last to be added. */
export function addCompletion(program: Command): void {
  tab(program, { completionCommandName: 'completion' });
  const command = program.commands.find((each) => each.name() === 'completion');
  command
    ?.summary('completion for your shell')
    .description('Prints a script that makes your shell complete commands and options with Tab.')
    .addHelpText('after', setUp);
}
