import { fastArm, greedyArm, nameOfArm } from '../arm.ts';
import { change, controlTable, originalsTable, percent, table, verdictTable } from '../markdown-report.ts';
import { knownSets } from '../question-set.ts';
import type { Report } from '../report-file.ts';

type Arm = Report['arms'][number];

/** The arms of the published tables, in order. */
export const publishedArms: readonly string[] = [fastArm, greedyArm, 'low', 'medium', 'high'];
/** The published runs: sets with their rows. */
export const publishedSets: ReadonlyArray<{ set: string; rows?: string }> = [
  { set: 'generated' },
  { set: 'reworded' },
  { set: 'gsm8k-dev', rows: '301-600' },
  { set: 'open' },
  { set: 'everyday' },
];
export const reportName = ({ set, rows }: { set: string; rows?: string }): string =>
  rows === undefined ? set : `${set}-${rows}`;

const notMeasured = 'Not measured yet.';

const earlierWeights = 'Measured with earlier weights of the model:';

/**
 * The tables and sentences between the markers of README files, by name. They are derived only from `report.json`
 * files.
 * @param reports for the embedded model and the control
 * @param options.weights hash of the current model: figures of other weights are marked as such
 */
export function figureSections(
  reports: readonly Report[],
  options: { model: string; weights: string },
): ReadonlyMap<string, string> {
  const of = (name: string) => reports.find(({ set, model }) => set === name && model === options.model);
  const published = publishedSets.flatMap((each) => of(reportName(each)) ?? []);
  const control = reports.find(({ control: rows }) => rows.length > 0);
  const originals = of('reworded')?.originals ?? [];
  const current = published.filter(({ weights }) => weights === options.weights);
  const dated = (some: readonly Report[], text: string) =>
    some.every(({ weights }) => weights === options.weights) ? text : `${earlierWeights}\n\n${text}`;
  const earlier = published.filter((report) => !current.includes(report)).map(({ set }) => `\`${set}\``);
  const overview = [
    ...(current.length === 0 ? [] : [overviewTable(current)]),
    ...(earlier.length === 0 ? [] : [`Not measured yet with these weights: ${earlier.join(', ')}.`]),
  ];
  return new Map([
    ['sets', setsTable()],
    ['overview', overview.length === 0 ? notMeasured : overview.join('\n\n')],
    ...publishedSets.map((each): [string, string] => {
      const report = of(reportName(each));
      return [reportName(each), report === undefined ? notMeasured : dated([report], resultTable(report))];
    }),
    ['originals', originals.length === 0 ? notMeasured : originalsTable(originals)],
    ['foreign', foreignOf(reports, options.model)],
    ['control', control === undefined ? notMeasured : controlTable(control.control)],
    ['phases', published.length === 0 ? notMeasured : dated(published, phasesTable(published))],
    ['verdicts', verdictsOf(published, dated)],
    ['readme', readmeSentence(of('generated'), of('reworded'))],
    [
      'card',
      current.length === 0
        ? notMeasured
        : `Through the service, with its calibrated efforts; in brackets the tokens of a question:\n\n${overviewTable(current)}`,
    ],
  ]);
}

function setsTable(): string {
  return table(
    [
      'file',
      'what',
      'checks made on it?',
      'evaluator made on it?',
      'model fitted on it?',
      'calibrated on it?',
      'licence',
    ],
    Object.values(knownSets).map(({ file, about, licence, madeOn }) => [
      `\`${file}\``,
      about,
      madeOn.checks,
      madeOn.evaluator,
      madeOn.fit,
      madeOn.calibration,
      licence,
    ]),
  );
}

/** Right answers by set and effort, with tokens per question in brackets. */
function overviewTable(reports: readonly Report[]): string {
  return table(
    ['set', 'questions', ...publishedArms.map(nameOf)],
    reports.map((report) => [
      report.set,
      String(Math.max(...report.arms.map(({ questions }) => questions))),
      ...publishedArms.map((name) => {
        const arm = armOf(report, name);
        return arm === undefined ? '' : `${percent(arm.accuracy.value)} % (${arm.outputTokens.toFixed(0)})`;
      }),
    ]),
  );
}

