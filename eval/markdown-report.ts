import { AnswerVerdict } from '../src/contracts/responses/answer-verdict.ts';
import type { MadeOn } from './question-set.ts';
import type { Report } from './report-file.ts';
import type { Estimate } from './statistics.ts';
import type { AgainstOriginals, ArmSummary, VerdictSummary } from './summary.ts';

/** The complete report as Markdown tables. */
export function markdownReport(report: Report): string {
  const { arms, madeOn, originals, control } = report;
  const parts = [
    `# ${report.set}, ${report.model}\n\nAccuracy with 95 % intervals; differences are paired, in percentage points. Seconds as a client waits, ${report.concurrency} requests at a time.`,
    madeOn === undefined ? '' : `Was this set used to make what is measured? ${madeOnLine(madeOn)}`,
    accuracyTable(arms),
    againstSection(arms),
    originals.length === 0 ? '' : `## Against the same questions in their first words\n\n${originalsTable(originals)}`,
    control.length === 0 ? '' : `## What all checks gave the control\n\n${controlTable(control)}`,
    ...phaseTables(arms),
    kindTable(arms),
    endsTable(arms),
    verdictSection(arms),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** One line: what was developed or trained with this set. */
function madeOnLine({ checks, evaluator, fit, calibration }: MadeOn): string {
  return `Checks: ${checks}. Evaluator: ${evaluator}. Fit of the embedded model: ${fit}. Calibration: ${calibration}.`;
}

export function originalsTable(pairs: readonly AgainstOriginals[]): string {
  return table(
    ['effort', 'n', 'reworded, right', 'originals, right', 'ratio', 'difference'],
    pairs.map((pair) => [
      pair.arm,
      String(pair.questions),
      `${percent(pair.right / pair.questions)} %`,
      `${percent(pair.originalsRight / pair.questions)} %`,
      pair.ratio === null ? '' : pair.ratio.toFixed(2),
      change(pair.difference),
    ]),
  );
}

export function controlTable(control: Report['control']): string {
  return table(
    ['questions that', 'n', 'right without checks', 'right with all', 'difference'],
    control.map((row) => [row.questions, String(row.n), String(row.bare), String(row.checked), change(row.lift)]),
  );
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

function againstSection(arms: readonly ArmSummary[]): string {
  const others = [...new Set(arms.flatMap(({ against = [] }) => against.map(({ arm }) => arm)))];
  if (others.length === 0) return '';
  return `## Against other arms\n\n${table(
    ['effort', ...others.map((other) => `against ${other}`)],
    arms.map(({ arm, against = [] }) => [
      arm,
      ...others.map((other) => change(against.find((one) => one.arm === other))),
    ]),
  )}`;
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

function verdictSection(arms: readonly ArmSummary[]): string {
  const rows = arms.flatMap(({ arm, verdicts }) => (verdicts === undefined ? [] : [{ name: arm, verdicts }]));
  return rows.length === 0 ? '' : `## What the verdicts are worth\n\n${verdictTable('effort', rows)}`;
}

/**
 * For each kind of verdict, how many answers had it and how many of those were right; then the error of the
 * probabilities.
 */
export function verdictTable(head: string, rows: ReadonlyArray<{ name: string; verdicts: VerdictSummary }>): string {
  return table(
    [head, ...AnswerVerdict.shape.kind.options, 'wrong and verified', 'with a probability', 'calibration error'],
    rows.map(({ name, verdicts: { kinds, wrongVerified, stated, calibrationError } }) => {
      const all = Object.values(kinds).reduce((sum, { questions }) => sum + questions, 0);
      return [
        name,
        ...AnswerVerdict.shape.kind.options.map((kind) => {
          const { right, questions } = kinds[kind] ?? { right: 0, questions: 0 };
          return questions === 0 ? '' : `${questions}, ${percent(right / questions)} % right`;
        }),
        String(wrongVerified),
        `${percent(stated / all)} %`,
        calibrationError === null ? '' : calibrationError.toFixed(3),
      ];
    }),
  );
}

export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function change(estimate: Estimate | undefined): string {
  if (estimate === undefined) return '';
  const signed = (share: number) => `${share >= 0 ? '+' : '−'}${Math.abs(100 * share).toFixed(1)}`;
  return `${signed(estimate.value)} (${signed(estimate.low)} to ${signed(estimate.high)})`;
}

export function percent(share: number): string {
  return (100 * share).toFixed(1);
}
