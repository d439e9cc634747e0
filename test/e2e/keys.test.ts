import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { NewApiKey } from '../../src/contracts/service/api-key.ts';
import { openKeys } from '../../src/entry/open-records.ts';
import type { KeyStore } from '../../src/store/key-store.ts';
import { dataFolder, startService, type TestService } from '../support/start-service.ts';

describe('keys that another process makes and revokes', () => {
  let data: Awaited<ReturnType<typeof dataFolder>>;
  beforeAll(async () => {
    data = await dataFolder();
  });
  afterAll(() => data.remove());

  /** As `thinkfirst keys` does it, in this process. */
  async function withKeys<T>(work: (keys: KeyStore) => Promise<T>): Promise<T> {
    const { keys, close } = await openKeys({ THINKFIRST_DATA: data.path });
    try {
      return await work(keys);
    } finally {
      await close();
    }
  }
  const create = (wanted: Partial<NewApiKey> = {}) => withKeys((keys) => keys.create({ name: 'test', ...wanted }));
  const status = async ({ url }: TestService, secret?: string) => {
    const headers: Record<string, string> = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
    return (await fetch(`${url}/v1/responses`, { headers })).status;
  };
  const becomes = (service: TestService, secret: string | undefined, expected: number) =>
    vi.waitFor(async () => expect(await status(service, secret)).toBe(expected), { timeout: 30_000, interval: 200 });

  test('a running service notices both', async () => {
    const service = await startService('start', { THINKFIRST_DATA: data.path });
    expect(await status(service)).toBe(200);
    const { id, secret } = await create({ scopes: ['trace:summary'] });
    await becomes(service, undefined, 401);
    expect(await status(service, secret)).toBe(200);
    const other = await create();
    expect(await status(service, other.secret)).toBe(200);
    const asked = await fetch(`${service.url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ input: 'What is 2 + 2?', mode: 'fast' }),
    });
    const { id: response } = z.object({ id: z.string() }).parse(await asked.json());
    const read = (by: string) =>
      fetch(`${service.url}/v1/responses/${response}`, { headers: { 'x-api-key': by } }).then(
        (answer) => answer.status,
      );
    expect(await read(secret)).toBe(200);
    expect(await read(other.secret)).toBe(404);
    await withKeys((keys) => keys.revoke(id));
    await becomes(service, secret, 401);
    expect(await service.stop()).toBe(0);
    expect(service.log().some((entry) => JSON.stringify(entry).includes(secret.slice(-20)))).toBe(false);
  });

  test('made while no service runs, they let it listen beyond loopback, and are asked for there', async () => {
    const { secret } = await create();
    const service = await startService('start', { THINKFIRST_DATA: data.path, HOST: '0.0.0.0' });
    expect(await status(service)).toBe(401);
    expect(await status(service, secret)).toBe(200);
    expect(await service.stop()).toBe(0);
  });
});