/** One set, compared in pairs. */
function resultTable(report: Report): string {
  return table(
    ['effort', 'right', '95 %', 'against fast, paired', 'against one greedy chain, paired', 'tokens a question'],
    publishedArms.flatMap((name) => {
      const arm = armOf(report, name);
      if (arm === undefined) return [];
      const { value, low, high } = arm.accuracy;
      const interval = `${percent(low)} to ${percent(high)}`;
      const [fast, greedy] = [change(arm.againstFast), change(arm.againstGreedy)];
      return [[nameOf(name), `${percent(value)} %`, interval, fast, greedy, arm.outputTokens.toFixed(0)]];
    }),
  );
}

/** The published runs of models that do not come with the package: each arm, compared in pairs with the named arms. */
function foreignOf(reports: readonly Report[], embedded: string): string {
  const foreign = reports.filter(({ model, control }) => model !== embedded && control.length === 0);
  return foreign.length === 0 ? notMeasured : foreign.map(foreignTable).join('\n\n');
}

function foreignTable({ set, model, arms }: Report): string {
  const others = [...new Set(arms.flatMap(({ against = [] }) => against.map(({ arm }) => arm)))];
  const rows = arms.map(({ arm, accuracy, against = [], outputTokens, questions }) => [
    nameOf(arm),
    String(questions),
    `${percent(accuracy.value)} %`,
    `${percent(accuracy.low)} to ${percent(accuracy.high)}`,
    ...others.map((other) => change(against.find((one) => one.arm === other))),
    outputTokens.toFixed(0),
  ]);
  const head = ['effort', 'questions', 'right', '95 %', ...others.map((other) => `against ${nameOf(other)}, paired`)];
  return `${model} on ${set}:\n\n${table([...head, 'tokens a question'], rows)}`;
}

/**
 * How many answers each phase at `high` corrected and spoiled, by set; a phase pays if it corrects twice as many as it
 * spoils.
 */
function phasesTable(reports: readonly Report[]): string {
  const sets = reports.map((report) => ({ set: report.set, phases: armOf(report, 'high')?.phases ?? [] }));
  const names = [...new Set(sets.flatMap(({ phases }) => phases.map(({ phase }) => phase)))].slice(1);
  const rows = names.map((name) => {
    const cells = sets.map(({ phases }) => phases.find(({ phase }) => phase === name));
    const pays = cells.every((cell) => cell === undefined || cell.wrongToRight >= 2 * cell.rightToWrong);
    const turned = cells.map((cell) => (cell === undefined ? '' : `${cell.wrongToRight} : ${cell.rightToWrong}`));
    return [name, ...turned, pays ? 'yes' : 'no'];
  });
  return table(['after', ...sets.map(({ set }) => set), '2 : 1 on every set'], rows);
}

/** What the verdicts of each level are worth, by set. */
function verdictsOf(reports: readonly Report[], dated: (some: readonly Report[], text: string) => string): string {
  const rows = reports.flatMap(({ set, arms }) =>
    arms.flatMap(({ arm, verdicts }) =>
      publishedArms.includes(arm) && verdicts !== undefined ? [{ name: `${set}, ${nameOf(arm)}`, verdicts }] : [],
    ),
  );
  const some = reports.filter(({ arms }) => arms.some(({ verdicts }) => verdicts !== undefined));
  return rows.length === 0 ? notMeasured : dated(some, verdictTable('set and effort', rows));
}

function readmeSentence(generated: Report | undefined, reworded: Report | undefined): string {
  const [fast, greedy, high] = [fastArm, greedyArm, 'high'].map((name) => generated && armOf(generated, name));
  if (fast === undefined || greedy === undefined || high === undefined) return notMeasured;
  const share = ({ accuracy }: Arm) => `${percent(accuracy.value)} %`;
  const said = reworded?.originals.find(({ arm }) => arm === 'high');
  const person =
    said === undefined
      ? ''
      : `; of ${said.questions} of them in a person's own words ${percent(said.right / said.questions)} % at \`high\``;
  return `On ${high.questions} generated questions of these kinds it is right in ${share(fast)} fast, ${share(greedy)} with one chain of thought, and ${share(high)} at \`high\`${person}`;
}

function armOf(report: Report, name: string): Arm | undefined {
  return report.arms.find(({ arm }) => arm === name);
}

/** In a table: what has to be typed is in code type. */
function nameOf(arm: string): string {
  const name = nameOfArm(arm);
  return arm === fastArm ? '`none` (fast)' : name === arm ? `\`${arm}\`` : name;
}
