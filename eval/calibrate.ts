import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { z } from 'zod';
import { EffortTable } from '../src/contracts/effort-table.ts';
import { configuredModels, embeddedModel, namedModel } from '../src/entry/configured-models.ts';
import { parseEnvironment } from '../src/entry/environment.ts';
import { createModelConfiguration } from '../src/entry/model-configuration.ts';
import { fileName } from '../src/models/effort-tables.ts';
import { configFile, type ModelConfig } from '../src/models/model-config.ts';
import { absolutePath } from '../src/models/transformers/model-files.ts';
import { loadPrompts } from '../src/reasoning/prompts.ts';
import { createStrategies } from '../src/reasoning/strategies/index.ts';
import { calibrateTable } from './calibration/calibrate-table.ts';
import { openMeasurementLog } from './calibration/measurement-log.ts';
import { openModel } from './calibration/open-model.ts';
import { assertWritable, tableBefore, tablePlace } from './calibration/table-place.ts';
import { generateQuestions } from './generator/generate-questions.ts';
import type { Question } from './generator/question.ts';
import { readQuestionSet } from './question-set.ts';
import { runScript } from './run-script.ts';

const usage = `npm run calibrate -- [options], or thinkfirst calibrate [options]: measures a model and writes its effort table
  --model MODEL       an id of thinkfirst.config.json or THINKFIRST_MODELS, a folder or a hub name    (the embedded one)
  --generated N       generated questions, none of the evaluation's    (180)
  --gsm8k N           of rows 1-300 of gsm8k-dev                       (60)
  --questions FILE    and these of yours: JSONL of {question, answer}
  --samples N         chains beside the greedy one                     (7)
  --ceiling N         thinking tokens at which a chain is stopped      (1024)
  --levels-on N       of the questions, for running the levels         (150)
  --concurrency N     questions at a time                              (4)
  --threads N         of the inference of a local model                (2)
  --kv-mb N           key/value cache of a local model                 (768)
  --seed TEXT         of the generated questions                       (calibration-1)
  --out FILE          the table    (the entry's effortTable, else ./MODEL.effort.json; of the embedded one the package's)
  --fresh             measure everything again; else a run that was stopped goes on where it was`;

/** Wherever it is run from: a packed one lies in node_modules. */
const inPackage = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const count = z.coerce.number().int().min(0);
const Options = z.object({
  model: z.string(),
  generated: count,
  gsm8k: count.max(300),
  questions: z.string().optional(),
  samples: count.min(1).max(64),
  ceiling: count.min(16),
  'levels-on': count.min(1),
  concurrency: count.min(1).max(64),
  threads: count.min(1).optional(),
  'kv-mb': count.min(16).optional(),
  seed: z.string(),
  out: z.string().optional(),
  fresh: z.boolean(),
});

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: embeddedModel.id },
      generated: { type: 'string', default: '180' },
      gsm8k: { type: 'string', default: '60' },
      questions: { type: 'string' },
      samples: { type: 'string', default: '7' },
      ceiling: { type: 'string', default: '1024' },
      'levels-on': { type: 'string', default: '150' },
      concurrency: { type: 'string', default: '4' },
      threads: { type: 'string' },
      'kv-mb': { type: 'string' },
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
  const { env } = process;
  const config = namedModel(options.model, configuredModels(parseEnvironment(env), env));
  const { threads, 'kv-mb': kvMegabytes } = options;
  if (config.kind === 'upstream' && (threads ?? kvMegabytes) !== undefined) {
    console.error(`--threads and --kv-mb do nothing here: ${config.id} runs at ${config.url}.`);
  }
  const before = tableBefore(config);
  const place = tablePlace(config, options.out);
  const measurements = `eval/runs/calibration-${fileName(config.id)}/measured.jsonl`;
  await assertWritable(place.path);
  await mkdir(dirname(measurements), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${measurements} can't be written (${error.code}); run it in a folder of yours`);
  });
  if (options.fresh) await writeFile(measurements, '');
  const questions = await readQuestions(options);
  const model = await openModel(config, { threads: threads ?? 2, kvMegabytes: kvMegabytes ?? 768 });
  const bar = new SingleBar({ format: '{stage} [{bar}] {value}/{total}', noTTYOutput: true, notTTYSchedule: 30_000 });
  try {
    const prompts = loadPrompts(inPackage('prompts'));
    const table = await calibrateTable({
      model,
      prompts,
      strategies: createStrategies({ prompts }),
      questions,
      before,
      log: await openMeasurementLog(measurements, servedAs(config)),
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
      onNotice: (message) => console.error(message),
    });
    const text = JSON.stringify(EffortTable.parse(table), undefined, 2);
    await writeFile(absolutePath(place.path), `${text}\n`);
    console.log(`${text}\nwritten to ${place.path}`);
    if (!place.isRead) await tellEntry(config.id, place.path, { change: options.out === undefined });
  } finally {
    bar.stop();
    await model.close();
  }
}

/** None of the evaluation's. */
async function readQuestions(options: z.infer<typeof Options>): Promise<Question[]> {
  const evaluation = new Set((await readQuestionSet({ set: 'generated' })).questions.map(({ question }) => question));
  const generated = generateQuestions({ seed: options.seed, count: options.generated, without: evaluation });
  const gsm8k = await readQuestionSet({ set: 'gsm8k-dev', rows: '1-300', count: options.gsm8k });
  const own = options.questions === undefined ? [] : (await readQuestionSet({ set: options.questions })).questions;
  const questions = [
    ...generated,
    ...gsm8k.questions.map(({ question, answer }) => ({ kind: 'gsm8k', question, answer })),
    ...own.map(({ question, answer }) => ({ kind: 'own', question, answer })),
  ];
  if (questions.length === 0) throw new Error('--generated and --gsm8k are both 0: there is nothing to ask');
  return questions;
}

/** An id may be put to another model of another server: what was measured of that one says nothing. */
function servedAs(config: ModelConfig): string {
  return config.kind === 'upstream' ? [config.url, config.model, config.family, config.dialect].join(' ') : '';
}

/** The service reads the table where the model's entry names it. `change`: puts it there, where that is a file's entry. */
async function tellEntry(id: string, path: string, { change }: { change: boolean }): Promise<void> {
  const configuration = createModelConfiguration({ folder: process.cwd(), variables: process.env });
  // A file that can't be written is the operator's to change.
  const changed = change && (await configuration.nameEffortTable(id, path).catch(() => false));
  const field = `"effortTable": ${JSON.stringify(path)}`;
  console.log(
    changed
      ? `${configFile} names it now (${field} in the entry of ${id}); a running service reads it after a restart.`
      : `Put ${field} into the entry of ${id} in ${configFile}; a running service reads it after a restart.`,
  );
}
