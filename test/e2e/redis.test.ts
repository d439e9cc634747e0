import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisMissing, startTestRedis, type TestRedis } from '../support/redis-server.ts';
import { getJson, postJson, startService, type TestService } from '../support/start-service.ts';

const requests = 50;

/** One API process and two workers on one Redis, the real model in each worker. */
describe.skipIf(redisMissing())('the service on Redis', () => {
  let redis: TestRedis;
  let api: TestService;
  let workers: TestService[];

  beforeAll(async () => {
    redis = await startTestRedis();
    const environment = { REDIS_URL: redis.url, REDIS_PREFIX: `e2e-${process.pid}`, THINKFIRST_THREADS: '1' };
    // Room for fewer tokens than the model takes, of which the API's own settings say nothing.
    const small = { ...environment, THINKFIRST_KV_MB: '64' };
    [api, ...workers] = await Promise.all([
      startService('serve', environment),
      startService('worker', small),
      startService('worker', small),
    ]);
  });
  afterAll(async () => {
    await Promise.all([api, ...workers].map((each) => each.stop()));
    await redis.close();
  });

  it('answers 50 background requests, each in one attempt, with both workers', async () => {
    const ids = await Promise.all(
      Array.from({ length: requests }, async (_, index) => {
        const input = `What is ${index} + ${index + 7}?`;
        return (await postJson(`${api.url}/v1/responses`, { input, mode: 'fast', background: true })).body.id;
      }),
    );
    const ended = await Promise.all(ids.map((id: string) => getJson(`${api.url}/v1/responses/${id}?wait=30`)));
    expect(ended.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
    const started = workers.map((worker) =>
      worker.log().flatMap(({ msg, response }) => (msg === 'attempt started' ? [String(response)] : [])),
    );
    expect(started.flat().sort()).toEqual([...ids].sort());
    for (const own of started) expect(own.length).toBeGreaterThan(0);
  });

  it('promises no more context than the workers have room for, and refuses at once what would not fit', async () => {
    const promised = async () => (await getJson(`${api.url}/v1/models`)).data[0].context_length;
    // The API looks each second.
    await expect.poll(promised, { timeout: 30_000 }).toBeLessThan(8_192);
    const input = 'word '.repeat((await promised()) + 100);
    const refused = await postJson(`${api.url}/v1/responses`, { input, mode: 'fast' });
    expect(refused).toMatchObject({
      status: 400,
      body: { error: { code: 'context_length_exceeded', param: 'input' } },
    });
  });

  it('finishes what a killed worker had begun', async () => {
    const { body } = await postJson(`${api.url}/v1/responses`, {
      input: 'Write a long story about a lighthouse keeper.',
      mode: 'fast',
      background: true,
      max_output_tokens: 1500,
      temperature: 0.9,
      stop: ['never said'],
    });
    const owner = await Promise.race(
      workers.map(async (worker) => {
        await worker.logged(({ msg, response }) => msg === 'attempt started' && response === body.id);
        return worker;
      }),
    );
    owner.kill('SIGKILL');
    let now = body;
    while (now.status === 'queued' || now.status === 'in_progress') {
      now = await getJson(`${api.url}/v1/responses/${body.id}?wait=30`);
    }
    expect(['completed', 'incomplete']).toContain(now.status);
    expect(now.output_text).not.toBe('');
    workers.splice(workers.indexOf(owner), 1);
  });
});
