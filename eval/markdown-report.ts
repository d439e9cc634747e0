import type { Estimate } from './statistics.ts';
import type { ArmSummary } from './summary.ts';

/** What the figures were had with. */
export type RunFacts = {
  set: string;
  model: string;
  /** Requests in flight at a time: seconds are those of a client that waits beside so many others. */
  concurrency: number;
};

/** The whole report as Markdown tables. */
export function markdownReport(facts: RunFacts, arms: readonly ArmSummary[]): string {
  const parts = [
    `# ${facts.set}, ${facts.model}\n\nAccuracy with 95 % intervals; differences are paired, in percentage points. Seconds as a client waits, ${facts.concurrency} requests at a time.`,
    accuracyTable(arms),
    ...phaseTables(arms),
    kindTable(arms),
    endsTable(arms),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

export function accuracyTable(arms: readonly ArmSummary[]): string {
  return table(
    ['effort', 'n', 'right', 'against fast', 'against one greedy chain', 'tokens', 'thinking', 's, mean', 's, median'],
    arms.map((arm) => [
      arm.arm,
      String(arm.questions),
      `${percent(arm.accuracy.value)} % (${percent(arm.accuracy.low)}–${percent(arm.accuracy.high)})`,
      change(arm.againstFast),
      change(arm.againstGreedy),
      arm.outputTokens.toFixed(0),
      arm.thinkingTokens.toFixed(0),
      arm.seconds.toFixed(2),
      arm.secondsMedian.toFixed(2),
    ]),
  );
}

function phaseTables(arms: readonly ArmSummary[]): string[] {
  return arms
    .filter((arm) => arm.phases.some((phase) => phase.questions > 0))
    .map((arm) => {
      const rows = arm.phases.map((phase, index) => [
        phase.phase,
        `${percent(phase.right / phase.questions)} %`,
        index === 0 ? '' : String(phase.wrongToRight),
        index === 0 ? '' : String(phase.rightToWrong),
      ]);
      const heading = `## What each phase contributed: ${arm.arm} (${arm.phases[0]?.questions ?? 0} that thought)`;
      return `${heading}\n\n${table(['after', 'right', 'wrong → right', 'right → wrong'], rows)}`;
    });
}

function kindTable(arms: readonly ArmSummary[]): string {
  const kinds = [...new Set(arms.flatMap((arm) => Object.keys(arm.kinds)))].toSorted();
  if (kinds.length < 2) return '';
  const rows = kinds.map((kind) => [
    kind,
    String(Math.max(...arms.map((arm) => arm.kinds[kind]?.questions ?? 0))),
    ...arms.map(({ kinds: { [kind]: score } }) =>
      score === undefined ? '' : `${((100 * score.right) / score.questions).toFixed(0)} %`,
    ),
  ]);
  return `## By kind of question\n\n${table(['kind', 'n', ...arms.map(({ arm }) => arm)], rows)}`;
}

function endsTable(arms: readonly ArmSummary[]): string {
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const rows = arms.map((arm) => [arm.arm, list(arm.sources), list(arm.thinkingStops), String(arm.notCompleted)]);
  return `## How they ended\n\n${table(['effort', 'answer from', 'thinking ended by', 'not completed'], rows)}`;
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function change(estimate: Estimate | undefined): string {
  if (estimate === undefined) return '';
  const signed = (share: number) => `${share >= 0 ? '+' : '−'}${Math.abs(100 * share).toFixed(1)}`;
  return `${signed(estimate.value)} (${signed(estimate.low)} to ${signed(estimate.high)})`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
