import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { z } from 'zod';
import { EffortTable } from '../src/contracts/effort-table.ts';
import { fileName, readEffortTable } from '../src/models/effort-tables.ts';
import { loadPrompts } from '../src/reasoning/prompts.ts';
import { createStrategies } from '../src/reasoning/strategies/index.ts';
import { calibrateTable } from './calibration/calibrate-table.ts';
import { openMeasurementLog } from './calibration/measurement-log.ts';
import { openModel } from './calibration/open-model.ts';
import { generateQuestions } from './generator/generate-questions.ts';
import { readQuestionSet } from './question-set.ts';
import { runScript } from './run-script.ts';

const usage = `npm run calibrate -- [--model FOLDER] [options]: measures a model on this machine and writes its effort table
  --model FOLDER      or a hub name                                    (models/thinkfirst-135m)
  --generated N       generated questions, none of the evaluation's    (180)
  --gsm8k N           of rows 1-300 of gsm8k-dev                       (60)
  --samples N         chains beside the greedy one                     (7)
  --ceiling N         thinking tokens at which a chain is stopped      (1024)
  --levels-on N       of the questions, for running the levels         (150)
  --concurrency N     questions at a time                              (4)
  --threads N         of the inference                                 (2)
  --kv-mb N           key/value cache                                  (768)
  --seed TEXT         of the generated questions                       (calibration-1)
  --out FILE          the table                                        (src/models/effort-tables/MODEL.json)
  --fresh             measure everything again`;

/** Wherever it is run from: a packed one lies in node_modules. */
const inPackage = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const count = z.coerce.number().int().min(0);
const Options = z.object({
  model: z.string(),
  generated: count,
  gsm8k: count.max(300),
  samples: count.min(1).max(64),
  ceiling: count.min(16),
  'levels-on': count.min(1),
  concurrency: count.min(1).max(64),
  threads: count.min(1),
  'kv-mb': count.min(16),
  seed: z.string(),
  out: z.string().optional(),
  fresh: z.boolean(),
});

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: inPackage('models/thinkfirst-135m') },
      generated: { type: 'string', default: '180' },
      gsm8k: { type: 'string', default: '60' },
      samples: { type: 'string', default: '7' },
      ceiling: { type: 'string', default: '1024' },
      'levels-on': { type: 'string', default: '150' },
      concurrency: { type: 'string', default: '4' },
      threads: { type: 'string', default: '2' },
      'kv-mb': { type: 'string', default: '768' },
      seed: { type: 'string', default: 'calibration-1' },
      out: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) console.log(usage);
  else await calibrate(Options.parse(values));
});

async function calibrate(options: z.infer<typeof Options>): Promise<void> {
  const evaluation = new Set((await readQuestionSet({ set: 'generated' })).questions.map(({ question }) => question));
  const generated = generateQuestions({ seed: options.seed, count: options.generated, without: evaluation });
  const gsm8k = await readQuestionSet({ set: 'gsm8k-dev', rows: '1-300', count: options.gsm8k });
  const questions = [
    ...generated,
    ...gsm8k.questions.map(({ question, answer }) => ({ kind: 'gsm8k', question, answer })),
  ];
  const model = await openModel(options.model, { threads: options.threads, kvMegabytes: options['kv-mb'] });
  const bar = new SingleBar({ format: '{stage} [{bar}] {value}/{total}', noTTYOutput: true, notTTYSchedule: 30_000 });
  try {
    const folder = `eval/runs/calibration-${fileName(model.id)}`;
    await mkdir(folder, { recursive: true });
    const path = `${folder}/measured.jsonl`;
    if (options.fresh) await writeFile(path, '');
    const prompts = loadPrompts(inPackage('prompts'));
    const table = await calibrateTable({
      model,
      prompts,
      strategies: createStrategies({ prompts }),
      questions,
      before: readEffortTable(model.id),
      log: await openMeasurementLog(path),
      samples: options.samples,
      ceiling: Math.min(options.ceiling, Math.floor(model.contextLength / 2)),
      levelsOn: options['levels-on'],
      concurrency: options.concurrency,
      now: Date.now,
      onProgress(stage, done, total) {
        if (done === 0) bar.start(total, 0, { stage });
        else bar.update(done, { stage });
        if (done === total) bar.stop();
      },
    });
    const out = options.out ?? inPackage(`src/models/effort-tables/${fileName(model.id)}.json`);
    await writeFile(out, `${JSON.stringify(EffortTable.parse(table), undefined, 2)}\n`);
    console.log(`${await readFile(out, 'utf8')}\nwritten to ${out}`);
  } finally {
    bar.stop();
    await model.close();
  }
}
