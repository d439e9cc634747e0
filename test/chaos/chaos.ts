/**
 * `npm run chaos -- --tools --kills 50 --clients 6`: kills between a call of a tool with effects and its result.
 * `npm run chaos -- --kills 200 --minutes 10 --mode redis|embedded --seed 1 --only redis,worker`: prints the report as JSON,
 * exit code 1 for any fault. SIGINT: no more faults, the run settles and is judged.
 */
import { parseArgs } from 'node:util';
import { faultNames } from './faults.ts';
import { runChaos } from './run-chaos.ts';
import { runToolKills } from './run-tool-kills.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '10' },
    mode: { type: 'string' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    clients: { type: 'string', default: '12' },
    poisoned: { type: 'string', default: '2' },
    tools: { type: 'boolean', default: false },
    only: { type: 'string', default: faultNames.join() },
  },
});
const only = values.only.split(',').map((name) => {
  const known = faultNames.find((one) => one === name);
  if (known === undefined) throw new Error(`--only has ${name}; there are ${faultNames.join(', ')}`);
  return known;
});
const enough = new AbortController();
process.once('SIGINT', () => enough.abort());
if (values.tools) {
  const log = (text: string) => void process.stderr.write(`tools: ${text}\n`);
  const report = await runToolKills({ kills: Number(values.kills), clients: Number(values.clients), log });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  if (report.faults.length > 0) process.exitCode = 1;
}
const modes = values.tools ? [] : values.mode === undefined ? (['redis', 'embedded'] as const) : [values.mode];
for (const mode of modes) {
  if (mode !== 'redis' && mode !== 'embedded') throw new Error('--mode is redis or embedded');
  const report = await runChaos({
    mode,
    kills: Number(values.kills),
    minutes: Number(values.minutes),
    seed: Number(values.seed),
    clients: Number(values.clients),
    poisoned: Number(values.poisoned),
    only,
    enough: enough.signal,
    log: (text) => process.stderr.write(`${mode}: ${text}\n`),
  });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  if (report.faults.length > 0) process.exitCode = 1;
}
