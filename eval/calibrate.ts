import { parseArgs } from 'node:util';
import { z } from 'zod';
import { embeddedModel } from '../src/entry/models/configured-models.ts';
import { calibrateModel, calibrationDefaults as defaults } from './calibration/calibrate-model.ts';
import { runScript } from './run-script.ts';

const usage = `npm run calibrate -- [options], or thinkfirst calibrate [options]: measures a model and writes its effort table
  --model MODEL       an id of thinkfirst.config.json or THINKFIRST_MODELS, a folder or a hub name    (the embedded one)
  --generated N       generated questions, none of the evaluation's    (120)
  --spoken N          of those said as a person would                  (60)
  --gsm8k N           of rows 1-300 of gsm8k-dev                       (60)
  --open N            open questions, for effort auto alone            (150)
  --questions FILE    and these of yours: JSONL of {question, answer}
  --samples N         chains beside the greedy one                     (7)
  --ceiling N         thinking tokens at which a chain is stopped      (1024)
  --levels-on N       of the questions, for running the levels         (150)
  --concurrency N     questions at a time                              (4)
  --threads N         of the inference of a local model                (2)
  --kv-mb N           key/value cache of a local model                 (768)
  --seed TEXT         of the generated questions                       (calibration-1)
  --out FILE          the table    (the entry's effortTable, else ./MODEL.effort.json; of the embedded one the package's)
  --yes               spend a server's tokens without being asked
  --auto-only         fit effort auto alone, into the table that there is
  --fresh             measure everything again; else a run that was stopped goes on where it was`;

const count = z.coerce.number().int().min(0);
const Options = z.object({
  model: z.string(),
  generated: count,
  spoken: count,
  gsm8k: count.max(300),
  open: count,
  questions: z.string().optional(),
  samples: count.min(1).max(64),
  ceiling: count.min(16),
  'levels-on': count.min(1),
  concurrency: count.min(1).max(64),
  threads: count.min(1).optional(),
  'kv-mb': count.min(16).optional(),
  seed: z.string(),
  out: z.string().optional(),
  'auto-only': z.boolean(),
  fresh: z.boolean(),
  yes: z.boolean(),
});

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: embeddedModel.id },
      generated: { type: 'string', default: String(defaults.generated) },
      spoken: { type: 'string', default: String(defaults.spoken) },
      gsm8k: { type: 'string', default: String(defaults.gsm8k) },
      open: { type: 'string', default: String(defaults.open) },
      questions: { type: 'string' },
      samples: { type: 'string', default: String(defaults.samples) },
      ceiling: { type: 'string', default: String(defaults.ceiling) },
      'levels-on': { type: 'string', default: String(defaults.levelsOn) },
      concurrency: { type: 'string', default: String(defaults.concurrency) },
      threads: { type: 'string' },
      'kv-mb': { type: 'string' },
      seed: { type: 'string', default: defaults.seed },
      out: { type: 'string' },
      'auto-only': { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const { 'levels-on': levelsOn, 'kv-mb': kvMegabytes, 'auto-only': autoOnly, ...options } = Options.parse(values);
  await calibrateModel({ ...options, levelsOn, kvMegabytes, autoOnly });
});
