import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../../src/api/dependencies.ts';
import { createApi, createSemaphore, createWorkingApi } from './fixture.ts';

const limits = { ...defaultLimits, keepAliveMs: 1 };

/** Reads until white space has come. */
async function untilSpace(response: Response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader?.read();
  expect(first?.value).toBe(' ');
  const rest = async () => {
    let text = '';
    for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) text += next.value;
    return text;
  };
  return { reader, rest };
}

/** A response that waits in the middle of its answer. */
async function waiting() {
  const gate = createSemaphore('two');
  const api = await createWorkingApi({ deltas: ['one', 'two'], gate: gate.gate }, { limits });
  return { ...api, gate };
}

describe('a request that waits', () => {
  test('gets white space before its JSON, which any parser takes', async () => {
    const { ask, gate } = await waiting();
    const response = await ask({ input: 'a' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    const { rest } = await untilSpace(response);
    gate.open();
    const text = await rest();
    expect(text).toMatch(/^ *\{/);
    expect(JSON.parse(text)).toMatchObject({ status: 'completed', output_text: 'onetwo' });
  });

  test('with ?wait= gets it as well', async () => {
    const { app, ask, gate } = await waiting();
    await ask({ input: 'a', background: true });
    await gate.reached;
    const { rest } = await untilSpace(await app.request('/v1/responses/resp_0000?wait=30'));
    gate.open();
    expect(JSON.parse(await rest())).toMatchObject({ status: 'completed', output_text: 'onetwo' });
  });

  test('for a response that fails has the failed response', async () => {
    const gate = createSemaphore('two');
    const { ask } = await createWorkingApi(
      {
        deltas: ['one', 'two'],
        async gate(name, lease) {
          await gate.gate(name, lease);
          if (name === 'two') throw new Error('internal detail');
        },
      },
      { limits },
    );
    const { rest } = await untilSpace(await ask({ input: 'a' }));
    gate.open();
    expect(JSON.parse(await rest())).toMatchObject({ status: 'failed', error: { code: 'server_error' } });
  });

  test('is answered as ever where it is quick, and refused with its own status', async () => {
    const { app, ask } = await createWorkingApi();
    expect(await (await ask({ input: 'a' })).text()).toMatch(/^\{/);
    const refused = await ask({ input: 'a', model: 'none' });
    expect([refused.status, await refused.text()]).toMatchObject([404, expect.stringMatching(/^\{/)]);
    expect((await app.request('/v1/responses/resp_none?wait=30')).status).toBe(404);
  });

  test('is broken off where the outcome can’t be told any more', async () => {
    let fail = (): void => undefined;
    const failing = new Promise<void>((_resolve, reject) => {
      fail = () => reject(new Error('ECONNRESET 10.0.0.1'));
    });
    const api = createApi();
    const queue = {
      ...api.queue,
      // biome-ignore lint/correctness/useYield: it fails before it has anything
      async *events() {
        await failing;
      },
    };
    const { ask, logged } = createApi({ queue, limits });
    const { rest } = await untilSpace(await ask({ input: 'a' }));
    fail();
    await expect(rest()).rejects.toThrow('ECONNRESET');
    expect(logged.join()).toContain('a waiting answer broke');
  });

  test('that goes away then stops its response, which is no error to report', async () => {
    const { ask, queue, gate, logged } = await waiting();
    const { reader } = await untilSpace(await ask({ input: 'a' }));
    await gate.reached;
    await Promise.all([reader?.read(), reader?.cancel()]);
    await expect.poll(async () => (await queue.get('resp_0000'))?.status).toBe('cancelled');
    await expect.poll(() => queue.readers()).toBe(0);
    expect(logged.join()).not.toContain('broke');
  });

  test('by ?wait= stops nothing', async () => {
    const { app, ask, queue, gate } = await waiting();
    await ask({ input: 'a', background: true });
    await gate.reached;
    const { reader } = await untilSpace(await app.request('/v1/responses/resp_0000?wait=30'));
    await reader?.cancel();
    await expect.poll(() => queue.readers()).toBe(0);
    expect((await queue.get('resp_0000'))?.status).toBe('in_progress');
    gate.open();
  });
});
