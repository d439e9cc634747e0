import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Figure, printTable } from '../decode/figure.ts';
import { folderPath } from '../decode/ours.ts';
import { loading } from './loading.ts';
import { besideNeighbour } from './neighbour.ts';
import { startAndMemory } from './start.ts';
import { twoProcesses } from './two.ts';

/**
 * How the product behaves on a machine that is shared: `npm run bench:machine -- [--part neighbour,two,start,memory,loading]
 * [--rounds 3] [--folder PATH] [--llama URL] [--json]`. All ratios are within one run, as medians, with the worst round in
 * the detail. `--llama` is a llama.cpp server with 8 slots (bench/upstream/README.md). Exits with 1 if an aim is missed.
 */
const parts = ['neighbour', 'two', 'start', 'memory', 'loading'];
const { values } = parseArgs({
  options: {
    part: { type: 'string', default: parts.join(',') },
    rounds: { type: 'string', default: '3' },
    folder: { type: 'string', default: folderPath },
    llama: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const wanted = new Set(values.part.split(','));
for (const name of wanted)
  if (!parts.includes(name)) throw new Error(`Unknown part ${name}. Allowed: ${parts.join(', ')}`);
const rounds = Number(values.rounds);
const figures: Figure[] = [];
const tables: Record<string, Record<string, number>> = {};
const add = (found: readonly Figure[]) => {
  figures.push(...found);
  for (const { name, ratio, detail } of found) console.error(`${name}: ${ratio} (${detail})`);
};

if (wanted.has('neighbour')) add(await besideNeighbour({ rounds, llama: values.llama }));
if (wanted.has('two')) add(await twoProcesses(rounds));
if (wanted.has('start') || wanted.has('memory')) {
  const measured = await startAndMemory(rounds);
  if (wanted.has('start')) {
    add(measured.start);
    tables['where the start goes (ms since the command)'] = measured.phases;
  }
  if (wanted.has('memory')) {
    add(measured.memory);
    tables['who holds the memory (MB, proportional set size)'] = measured.processes;
  }
}
if (wanted.has('loading')) {
  const measured = await loading(values.folder, rounds);
  add(measured.figures);
  tables['where the processor time of loading goes (ms)'] = measured.parts;
}

const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`;
if (values.json) console.log(JSON.stringify({ machine, figures, tables }));
else {
  console.log(machine);
  printTable(figures);
  for (const [title, rows] of Object.entries(tables)) {
    console.log(`\n${title}`);
    for (const [name, value] of Object.entries(rows)) console.log(`${String(value).padStart(7)}  ${name}`);
  }
}
process.exit(figures.some(({ holds }) => holds === false) ? 1 : 0);
