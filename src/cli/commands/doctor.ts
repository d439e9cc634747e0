import type { Command } from 'commander';
import { exitCodes } from '../cli-error.ts';
import type { Finding } from '../doctor/finding.ts';
import { wrapped } from '../render/columns.ts';
import { counted } from '../render/figures.ts';
import type { Terminal } from '../terminal.ts';

/** `thinkfirst doctor` */
export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .summary('find problems with this installation')
    .description(
      'Checks everything that the service needs on this machine, in this folder and with these variables, and says how to ' +
        'fix problems. It changes nothing. Exit code 1 if the service could not work.',
    )
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const { diagnose } = await import('../doctor/diagnose.ts');
      const findings = await diagnose(terminal.variables);
      const faults = findings.filter(({ status }) => status === 'fault').length;
      const warnings = findings.filter(({ status }) => status === 'warning').length;
      if (json === true) terminal.print(JSON.stringify({ healthy: faults === 0, findings }, undefined, 2));
      else terminal.print([...findingLines(findings, terminal), '', verdict(faults, warnings)].join('\n'));
      if (faults > 0) process.exitCode = exitCodes.failed;
    });
}

/** On a narrower terminal each finding's name has a line of its own. */
const leastColumns = 80;

/** Names in a column, details beside them; on a terminal, broken between words where it ends. */
export function findingLines(
  findings: readonly Finding[],
  { paint, outputLive, columns }: Pick<Terminal, 'paint' | 'outputLive' | 'columns'>,
): string[] {
  const width = outputLive ? columns() - 1 : Number.POSITIVE_INFINITY;
  const isNarrow = width < leastColumns;
  const nameWidth = Math.max(...findings.map(({ name }) => name.length));
  const indent = ' '.repeat(isNarrow ? 4 : 2 + nameWidth + 1);
  return findings.flatMap(({ name, status, detail, advice }) => {
    const mark = { ok: paint.green('✓'), warning: paint.yellow('!'), fault: paint.red('✗') }[status];
    const advised =
      advice === undefined ? [] : wrapped(`→ ${advice}`, width - indent.length).map((line) => paint.bold(line));
    const [first = '', ...rest] = [...wrapped(detail, width - indent.length), ...advised];
    const told = rest.map((line) => `${indent}${line}`);
    return isNarrow
      ? [`${mark} ${name}`, `${indent}${first}`, ...told]
      : [`${mark} ${name.padEnd(nameWidth)} ${first}`, ...told];
  });
}

function verdict(faults: number, warnings: number): string {
  if (faults + warnings === 0) return 'All is well.';
  if (faults === 0) return `It works; ${counted(warnings, 'thing')} could be better.`;
  return `${counted(faults, 'fault')} to fix before the service can run${warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`}.`;
}
