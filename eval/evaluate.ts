import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { embeddedModel } from '../src/entry/models/configured-models.ts';
import { accuracyChart } from './accuracy-chart.ts';
import { openRowStore, type RowStore } from './answered-row.ts';
import { fastArm, greedyArm, parseArm } from './arm.ts';
import { askQuestions } from './ask-questions.ts';
import { markdownReport } from './markdown-report.ts';
import { originalsOf, type QuestionSet, readQuestionSet } from './question-set.ts';
import { Report, reportText } from './report-file.ts';
import { createServiceClient, type ServiceClient } from './service-client.ts';
import { startService } from './service-process.ts';
import { againstOriginals, summarise } from './summary.ts';
import { weightsHash } from './take/model-files.ts';
import { controlArms, controlLift } from './zero/control-lift.ts';
import { createZeroClient, zeroModel } from './zero/zero-client.ts';

/** Described in `npm run eval -- --help`. */
type EvaluationOptions = {
  set: string;
  effort?: string | undefined;
  /** Only the first so many questions. */
  n?: number | undefined;
  rows?: string | undefined;
  strategy?: string | undefined;
  model?: string | undefined;
  url?: string | undefined;
  /** Requests at the same time. */
  concurrency: number;
  /** The folder for rows and report. */
  out?: string | undefined;
  baselines: boolean;
  /** Arms with which all others are compared, paired by question, in addition to the baselines. */
  against?: readonly string[];
};

/**
 * Asks a set in every arm, or continues an interrupted run, and writes the report. Returns the report and its folder.
 */
export async function evaluate(options: EvaluationOptions): Promise<{ report: Report; folder: string }> {
  const set = await readQuestionSet({
    set: options.set,
    ...(options.rows === undefined ? {} : { rows: options.rows }),
    ...(options.n === undefined ? {} : { count: options.n }),
  });
  const effort = options.effort ?? (options.model === zeroModel ? controlArms.join(',') : 'none,low,medium,high');
  const baselines = options.baselines ? [fastArm, greedyArm] : [];
  const names = [...new Set([...baselines, ...effort.split(','), ...(options.against ?? [])])];
  const defaults = options.strategy === undefined ? {} : { strategy: options.strategy };
  const arms = names.map((name) => parseArm(name, defaults));
  const { client, close } = await openClient(options);
  const bar = new SingleBar({
    format: `${set.name} [{bar}] {value}/{total} answers, {right} right, {eta_formatted} left`,
    noTTYOutput: true,
    notTTYSchedule: 30_000,
  });
  try {
    const model = await client.model(options.model);
    const folder = options.out ?? join('eval/runs', folderName(set.name, model.id));
    const ask = async (from: QuestionSet, store: RowStore) => {
      bar.start(from.questions.length * arms.length, 0, { right: '–' });
      const rows = await askQuestions({
        client,
        store,
        set: from,
        arms,
        model,
        concurrency: options.concurrency,
        now: () => performance.now(),
        onRow(answered) {
          const right = answered.filter((row) => row.right).length;
          bar.update(answered.length, { right: `${((100 * right) / Math.max(1, answered.length)).toFixed(0)} %` });
        },
      });
      bar.stop();
      return rows;
    };
    const rows = await ask(set, await openRowStore(folder));
    // Answered in an earlier run of the whole set, or now: the rows are kept with that run.
    const first = await originalsOf(set);
    const beside = join(dirname(folder), folderName('generated', model.id));
    const originals = first.questions.length === 0 ? [] : await ask(first, await openRowStore(beside));
    const isEmbedded = options.url === undefined && model.id === embeddedModel.id;
    const report = Report.parse({
      set: set.name,
      model: model.id,
      concurrency: options.concurrency,
      measuredAt: new Date().toISOString(),
      ...(set.madeOn === undefined ? {} : { madeOn: set.madeOn }),
      ...(isEmbedded ? { weights: await weightsHash(embeddedModel.path) } : {}),
      arms: summarise(rows, names, { against: options.against ?? [] }),
      originals: againstOriginals({ set, rows, originals, arms: names }),
      control: model.id === zeroModel ? controlLift(rows) : [],
    });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'report.json'), reportText(report));
    await writeFile(join(folder, 'report.md'), markdownReport(report));
    const title = `${model.id} on ${set.name} (${set.questions.length} questions)`;
    await writeFile(join(folder, 'accuracy.svg'), accuracyChart({ title, arms: report.arms }));
    return { report, folder };
  } finally {
    bar.stop();
    await close();
  }
}

async function openClient({
  model,
  url,
  concurrency,
}: EvaluationOptions): Promise<{ client: ServiceClient; close(): Promise<void> }> {
  if (model === zeroModel) return { client: createZeroClient(), close: async () => {} };
  const service =
    url === undefined ? await startService({ environment: inFlight(concurrency) }) : { url, close: async () => {} };
  const key = process.env['THINKFIRST_KEY'];
  return {
    client: createServiceClient({ url: service.url, ...(key === undefined ? {} : { key }) }),
    close: () => service.close(),
  };
}

/**
 * As many responses at the same time as are asked, with a cache that has room for their chains: sequences that run
 * together cost little more than one.
 */
function inFlight(concurrency: number): Record<string, string> {
  const { THINKFIRST_CONCURRENCY: most, THINKFIRST_KV_MB: megabytes } = process.env;
  return { THINKFIRST_CONCURRENCY: most ?? String(concurrency), THINKFIRST_KV_MB: megabytes ?? '1024' };
}

function folderName(set: string, model: string): string {
  return `${set}-${model}`.replaceAll(/[^\w.-]/g, '_');
}
