import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embeddedModel } from '../../src/entry/models/configured-models.ts';
import { calibrateModel, calibrationDefaults } from '../calibration/calibrate-model.ts';
import { evaluate } from '../evaluate.ts';
import { publishedArms, publishedSets, reportName } from '../figures/sections.ts';
import { publishedReports, publishReport, writeFigures } from '../figures/write-figures.ts';
import { zeroModel } from '../zero/zero-client.ts';
import { sideBySide } from './before-and-after.ts';
import { checkModelFolder, copyModelFolder, weightsHash } from './model-files.ts';
import { runSteps, type Step } from './steps.ts';

type TakeOptions = {
  folder: string;
  /** The most questions of each set and of the calibration, for a trial. */
  questions?: number | undefined;
  concurrency: number;
  threads: number;
  /** Accepts weights whose thoughts do not say what to compute. */
  withoutCompute: boolean;
  /** Discards an earlier run with these weights. */
  fresh: boolean;
  tell(message: string): void;
};

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Makes new weights the embedded model: checks and copies them, calibrates, evaluates on every set, writes the figures
 * into the README files and the card, and returns the figures before and after. An interrupted run continues where it
 * stopped.
 */
export async function takeModel(options: TakeOptions): Promise<string> {
  const { folder, questions, tell } = options;
  const hash = await weightsHash(folder);
  const scope = questions === undefined ? 'all' : `first-${questions}`;
  const work = join(root, 'eval/runs', `take-${hash.slice(0, 12)}-${scope}`);
  const earlier = join(work, 'before');
  if (options.fresh) await rm(work, { recursive: true, force: true });
  const steps: Step[] = [
    { name: 'check the folder', run: () => check(options) },
    { name: 'keep the figures so far', run: () => keepFigures(earlier) },
    { name: 'copy the weights', run: () => copyModelFolder(folder, embeddedModel.path) },
    { name: 'calibrate', run: () => calibrate(options) },
    ...publishedSets.map((each) => ({
      name: `evaluate on ${reportName(each)}`,
      run: () => measure(work, options, each),
    })),
    { name: `evaluate the control`, run: () => measureControl(work, options) },
    {
      name: 'write the figures',
      run: async () => {
        for (const path of await writeFigures(root)) tell(`written: ${path}`);
      },
    },
  ];
  await runSteps(steps, { log: join(work, 'steps'), tell });
  const [before, after] = await Promise.all([publishedReports(earlier), publishedReports(root)]);
  return sideBySide({ before, after, model: embeddedModel.id });
}

async function check({ folder, threads, withoutCompute, tell }: TakeOptions): Promise<void> {
  const { computes } = await checkModelFolder(folder, { threads });
  if (!computes && !withoutCompute) {
    throw new Error(
      `generation_config.json of ${folder} has no "thinkfirst_compute": nothing would be computed in its thoughts. If that is meant: --without-compute`,
    );
  }
  tell(
    computes ? 'It loads and thinks, and says what to compute.' : 'It loads and thinks; nothing is computed for it.',
  );
}

/** Written completely or not at all, so that a resumed run never takes its own figures for those before it. */
async function keepFigures(to: string): Promise<void> {
  const part = `${to}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(join(part, 'eval'), { recursive: true });
  await cp(join(root, 'eval/results'), join(part, 'eval/results'), { recursive: true });
  await rename(part, to);
}

async function calibrate({ questions, concurrency, threads }: TakeOptions): Promise<void> {
  const few =
    questions === undefined
      ? {}
      : { generated: questions, spoken: questions, gsm8k: questions, levelsOn: questions, samples: 3 };
  await calibrateModel({
    ...calibrationDefaults,
    model: embeddedModel.id,
    concurrency,
    threads,
    fresh: false,
    yes: true,
    ...few,
  });
}

async function measure(
  work: string,
  { questions, concurrency }: TakeOptions,
  each: { set: string; rows?: string },
): Promise<void> {
  const model = embeddedModel.id;
  const { report, folder } = await evaluate({
    ...each,
    n: questions,
    effort: publishedArms.join(','),
    baselines: true,
    model,
    concurrency,
    out: join(work, `${reportName(each)}-${model}`),
  });
  await publishReport(root, report, folder);
}

async function measureControl(work: string, { questions, concurrency }: TakeOptions): Promise<void> {
  const { report, folder } = await evaluate({
    set: 'generated',
    n: questions,
    baselines: true,
    model: zeroModel,
    concurrency,
    out: join(work, `generated-${zeroModel}`),
  });
  await publishReport(root, report, folder);
}
