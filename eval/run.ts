import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { evaluate } from './evaluate.ts';
import { publishReport, writeFigures } from './figures/write-figures.ts';
import { accuracyTable, controlTable, originalsTable } from './markdown-report.ts';
import { runScript } from './run-script.ts';

const usage = `npm run eval -- --set NAME --effort LEVEL[,LEVEL] [options]
  --set NAME          generated, reworded, gsm8k-dev, open, mixed, everyday, or a JSONL     (generated)
                      file of {question, answer}
  --effort LEVELS     none, low, … or LEVEL:field=value (high:samples=1:checks=none)    (none,low,medium,high)
  --n N               the first N questions                                             (all)
  --rows A-B          only these lines of the set, counted from 1
  --strategy NAME     the strategy of the levels that think
  --model ID          a model of the service; zero: a script without a model, as control (its default)
  --url URL           a running service, with the key THINKFIRST_KEY                    (starts one)
  --concurrency C     requests at the same time                                         (16)
  --out DIR           the folder for finished rows, report.md, report.json, accuracy.svg (eval/runs/SET-MODEL)
  --publish           keep the report in eval/results and write its figures into the README files
  --no-baselines      leave out none and greedy, with which everything is compared
  --against ARM       also compare every arm with this one, paired by question; may be given again`;

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
  publish: z.boolean(),
  against: z.array(z.string()),
});

const root = fileURLToPath(new URL('..', import.meta.url));

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
      concurrency: { type: 'string', default: '16' },
      out: { type: 'string' },
      'no-baselines': { type: 'boolean', default: false },
      publish: { type: 'boolean', default: false },
      against: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const { 'no-baselines': bare, publish, ...given } = Options.parse(values);
  const { report, folder } = await evaluate({ ...given, baselines: !bare });
  if (publish) {
    await publishReport(root, report, folder);
    await writeFigures(root);
  }
  const tables = [
    accuracyTable(report.arms),
    ...(report.originals.length === 0 ? [] : [originalsTable(report.originals)]),
    ...(report.control.length === 0 ? [] : [controlTable(report.control)]),
  ];
  console.log(`\n${tables.join('\n\n')}\n\nreport.md, report.json and accuracy.svg are in ${folder}`);
}
