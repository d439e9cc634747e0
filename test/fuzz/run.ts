import { parseArgs } from 'node:util';
import { createRandom } from '../../bench/decode/random.ts';
import { evil } from '../e2e/hostile/corpus.ts';
import { largeBodies, randomBodies } from '../e2e/hostile/large-bodies.ts';
import { fuzz } from '../support/fuzz.ts';
import { dataFolder, startService } from '../support/start-service.ts';

/**
 * `npm run fuzz -- --minutes 10 [--bodies 1000]`: the long run against the service with the real model: schemathesis, then
 * bodies that are made to be slow, to get out of their role or to reach inside: those of the hostile corpus and drawn large
 * ones. Exit code 1: something was found.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    cases: { type: 'string' },
    bodies: { type: 'string', default: '1000' },
  },
});
const data = await dataFolder();
const service = await startService('start', { THINKFIRST_DATA: data.path, THINKFIRST_LOG_LEVEL: 'error' });
try {
  const { code } = await fuzz({
    url: service.url,
    seconds: Number(values.minutes) * 60,
    cases: Number(values.cases ?? 200),
    ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
    onOutput: (text) => process.stdout.write(text),
  });
  for (const entry of service.log()) console.error(JSON.stringify(entry));
  const found = await hostileBodyFaults();
  for (const fault of found) console.error(fault);
  process.exitCode = code === 0 && found.length === 0 ? 0 : 1;
} finally {
  await service.stop();
  await data.remove();
}

/** Each is answered, and with no 5xx but 503; `/healthz` answers after each. */
async function hostileBodyFaults(): Promise<string[]> {
  const bytes = 1_048_576;
  const random = createRandom(Number(values.seed ?? 1));
  const drawn = randomBodies(Number(values.bodies), bytes, (below) => Math.floor(random() * below));
  const few = { model: 'MODEL', input: 'a', mode: 'fast', max_output_tokens: 4 };
  const given = Object.entries(evil).map(([name, more]) => {
    return { name, path: '/v1/responses', body: JSON.stringify({ ...few, ...more }) };
  });
  const faults: string[] = [];
  for (const { name, path, body } of [...given, ...largeBodies(bytes), ...drawn]) {
    const answer = await fetch(new URL(path, service.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body.replaceAll('"MODEL"', '"thinkfirst-135m"'),
    }).catch((error: unknown) => ({ status: String(error) }));
    const { status } = answer;
    if (typeof status === 'string' || (status >= 500 && status !== 503)) faults.push(`${name}: ${status}`);
    if ('body' in answer) await answer.body?.cancel();
    if ((await fetch(new URL('/healthz', service.url))).status !== 200) faults.push(`${name}: /healthz`);
  }
  return faults;
}
