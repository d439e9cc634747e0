import { parseArgs } from 'node:util';
import { z } from 'zod';
import { embeddedModel } from '../src/entry/models/configured-models.ts';
import { calibrateModel, calibrationDefaults as defaults } from './calibration/calibrate-model.ts';
import { runScript } from './run-script.ts';

const usage = `npm run calibrate -- [options], or thinkfirst calibrate [options]: measures a model and writes its effort table
  --model MODEL       an id of thinkfirst.config.json or THINKFIRST_MODELS, a folder or a hub name    (the embedded one)
  --generated N       generated questions (none of the evaluation's)   (120)
  --spoken N          how many of them are worded as a person would    (60)
  --gsm8k N           questions from rows 1-300 of gsm8k-dev           (60)
  --open N            open questions, only for effort auto             (150)
  --questions FILE    questions of yours in addition: JSONL of {question, answer}
  --samples N         chains in addition to the greedy one             (7)
  --ceiling N         thinking tokens at which a chain is stopped      (1024; 8192 for models that think by themselves; at most half the context)
  --levels-on N       questions on which the levels are run            (150)
  --concurrency N     questions at the same time                       (4)
  --threads N         threads for the inference of a local model       (2)
  --kv-mb N           MB for the key/value cache of a local model      (768)
  --seed TEXT         seed of the generated questions                  (calibration-1)
  --out FILE          the table    (the entry's effortTable, else ./MODEL.effort.json; of the embedded one the package's)
  --yes               do not ask before spending a server's tokens
  --auto-only         fit only effort auto, and add it to the existing table
  --fresh             measure everything again; otherwise a stopped run continues where it was`;

const count = z.coerce.number().int().min(0);
const Options = z.object({
  model: z.string(),
  generated: count,
  spoken: count,
  gsm8k: count.max(300),
  open: count,
  questions: z.string().optional(),
  samples: count.min(1).max(64),
  ceiling: count.min(16).optional(),
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
      ceiling: { type: 'string' },
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
