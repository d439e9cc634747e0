import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { CliError } from '../src/cli/cli-error.ts';
import { namedService, type ServiceOptions } from '../src/cli/find-service.ts';
import { unreachable } from '../src/cli/service-client.ts';
import { LabelledCompletion, PreferencePair } from '../src/contracts/service/feedback.ts';
import { preferenceFile } from './preferences/preference-file.ts';

const usage = `npm run export:preferences -- [options]: feedback of a service as a file that TRL trains on (docs/tuning.md)
  --url URL           the service             (THINKFIRST_URL, else 127.0.0.1 at PORT or 8080)
  --key KEY           its key, scope feedback; with admin everybody's feedback    (THINKFIRST_KEY)
  --format FORMAT     dpo: pairs of a better and a worse answer; kto: answers with a thumb up or down    (dpo)
  --out DIR           gets train.jsonl and test.jsonl, as load_dataset reads a folder    (preferences)
  --held-out N        of how many prompts one goes into test.jsonl; 0: none    (10)`;

const Options = z.object({
  url: z.string().exactOptional(),
  key: z.string().exactOptional(),
  format: z.enum(['dpo', 'kto']),
  out: z.string().min(1),
  'held-out': z.coerce.number().int().min(0).max(1_000),
  help: z.boolean(),
});
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    key: { type: 'string' },
    format: { type: 'string', default: 'dpo' },
    out: { type: 'string', default: 'preferences' },
    'held-out': { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});
const parsed = Options.safeParse(values);
if (values.help) console.log(usage);
else if (!parsed.success) fail(z.prettifyError(parsed.error));
else await main(parsed.data);

async function main({ format, out, 'held-out': heldOut, ...options }: z.infer<typeof Options>): Promise<void> {
  const { url, key } = service(options);
  const shape = format === 'dpo' ? PreferencePair : LabelledCompletion;
  const reply = await fetch(new URL(`/v1/feedback?format=${format}`, url), {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  }).catch((error: unknown) => tell(unreachable(url, error)));
  if (!reply.ok) fail(`${url} answers ${reply.status}: ${(await reply.text()).slice(0, 300)}`);
  const rows = (await reply.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => shape.parse(JSON.parse(line)));
  const files = preferenceFile(rows, { heldOut });
  if (files.train.length === 0) {
    fail(`There is no feedback yet that gives a row of ${format}. docs/tuning.md says which feedback does.`);
  }
  await mkdir(out, { recursive: true });
  await write(join(out, 'train.jsonl'), files.train);
  const held = join(out, 'test.jsonl');
  // One of an earlier export would be evaluated on otherwise, and an empty one can't be loaded.
  await (files.test.length > 0 ? write(held, files.test) : rm(held, { force: true }));
  const { train, test, repeated } = files;
  console.log(`${train.length} to train on and ${test.length} held out, in ${out}; ${repeated} repeated ones left out`);
}

function service(options: ServiceOptions): { url: string; key: string | undefined } {
  try {
    return namedService(options, { variables: process.env });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return tell(error);
  }
}

function tell({ message, advice }: CliError): never {
  return fail([message, advice].filter(Boolean).join(' '));
}

async function write(file: string, rows: readonly object[]): Promise<void> {
  const stream = createWriteStream(file);
  for (const row of rows) stream.write(`${JSON.stringify(row)}\n`);
  stream.end();
  await once(stream, 'finish');
}

function fail(message: string): never {
  console.error(`export:preferences: ${message}`);
  process.exit(1);
}
