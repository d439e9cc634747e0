import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gate } from '../support/queue-jobs.ts';
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
    // Else the first of them could have answered everything before the other has read its model.
    await Promise.all(workers.map((worker) => worker.logged(({ msg }) => msg === 'inference process ready')));
  });
  afterAll(async () => {
    await Promise.all([api, ...workers].map((each) => each.stop()));
    await redis.close();
  });

  /** However long it takes: a wait ends after its seconds, with whatever state there is. */
  async function untilEnded(id: string) {
    for (;;) {
      const response = await getJson(`${api.url}/v1/responses/${id}?wait=30`);
      if (response.status !== 'queued' && response.status !== 'in_progress') return response;
    }
  }

  it('answers 50 background requests, each in one attempt, with both workers', async () => {
    const ids = await Promise.all(
      Array.from({ length: requests }, async (_, index) => {
        const input = `What is ${index} + ${index + 7}?`;
        return (await postJson(`${api.url}/v1/responses`, { input, mode: 'fast', background: true })).body.id;
      }),
    );
    const ended = await Promise.all(ids.map((id: string) => untilEnded(id)));
    expect(ended.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
    const started = () =>
      workers.map((worker) =>
        worker.log().flatMap(({ msg, response }) => (msg === 'attempt started' ? [String(response)] : [])),
      );
    // A worker's log may come behind its answers.
    await expect.poll(() => started().flat().length).toBeGreaterThanOrEqual(requests);
    expect(started().flat().sort()).toEqual([...ids].sort());
    for (const own of started()) expect(own.length).toBeGreaterThan(0);
  });

  it('promises no more context than the workers have room for, and refuses at once what would not fit', async () => {
    const promised = async () => (await getJson(`${api.url}/v1/models`)).data[0].context_length;
    // The API looks each second.
    await expect.poll(promised).toBeLessThan(8_192);
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
      max_output_tokens: 400,
      // The tokens that would end it: it is far from its end when its worker is killed.
      logit_bias: { 0: -100, 2: -100 },
    });
    const owner = await Promise.race(
      workers.map(async (worker) => {
        await worker.logged(({ msg, response }) => msg === 'attempt started' && response === body.id);
        return worker;
      }),
    );
    owner.kill('SIGKILL');
    expect(await untilEnded(body.id)).toMatchObject({ status: 'incomplete', output_text: expect.stringMatching(/\w/) });
    const other = workers.filter((worker) => worker !== owner);
    await expect
      .poll(() => other.flatMap((worker) => worker.log()))
      .toContainEqual(expect.objectContaining({ msg: 'attempt started', response: body.id }));
    workers.splice(workers.indexOf(owner), 1);
  });

  it('serves a model that is added while it runs, drains one that is removed, and a later worker reads the same list', async () => {
    const path = `${api.url}/v1/configuration/models`;
    const add = (model: object) => postJson(path, { model, write: true });
    const remove = async (id: string) => (await fetch(`${path}/${id}`, { method: 'DELETE' })).status;
    const ask = (model: string, more: object = {}) =>
      postJson(`${api.url}/v1/responses`, { model, input: 'hello', mode: 'fast', ...more });
    const stateOf = async (id: string) => {
      const { data, pending } = await getJson(`${api.url}/v1/models`);
      return [...data, ...pending].find((model) => model.id === id);
    };
    const isReady = (id: string) =>
      expect.poll(async () => (await stateOf(id))?.status, { timeout: 60_000 }).toBe('ready');
    const server = await startGatedServer();
    const broken = await folderWithBrokenWeights();
    try {
      // Two admins at once: one of them adds it.
      const both = await Promise.all([add(server.as('gated')), add(server.as('gated'))]);
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 400]);
      expect(await stateOf('gated')).toMatchObject({ source: 'added' });
      await isReady('gated');

      // What runs when it is removed ends; nobody else gets in.
      const running = (await ask('gated', { background: true })).body;
      await server.asked();
      expect(await remove('gated')).toBe(200);
      expect(await ask('gated')).toMatchObject({ status: 404, body: { error: { code: 'model_not_found' } } });
      const now = () => getJson(`${api.url}/v1/responses/${running.id}`);
      await expect.poll(now).toMatchObject({ status: 'in_progress' });
      server.open();
      expect(await untilEnded(running.id)).toMatchObject({ status: 'completed', output_text: 'through the gate' });

      // Its name is free again. What the worker can't load says why.
      expect((await add({ kind: 'folder', folder: broken.path, id: 'broken' })).status).toBe(200);
      expect((await add(server.as('gated'))).status).toBe(200);
      await isReady('gated');
      expect((await ask('gated')).body).toMatchObject({ status: 'completed', output_text: 'through the gate' });
      await expect
        .poll(() => stateOf('broken'), { timeout: 60_000 })
        .toMatchObject({
          status: 'failed',
          reason: expect.stringMatching(/\S/),
        });
      expect(await ask('broken')).toMatchObject({ status: 503, body: { error: { code: 'model_unavailable' } } });

      // While no worker is there: what waits for a removed model fails at once, and what is added waits for one.
      await Promise.all(workers.splice(0).map((worker) => worker.stop()));
      const waiting = (await ask('gated', { background: true })).body;
      expect(await remove('gated')).toBe(200);
      expect(await untilEnded(waiting.id)).toMatchObject({
        status: 'failed',
        error: { message: expect.stringMatching(/'gated' was removed/) },
      });
      expect((await add(server.as('later'))).status).toBe(200);
      await expect
        .poll(() => stateOf('later'))
        .toMatchObject({ status: 'loading', reason: expect.stringMatching(/No worker/) });
      const environment = { REDIS_URL: redis.url, REDIS_PREFIX: `e2e-${process.pid}` };
      // Its own model is on a server, so it starts without weights.
      const { kind: _, ...configured } = server.as('configured');
      const entry = JSON.stringify([{ ...configured, family: 'plain' }]);
      workers.push(await startService('worker', { ...environment, THINKFIRST_MODELS: entry }));
      await isReady('later');
      expect((await ask('later')).body).toMatchObject({ status: 'completed', output_text: 'through the gate' });
    } finally {
      await server.close();
      await broken.remove();
    }
  });
});

/** A model server whose first answer waits until the gate is opened. */
async function startGatedServer() {
  const gated = gate();
  const first = gate();
  const server = createServer(async (request, response) => {
    if (request.url === '/v1/models') {
      response.setHeader('content-type', 'application/json').end('{"data":[{"id":"m"}]}');
    } else if (request.url === '/v1/chat/completions') {
      first.open();
      await gated.promise;
      const choice = { index: 0, delta: { role: 'assistant', content: 'through the gate' }, finish_reason: 'stop' };
      const event = { id: 'c', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [choice] };
      response.setHeader('content-type', 'text/event-stream');
      response.end(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`;
  return {
    as: (id: string) => ({ kind: 'upstream', id, url, model: 'm' }),
    asked: () => first.promise,
    open: () => gated.open(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The embedded model's folder with all that an API reads; what a worker loads is broken. */
async function folderWithBrokenWeights() {
  const path = await mkdtemp(join(tmpdir(), 'thinkfirst-broken-'));
  const model = fileURLToPath(new URL('../../models/thinkfirst-135m', import.meta.url));
  for (const name of await readdir(model)) {
    if (/\.json$|\.jinja$/.test(name)) await copyFile(join(model, name), join(path, name));
  }
  await mkdir(join(path, 'onnx'));
  await writeFile(join(path, 'onnx', 'model_q4.onnx'), 'no graph');
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
