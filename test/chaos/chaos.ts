/**
 * `npm run chaos -- --kills 200 --minutes 10 --mode redis|embedded --seed 1 --only redis,worker`: prints the report as JSON,
 * exit code 1 for any fault. SIGINT: no more faults, the run settles and is judged.
 */
import { parseArgs } from 'node:util';
import { faultNames } from './faults.ts';
import { runChaos } from './run-chaos.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '10' },
    mode: { type: 'string' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    clients: { type: 'string', default: '12' },
    poisoned: { type: 'string', default: '2' },
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
const modes = values.mode === undefined ? (['redis', 'embedded'] as const) : [values.mode];
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
