import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFolder, failedStart, startService } from '../support/start-service.ts';

describe('a start that can’t succeed says why in one line and exits with 1', () => {
  let data: Awaited<ReturnType<typeof dataFolder>>;
  beforeAll(async () => {
    data = await dataFolder();
  });
  afterAll(() => data.remove());

  it('a busy port', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const address = holder.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { code, told } = await failedStart('start', { PORT: `${port}`, THINKFIRST_DATA: data.path });
    holder.close();
    expect(code).toBe(1);
    expect(told).toEqual([expect.stringContaining(`Port ${port} on 127.0.0.1 is in use`)]);
  });

  it.each([
    ['a missing model', { THINKFIRST_MODELS: './models/none' }, /\.?\/?models\/none/],
    ['an unwritable data folder', { THINKFIRST_DATA: '/dev/null/data' }, /\/dev\/null\/data is not writable/],
    ['an unreachable Redis', { REDIS_URL: 'redis://127.0.0.1:1' }, /Redis/],
    ['a bad variable', { PORT: 'http' }, /PORT/],
    ['an address beyond loopback without keys', { HOST: '0.0.0.0' }, /THINKFIRST_OPEN=1/],
  ])('%s', async (_, environment, line) => {
    const { code, told } = await failedStart('start', { THINKFIRST_DATA: data.path, ...environment });
    expect(told).toEqual([expect.stringMatching(line)]);
    expect(code).toBe(1);
  });

  it('half a service without Redis', async () => {
    const { code, told } = await failedStart('worker', {});
    expect(told).toEqual([expect.stringContaining('npm run worker runs only part of the service and needs REDIS_URL')]);
    expect(code).toBe(1);
  });
});

describe('a start', () => {
  it('prints a curl command that works when pasted, and ends with exit code 0 on Ctrl-C', async () => {
    const data = await dataFolder();
    const service = await startService('start', { THINKFIRST_DATA: data.path });
    expect(service.output()).toContain(data.path);
    expect(service.output()).toContain('thinkfirst-135m');
    const ready = await fetch(`${service.url}/readyz`);
    expect(ready.status).toBe(200);
    await service.logged(({ msg }) => msg === 'inference process ready');
    expect(await service.stop()).toBe(0);
    await data.remove();
  });
});
