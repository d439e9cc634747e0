import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { recordCorpus } from './record-corpus.ts';

/**
 * `npm run wire-corpus -- --out DIR [--model scripted|real]`: what goes over the wire for some 500 requests, into DIR/scripted
 * and DIR/real. `diff -r BEFORE AFTER` is empty where a change showed nothing outside.
 */
const { values } = parseArgs({ options: { out: { type: 'string' }, model: { type: 'string' } } });
if (values.out === undefined) throw new Error('--out DIR is missing');
for (const kind of ['scripted', 'real'] as const) {
  if ((values.model ?? kind) !== kind) continue;
  const count = await recordCorpus({ kind, folder: join(values.out, kind) });
  process.stdout.write(`${kind}: ${count} requests\n`);
}
process.exit();
