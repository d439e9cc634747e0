import { parseArgs } from 'node:util';
import { fuzz } from '../support/fuzz.ts';
import { dataFolder, startService } from '../support/start-service.ts';

/** `npm run fuzz -- --minutes 10`: the long run against the service with the real model. Exit code 1: something was found. */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' }, cases: { type: 'string' } },
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
  process.exitCode = code === 0 ? 0 : 1;
} finally {
  await service.stop();
  await data.remove();
}
