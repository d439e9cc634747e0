import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindFault, type Invocation, npmInvocation } from '../../src/entry/http/listen.ts';

const cli: Invocation = { command: 'thinkfirst serve', whole: 'thinkfirst serve', options: { PORT: '--port' } };
const npm = npmInvocation({ api: true, worker: true });

/** Answers as a service does, or as something else. */
let answer = '{}';
const holder = createServer((_, response) => void response.end(answer));
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => void holder.close());

function fault(
  code: string,
  { invocation = cli, metricsPort, redis }: { invocation?: Invocation; metricsPort?: number; redis?: string } = {},
) {
  const environment = { HOST: '127.0.0.1', PORT: port, REDIS_URL: redis };
  return bindFault(Object.assign(new Error(code), { code }), { environment, invocation, metricsPort });
}

describe('an address that can’t be bound', () => {
  it('is in use by something else: another port, as it was typed', async () => {
    answer = '{"status":"ok"}';
    expect(await fault('EADDRINUSE')).toMatch(
      /is in use\. Stop the program that uses it.*: thinkfirst serve --port \d+$/,
    );
    expect(await fault('EADDRINUSE', { invocation: npm })).toMatch(/: PORT=\d+ npm start$/);
  });

  it.each([
    ['is ready', '{"status":"ready","parts":{}}'],
    ['starts', '{"error":{"message":"","type":"service_unavailable","code":"backend_unavailable","param":null}}'],
  ])('is that of a Thinkfirst that %s: a second one needs a folder of its own as well', async (_, body) => {
    answer = body;
    const told = await fault('EADDRINUSE');
    expect(told).toMatch(/by another Thinkfirst service.*: THINKFIRST_DATA=data-\d+ thinkfirst serve --port \d+$/);
    const onRedis = await fault('EADDRINUSE', { redis: 'redis://127.0.0.1' });
    expect(onRedis).toMatch(/To start a second one: thinkfirst serve --port \d+$/);
  });

  it('is this process’s own, of METRICS_PORT', async () => {
    expect(await fault('EADDRINUSE', { metricsPort: port })).toBe(
      `PORT and METRICS_PORT are both ${port}. Change one of them: METRICS_PORT=${port + 1} thinkfirst serve`,
    );
  });

  it('may not be opened', async () => {
    expect(await fault('EACCES')).toContain('above 1023: thinkfirst serve --port 8080');
  });
});
