import type { Command } from 'commander';
import { counted } from '../render/figures.ts';
import type { Terminal } from '../terminal.ts';

/** `thinkfirst export` and `thinkfirst import` */
export function addTransfer(program: Command, terminal: Terminal): void {
  program
    .command('export')
    .summary('write everything stored to a file')
    .description(
      'Writes every response with its events, and conversations, feedback, keys and batches, as JSON lines: as a backup, or to ' +
        'move to another data folder, to Redis, or to a version with another PostgreSQL release. With the embedded store, stop ' +
        'the service first. Also copy the file `secret` of the data folder, unless THINKFIRST_SECRET is set.',
    )
    .argument('<file>', 'the file to write; it contains prompts and answers')
    .action(async (file: string) => {
      const { exportStore } = await import('../../entry/transfer-store.ts');
      const { parseEnvironment } = await import('../../entry/environment.ts');
      const { responses, records } = await exportStore(parseEnvironment(terminal.variables), file);
      terminal.print(`${counted(responses, 'response')} and ${counted(records, 'record')} are in ${file}.`);
    });
  program
    .command('import')
    .summary('import an export')
    .description(
      'Imports a file written by `thinkfirst export`. Existing records are not changed; responses that had not ended wait ' +
        'for a worker and are resumed. Their retention restarts.',
    )
    .argument('<file>', 'an export')
    .action(async (file: string) => {
      const { importStore } = await import('../../entry/transfer-store.ts');
      const { parseEnvironment } = await import('../../entry/environment.ts');
      const { responses, records, there } = await importStore(parseEnvironment(terminal.variables), file);
      terminal.print(
        `${counted(responses, 'response')} and ${counted(records, 'record')} were imported; ${there} existed already.`,
      );
    });
}
