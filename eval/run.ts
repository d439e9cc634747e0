import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { z } from 'zod';
import { accuracyChart } from './accuracy-chart.ts';
import { openRowStore, type RowStore } from './answered-row.ts';
import { fastArm, greedyArm, parseArm } from './arm.ts';
import { askQuestions } from './ask-questions.ts';
import { accuracyTable, controlTable, markdownReport, originalsTable } from './markdown-report.ts';
import { originalsOf, type QuestionSet, readQuestionSet } from './question-set.ts';
import { Report } from './report-file.ts';
import { runScript } from './run-script.ts';
import { createServiceClient, type ServiceClient } from './service-client.ts';
import { startService } from './service-process.ts';
import { againstOriginals, summarise } from './summary.ts';
import { controlArms, controlLift } from './zero/control-lift.ts';
import { createZeroClient, zeroModel } from './zero/zero-client.ts';

const usage = `npm run eval -- --set NAME --effort LEVEL[,LEVEL] [options]
  --set NAME          generated, reworded, gsm8k-dev, open, everyday, or a JSONL file       (generated)
                      of {question, answer}
  --effort LEVELS     none, low, … or LEVEL:field=value (high:samples=1:checks=none)    (none,low,medium,high)
  --n N               the first N questions                                             (all)
  --rows A-B          those lines of the set, from 1
  --strategy NAME     for the levels that think
  --model ID          of the service; zero: the control, a script without parameters    (its default)
  --url URL           a running service; without it one is started                      THINKFIRST_KEY: its key
  --concurrency C     requests at a time                                                (8)
  --out DIR           finished rows, report.md, report.json, accuracy.svg               (eval/runs/SET-MODEL)
  --no-baselines      leave out none and greedy, which everything is held against`;

const Options = z.object({
  set: z.string(),
  effort: z.string().optional(),
  n: z.coerce.number().int().positive().optional(),
  rows: z
    .string()
    .regex(/^\d+-\d+$/, 'expected two line numbers, like 301-600')
    .optional(),
  strategy: z.string().optional(),
  model: z.string().optional(),
  url: z.url().optional(),
  concurrency: z.coerce.number().int().min(1).max(256),
  out: z.string().optional(),
  'no-baselines': z.boolean(),
});
type Options = z.infer<typeof Options>;

await runScript(main);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      set: { type: 'string', default: 'generated' },
      effort: { type: 'string' },
      n: { type: 'string' },
      rows: { type: 'string' },
      strategy: { type: 'string' },
      model: { type: 'string' },
      url: { type: 'string' },
      concurrency: { type: 'string', default: '8' },
      out: { type: 'string' },
      'no-baselines': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const options = Options.parse(values);
  const set = await readQuestionSet({
    set: options.set,
    ...(options.rows === undefined ? {} : { rows: options.rows }),
    ...(options.n === undefined ? {} : { count: options.n }),
  });
  const effort = options.effort ?? (options.model === zeroModel ? controlArms.join(',') : 'none,low,medium,high');
  const baselines = options['no-baselines'] ? [] : [fastArm, greedyArm];
  const names = [...new Set([...baselines, ...effort.split(',')])];
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
    // Answered in a run of the whole set already, or now: its rows are kept where that run keeps them.
    const first = await originalsOf(set);
    const beside = join(dirname(folder), folderName('generated', model.id));
    const originals = first.questions.length === 0 ? [] : await ask(first, await openRowStore(beside));
    const report = Report.parse({
      set: set.name,
      model: model.id,
      concurrency: options.concurrency,
      measuredAt: new Date().toISOString(),
      madeOn: set.madeOn,
      arms: summarise(rows, names),
      originals: againstOriginals({ set, rows, originals, arms: names }),
      control: model.id === zeroModel ? controlLift(rows) : [],
    });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
    await writeFile(join(folder, 'report.md'), markdownReport(report));
    const title = `${model.id} on ${set.name} (${set.questions.length} questions)`;
    await writeFile(join(folder, 'accuracy.svg'), accuracyChart({ title, arms: report.arms }));
    const tables = [
      accuracyTable(report.arms),
      ...(report.originals.length === 0 ? [] : [originalsTable(report.originals)]),
      ...(report.control.length === 0 ? [] : [controlTable(report.control)]),
    ];
    console.log(`\n${tables.join('\n\n')}\n\nreport.md, report.json and accuracy.svg are in ${folder}`);
  } finally {
    bar.stop();
    await close();
  }
}

async function openClient({ model, url }: Options): Promise<{ client: ServiceClient; close(): Promise<void> }> {
  if (model === zeroModel) return { client: createZeroClient(), close: async () => {} };
  const service = url === undefined ? await startService() : { url, close: async () => {} };
  const key = process.env['THINKFIRST_KEY'];
  return {
    client: createServiceClient({ url: service.url, ...(key === undefined ? {} : { key }) }),
    close: () => service.close(),
  };
}

function folderName(set: string, model: string): string {
  return `${set}-${model}`.replaceAll(/[^\w.-]/g, '_');
}
