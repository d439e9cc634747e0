import type { Command } from 'commander';
import { exitCodes } from '../cli-error.ts';
import type { Finding } from '../doctor/finding.ts';
import { counted } from '../render/figures.ts';
import type { Paint, Terminal } from '../terminal.ts';

/** `thinkfirst doctor` */
export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .summary('what is wrong with this machine')
    .description(
      'Looks at everything that the service needs on this machine, in this folder and with these variables, and says what to\n' +
        'do about what is wrong. It changes nothing. Exit code 1 where something would keep the service from working.',
    )
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const { diagnose } = await import('../doctor/diagnose.ts');
      const findings = await diagnose(terminal.variables);
      const faults = findings.filter(({ status }) => status === 'fault').length;
      const warnings = findings.filter(({ status }) => status === 'warning').length;
      if (json === true) terminal.print(JSON.stringify({ healthy: faults === 0, findings }, undefined, 2));
      else
        terminal.print(
          [...findings.map((one) => findingText(one, terminal.paint)), '', verdict(faults, warnings)].join('\n'),
        );
      if (faults > 0) process.exitCode = exitCodes.failed;
    });
}

const nameWidth = 16;

function findingText({ name, status, detail, advice }: Finding, paint: Paint): string {
  const mark = { ok: paint.green('✓'), warning: paint.yellow('!'), fault: paint.red('✗') }[status];
  const line = `${mark} ${name.padEnd(nameWidth)} ${detail}`;
  return advice === undefined ? line : `${line}\n  ${' '.repeat(nameWidth)} ${paint.bold(`→ ${advice}`)}`;
}

function verdict(faults: number, warnings: number): string {
  if (faults + warnings === 0) return 'All is well.';
  if (faults === 0) return `It works; ${counted(warnings, 'thing')} could be better.`;
  return `${counted(faults, 'fault')} to fix before the service can run${warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`}.`;
}
