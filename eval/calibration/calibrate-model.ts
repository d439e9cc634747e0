import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SingleBar } from 'cli-progress';
import { EffortTable } from '../../src/contracts/service/effort-table.ts';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { configuredModels, namedModel } from '../../src/entry/models/configured-models.ts';
import { fetchModels } from '../../src/entry/models/fetch-models.ts';
import { createModelConfiguration } from '../../src/entry/models/model-configuration.ts';
import { fileName, readEffortTable } from '../../src/models/config/effort-tables.ts';
import { configFile, type ModelConfig } from '../../src/models/config/model-config.ts';
import { absolutePath } from '../../src/models/local/folder/model-files.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import { easyQuestions } from '../generator/easy-questions.ts';
import { generateQuestions } from '../generator/generate-questions.ts';
import { openQuestions } from '../generator/open-questions.ts';
import { sayAsPerson } from '../generator/say-as-person.ts';
import { readQuestionSet, type SetQuestion } from '../question-set.ts';
import { weightsHash } from '../take/model-files.ts';
import { calibrateAuto } from './calibrate-auto.ts';
import { type CalibrationQuestion, calibrateTable } from './calibrate-table.ts';
import { askToSpend, calibrationCost, costText } from './cost.ts';
import { openMeasurementLog } from './measurement-log.ts';
import { openModel } from './open-model.ts';
import { assertWritable, tableBefore, tablePlace } from './table-place.ts';

/** Independent of the working folder: the package may be in node_modules. */
const inPackage = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Described in `npm run calibrate -- --help`. */
type ModelCalibration = {
  model: string;
  generated: number;
  /** Generated questions, reworded as a person would say them. */
  spoken: number;
  gsm8k: number;
  /** The most open questions, for effort auto alone. */
  open: number;
  questions?: string | undefined;
  samples: number;
  ceiling?: number | undefined;
  levelsOn: number;
  concurrency: number;
  threads?: number | undefined;
  kvMegabytes?: number | undefined;
  seed: string;
  out?: string | undefined;
  /** Fits only effort auto and adds it to the existing table. */
  autoOnly?: boolean | undefined;
  fresh: boolean;
  /** Does not ask for confirmation of a server's token costs. */
  yes: boolean;
};

/** What a calibration measures by default. */
export const calibrationDefaults = {
  generated: 120,
  spoken: 60,
  gsm8k: 60,
  open: 150,
  samples: 7,
  levelsOn: 150,
  concurrency: 4,
  seed: 'calibration-1',
} as const;

/**
 * Measures a model and writes its effort table to `out`, or to the file that the service reads. Measurements are kept.
 */
