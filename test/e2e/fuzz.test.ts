import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuzz } from '../support/fuzz.ts';
import { pythonMissing } from '../support/python-environment.ts';
import { dataFolder, startService, type TestService } from '../support/start-service.ts';

/** The same cases each time; `npm run fuzz -- --minutes 10` looks for new ones. */
describe.skipIf(await pythonMissing())('whatever fits or breaks the schemas of /openapi.json', () => {
  let data: Awaited<ReturnType<typeof dataFolder>>;
  let service: TestService;
  beforeAll(async () => {
    data = await dataFolder();
    service = await startService('start', { THINKFIRST_DATA: data.path, THINKFIRST_LOG_LEVEL: 'error' });
  });
  afterAll(async () => {
    await service.stop();
    await data.remove();
  });

  it('is answered as the document says, and never with a 5xx', async () => {
    const { code, report } = await fuzz({ url: service.url, seconds: 30, cases: 5, seed: 1 });
    expect(code, report.slice(-8_000)).toBe(0);
    expect(service.log()).toEqual([]);
  });
});
