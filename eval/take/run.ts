import { parseArgs } from 'node:util';
import { z } from 'zod';
import { runScript } from '../run-script.ts';
import { takeModel } from './take-model.ts';

const usage = `npm run model:take -- FOLDER [options]: takes new weights in as the embedded model. It checks FOLDER, copies it into
models/thinkfirst-135m, calibrates, evaluates on all sets, writes the figures into the README files and the card, and shows
them before and after. After a kill, the same command continues where it was.
  --questions N         at most so many of each set and of the calibration: a trial   (all)
  --concurrency C       questions at a time                                           (16)
  --threads N           of the inference while calibrating                            (2)
  --without-compute     its generation_config.json has no thinkfirst_compute, and that is meant
  --fresh               begin anew with these weights`;

await runScript(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      questions: { type: 'string' },
      concurrency: { type: 'string', default: '16' },
      threads: { type: 'string', default: '2' },
      'without-compute': { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [folder, more] = positionals;
  if (values.help) return console.log(usage);
  if (folder === undefined || more !== undefined)
    throw new Error('One folder was expected: npm run model:take -- FOLDER');
  const number = z.coerce.number().int().min(1);
  const { 'without-compute': withoutCompute, ...options } = z
    .object({
      questions: number.optional(),
      concurrency: number.max(64),
      threads: number,
      'without-compute': z.boolean(),
      fresh: z.boolean(),
    })
    .parse(values);
  const table = await takeModel({ ...options, folder, withoutCompute, tell: (message) => console.error(message) });
  console.log(`\n${table}`);
});
