import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { z } from 'zod';
import { accuracyChart } from './accuracy-chart.ts';
import { openRowStore } from './answered-row.ts';
import { fastArm, greedyArm, parseArm } from './arm.ts';
import { askQuestions } from './ask-questions.ts';
import { accuracyTable, markdownReport } from './markdown-report.ts';
import { readQuestionSet } from './question-set.ts';
import { reportFile } from './report-file.ts';
import { runScript } from './run-script.ts';
import { createServiceClient } from './service-client.ts';
import { startService } from './service-process.ts';
import { summarise } from './summary.ts';

const usage = `npm run eval -- --set NAME --effort LEVEL[,LEVEL] [options]
  --set NAME          generated, gsm8k-dev, everyday, or a JSONL file of {question, answer} (generated)
  --effort LEVELS     none, low, … or LEVEL:field=value (high:samples=1:checks=none)    (none,low,medium,high)
  --n N               the first N questions                                             (all)
  --rows A-B          those lines of the set, from 1
  --strategy NAME     for the levels that think
  --model ID          of the service                                                    (its default)
  --url URL           a running service; without it one is started                      THINKFIRST_KEY: its key
  --concurrency C     requests at a time                                                (8)
  --out DIR           finished rows, report.md, report.json, accuracy.svg               (eval/runs/SET-MODEL)
  --no-baselines      leave out none and greedy, which everything is held against`;

const Options = z.object({
  set: z.string(),
  effort: z.string(),
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

await runScript(main);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      set: { type: 'string', default: 'generated' },
      effort: { type: 'string', default: 'none,low,medium,high' },
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
  const baselines = options['no-baselines'] ? [] : [fastArm, greedyArm];
  const names = [...new Set([...baselines, ...options.effort.split(',')])];
  const defaults = options.strategy === undefined ? {} : { strategy: options.strategy };
  const arms = names.map((name) => parseArm(name, defaults));
  const service = options.url === undefined ? await startService() : { url: options.url, close: async () => {} };
  const bar = new SingleBar({
    format: `${set.name} [{bar}] {value}/{total} answers, {right} right, {eta_formatted} left`,
    noTTYOutput: true,
    notTTYSchedule: 30_000,
  });
  try {
    const key = process.env['THINKFIRST_KEY'];
    const client = createServiceClient({ url: service.url, ...(key === undefined ? {} : { key }) });
    const model = await client.model(options.model);
    const folder = options.out ?? join('eval/runs', `${set.name}-${model.id}`.replaceAll(/[^\w.-]/g, '_'));
    const store = await openRowStore(folder);
    bar.start(set.questions.length * arms.length, 0, { right: '–' });
    const rows = await askQuestions({
      client,
      store,
      set,
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
    const summary = summarise(rows, names);
    const facts = { set: set.name, model: model.id, concurrency: options.concurrency };
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'report.json'), reportFile({ ...facts, measuredAt: new Date(), arms: summary }));
    await writeFile(join(folder, 'report.md'), markdownReport(facts, summary));
    const title = `${model.id} on ${set.name} (${set.questions.length} questions)`;
    await writeFile(join(folder, 'accuracy.svg'), accuracyChart({ title, arms: summary }));
    console.log(`\n${accuracyTable(summary)}\n\nreport.md, report.json and accuracy.svg are in ${folder}`);
  } finally {
    bar.stop();
    await service.close();
  }
}