export async function calibrateModel(options: ModelCalibration): Promise<void> {
  const { env } = process;
  const environment = parseEnvironment(env);
  const config = namedModel(options.model, configuredModels(environment, env));
  const { threads, kvMegabytes } = options;
  if (config.kind === 'upstream' && (threads ?? kvMegabytes) !== undefined) {
    console.error(`--threads and --kv-mb do nothing here: ${config.id} runs at ${config.url}.`);
  }
  // Before anything is downloaded.
  tableBefore(config);
  const place = tablePlace(config, options.out);
  const measurements = `eval/runs/calibration-${fileName(config.id)}/measured.jsonl`;
  await assertWritable(place.path);
  await mkdir(dirname(measurements), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${measurements} can't be written (${error.code}); run it in a folder of yours`);
  });
  if (options.fresh) await writeFile(measurements, '');
  const questions = await readQuestions(options);
  const mixed = await readMixed(options);
  const [fetched] = await fetchModels([config], { environment, weights: true });
  if (fetched === undefined) throw new Error(`${config.id} was not fetched`);
  const model = await openModel(fetched, { threads: threads ?? 2, kvMegabytes: kvMegabytes ?? 768 });
  const log = await openMeasurementLog(measurements, await servedAs(config));
  const { family } = model.capabilities;
  const before = tableBefore(config, family);
  const most = options.ceiling ?? usualCeiling(config.id, family);
  const ceiling = Math.min(most, Math.floor(model.contextLength / 2));
  if (config.kind === 'upstream') {
    const answerTokens = before.answer_reserve_tokens;
    const cost = calibrationCost({
      ...options,
      questions: questions.length,
      mixed: mixed.length,
      ceiling,
      answerTokens,
    });
    const text = costText(config.id, cost, log.kept());
    if (options.yes) console.error(text);
    else await askToSpend(text);
  }
  const bar = new SingleBar({ format: '{stage} [{bar}] {value}/{total}', noTTYOutput: true, notTTYSchedule: 30_000 });
  try {
    const prompts = loadPrompts(inPackage('prompts'));
    const shared = {
      model,
      strategies: createStrategies({ prompts }),
      log,
      concurrency: options.concurrency,
      now: Date.now,
      onProgress(stage: string, done: number, total: number) {
        if (done === 0) bar.start(total, 0, { stage });
        else bar.update(done, { stage });
        if (done === total) bar.stop();
      },
    };
    const table = options.autoOnly
      ? await withAuto(before, { ...shared, questions: mixed })
      : await calibrateTable({
          ...shared,
          prompts,
          questions,
          mixed,
          before,
          samples: options.samples,
          ceiling,
          levelsOn: options.levelsOn,
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

/**
 * Thinking tokens at which a measured chain is stopped: twice the assumed natural length, since thoughts that are cut say
 * nothing. It does not depend on the entry's own table, so that a second calibration finds the measurements of the first.
 */
function usualCeiling(id: string, family: string | undefined): number {
  return Math.max(1_024, 2 * readEffortTable(id, undefined, family).natural_tokens);
}

/** The table with a newly fitted `auto`; the rest is unchanged. */
async function withAuto(
  before: EffortTable,
  options: Omit<Parameters<typeof calibrateAuto>[0], 'table'>,
): Promise<EffortTable> {
  const { auto, figures } = await calibrateAuto({ ...options, table: before });
  const { calibrated } = before;
  return {
    ...before,
    auto,
    calibrated: calibrated && { ...calibrated, figures: { ...calibrated.figures, auto: figures } },
  };
}

/**
 * The questions for `auto`, by kind: generated ones in their original wording and reworded, easy ones, and open ones;
 * none of the evaluation's.
 */
async function readMixed({ seed, generated, spoken, open }: ModelCalibration): Promise<SetQuestion[]> {
  const sets = await Promise.all(['generated', 'mixed', 'open'].map((set) => readQuestionSet({ set })));
  const without = new Set(sets.flatMap((set) => set.questions.map(({ question }) => question)));
  const plain = generateQuestions({ seed: `${seed}-spoken`, count: spoken, without });
  const spokenAs = plain.map((one) => ({ ...one, question: sayAsPerson(one.question) }));
  const ofKind = (kind: string, questions: readonly SetQuestion[]) => questions.map((one) => ({ ...one, kind }));
  return [
    ...ofKind('steps', [...generateQuestions({ seed, count: generated, without }), ...spokenAs]),
    ...ofKind('easy', easyQuestions({ seed, count: Math.round(generated / 2), without })),
    ...ofKind('open', openQuestions('calibration').slice(0, open)),
  ];
}

/** Excludes the evaluation's questions. */
async function readQuestions(options: ModelCalibration): Promise<CalibrationQuestion[]> {
  const evaluation = new Set((await readQuestionSet({ set: 'generated' })).questions.map(({ question }) => question));
  const generated = generateQuestions({ seed: options.seed, count: options.generated, without: evaluation });
  const gsm8k = await readQuestionSet({ set: 'gsm8k-dev', rows: '1-300', count: options.gsm8k });
  const own = options.questions === undefined ? [] : (await readQuestionSet({ set: options.questions })).questions;
  const plain = generateQuestions({ seed: `${options.seed}-spoken`, count: options.spoken, without: evaluation });
  const spoken = plain.map((one) => ({ ...one, question: sayAsPerson(one.question) }));
  const questions = [
    ...generated.map((one) => ({ ...one, set: 'generated' })),
    ...spoken.map((one) => ({ ...one, set: 'spoken' })),
    ...gsm8k.questions.map(({ question, answer }) => ({ kind: 'gsm8k', question, answer, set: 'gsm8k' })),
    ...own.map(({ question, answer }) => ({ kind: 'own', question, answer, set: 'own' })),
  ];
  if (questions.length === 0) throw new Error('--generated, --spoken and --gsm8k are all 0: there is nothing to ask');
  return questions;
}

/**
 * Identifies the model behind an id, which may be another model of another server, or other weights: measurements of
 * one say nothing about the other.
 */
async function servedAs(config: ModelConfig): Promise<string> {
  if (config.kind === 'upstream') return [config.url, config.model, config.family, config.dialect].join(' ');
  return config.kind === 'folder' ? await weightsHash(config.path) : '';
}

/**
 * The service reads the table if the model's entry names it. `change`: adds it to the entry, if the entry is in a file.
 */
async function tellEntry(id: string, path: string, { change }: { change: boolean }): Promise<void> {
  const configuration = createModelConfiguration({ folder: process.cwd(), variables: process.env });
  // If the file cannot be written, the operator has to change it.
  const changed = change && (await configuration.nameEffortTable(id, path).catch(() => false));
  const field = `"effortTable": ${JSON.stringify(path)}`;
  console.log(
    changed
      ? `${configFile} names it now (${field} in the entry of ${id}); a running service reads it after a restart.`
      : `Put ${field} into the entry of ${id} in ${configFile}; a running service reads it after a restart.`,
  );
}
