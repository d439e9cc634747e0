import type { Command } from 'commander';
import { counted } from '../render/figures.ts';
import type { Terminal } from '../terminal.ts';

/** `thinkfirst export` and `thinkfirst import` */
export function addTransfer(program: Command, terminal: Terminal): void {
  program
    .command('export')
    .summary('write all that is stored to a file')
    .description(
      'Writes every response with its events, and conversations, feedback, keys and batches, as JSON lines: a backup, and the\n' +
        'way to another data folder, to Redis, or to a version with another PostgreSQL inside. Stop the service first where it\n' +
        'has the embedded store. Take the file `secret` of the data folder along, unless THINKFIRST_SECRET is set.',
    )
    .argument('<file>', 'where to write; it holds prompts and answers')
    .action(async (file: string) => {
      const { exportStore } = await import('../../entry/transfer-store.ts');
      const { parseEnvironment } = await import('../../entry/environment.ts');
      const { responses, records } = await exportStore(parseEnvironment(terminal.variables), file);
      terminal.print(`${counted(responses, 'response')} and ${counted(records, 'record')} are in ${file}.`);
    });
  program
    .command('import')
    .summary('take an export in')
    .description(
      'Takes in what `thinkfirst export` has written. What is there already stays as it is; responses that had not ended wait\n' +
        'for a worker and are resumed. Their retention restarts.',
    )
    .argument('<file>', 'an export')
    .action(async (file: string) => {
      const { importStore } = await import('../../entry/transfer-store.ts');
      const { parseEnvironment } = await import('../../entry/environment.ts');
      const { responses, records, there } = await importStore(parseEnvironment(terminal.variables), file);
      terminal.print(
        `${counted(responses, 'response')} and ${counted(records, 'record')} were taken in; ${there} were there already.`,
      );
    });
}
