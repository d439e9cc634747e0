import { parseArgs } from 'node:util';
import { computedValues } from './computed.ts';
import { constrained } from './constrained.ts';
import { type Figure, printTable } from './figure.ts';
import { openGenerate } from './generate.ts';
import { memoryLimit } from './limit.ts';
import { openLlama } from './llama.ts';
import { eightSamples, randomArrivals, secondTurn } from './many-rows.ts';
import { memory } from './memory.ts';
import { openOurs } from './ours.ts';
import { singleRow } from './single-row.ts';
import { speculation } from './speculation.ts';
import { wholeWay } from './way.ts';

/**
 * The decoder's figures, each a ratio within one run: `npm run bench:decode -- [--json] [--gguf PATH] [--only NAME]…
 * [--rounds N] [--requests N]`. Parts: memory, limit, way, single, samples, arrivals, turns, constrained, computed, guesses. Exits
 * with 1 if an aim is missed.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    gguf: { type: 'string' },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '10000' },
  },
});
const rounds = Number(values.rounds);
const wanted = (name: string) => !values.only || values.only.includes(name);
const figures: Figure[] = [];
const add = (...found: Figure[]) => {
  figures.push(...found);
  // Some take minutes, so each is shown as soon as it is known.
  for (const { name, ratio } of found) console.error(`${name}: ${ratio}`);
};

// Memory first, in separate processes.
if (wanted('memory')) add(...(await memory(Number(values.requests))));
const ours = await openOurs();
if (wanted('limit')) add(...(await memoryLimit(ours, rounds)));
if (wanted('way')) add(...(await wholeWay(rounds)));
if (wanted('single') || wanted('samples')) {
  const generate = await openGenerate();
  const llama = await openLlama(values.gguf ?? process.env['THINKFIRST_BENCH_GGUF']);
  if (wanted('single')) add(...(await singleRow(ours, generate, llama, rounds)));
  if (wanted('samples')) add(...(await eightSamples(ours, generate)));
  await generate.close();
  if (!('missing' in llama)) await llama.close();
}
if (wanted('arrivals')) add(await randomArrivals(ours, Math.min(3, rounds)));
if (wanted('turns')) add(await secondTurn(ours, rounds));
if (wanted('constrained')) add(...(await constrained(ours, rounds)));
if (wanted('computed')) add(...(await computedValues(ours, rounds)));
if (wanted('guesses')) add(...(await speculation(ours, rounds)));
await ours.model.close();

if (values.json) {
  console.log(
    JSON.stringify(
      Object.fromEntries(figures.map(({ name, ratio, aim, holds, detail }) => [name, { ratio, aim, holds, detail }])),
    ),
  );
} else printTable(figures);
process.exit(figures.some(({ holds }) => holds === false) ? 1 : 0);
