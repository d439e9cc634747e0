import { expect, test } from 'vitest';
import { createKeyStore } from '../../src/store/key-store.ts';
import { createMemoryRecords } from '../support/memory-records.ts';

function setUp() {
  const records = createMemoryRecords();
  const clock = { ms: 1_700_000_000_000 };
  const open = () => createKeyStore({ records, now: () => clock.ms, freshMs: 2_000 });
  return { records, clock, open };
}

test('a secret is its key’s, and stands nowhere in the store', async () => {
  const { records, open } = setUp();
  const keys = open();
  const created = await keys.create({ name: 'laptop', scopes: ['trace:summary', 'feedback'], tokens_per_day: 1_000 });
  expect(created.secret).toMatch(/^tf_[0-9a-f]{24}_[\w-]{43}$/);
  expect(await keys.authenticate(created.secret)).toMatchObject({
    id: created.id,
    scopes: { trace: 'summary', feedback: true, admin: false },
    limits: { requests_per_minute: null, concurrent_responses: null, tokens_per_day: 1_000 },
  });
  const [shown] = await keys.list();
  expect(shown).toEqual({ ...created, secret: undefined });
  expect(shown).not.toHaveProperty('secret');
  const stored = await Promise.all((await records.keys('keys')).map((key) => records.get(key)));
  const proof = created.secret.slice(-43);
  expect(JSON.stringify(stored)).not.toContain(proof);
  expect(JSON.stringify(stored)).not.toContain(Buffer.from(proof).toString('base64'));
});

test('a new key sees no thought', async () => {
  const { open } = setUp();
  expect((await open().create({ name: 'a' })).scopes).toEqual(['trace:none']);
});

test.each([
  ['the last character is another', (secret: string) => secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A')],
  ['its id is another’s', (secret: string, other: string) => other.slice(0, 28) + secret.slice(28)],
  ['it is too long', (secret: string) => `${secret}A`],
  ['it is empty', () => ''],
  ['it is the id', (secret: string) => secret.slice(0, 27)],
  ['it names a record of another kind', () => `tf_../../secret_${'A'.repeat(43)}`],
])('a secret is refused where %s', async (_, change) => {
  const { open } = setUp();
  const keys = open();
  const [one, other] = [await keys.create({ name: 'a' }), await keys.create({ name: 'b' })];
  expect(await keys.authenticate(change(one.secret, other.secret))).toBeUndefined();
});

test('another process’s keys count at once, its revocations within the time given', async () => {
  const { open, clock } = setUp();
  const [cli, service] = [open(), open()];
  expect(await service.required()).toBe(false);
  const { id, secret } = await cli.create({ name: 'a' });
  expect(await service.authenticate(secret)).toMatchObject({ id });
  await cli.revoke(id);
  clock.ms += 2_000;
  expect(await service.authenticate(secret)).toBeUndefined();
  expect(await service.required()).toBe(true);
});

test('keys stay required when the last one is revoked', async () => {
  const { open } = setUp();
  const keys = open();
  const { id } = await keys.create({ name: 'a' });
  const revoked = await keys.revoke(id);
  expect(revoked?.revoked_at).toBe(1_700_000_000);
  expect(await keys.revoke(id)).toEqual(revoked);
  expect(await keys.revoke('key_000000000000000000000000')).toBeUndefined();
  expect(await keys.revoke('../secret')).toBeUndefined();
  expect(await open().required()).toBe(true);
});

test('requests that come while it is looked up whether keys are required all wait for the answer', async () => {
  const { open } = setUp();
  await open().create({ name: 'a' });
  const service = open();
  expect(await Promise.all([service.required(), service.required(), service.required()])).toEqual([true, true, true]);
});

test('a record that is broken is no key, and hides no other', async () => {
  const { records, open } = setUp();
  const keys = open();
  const { id, secret } = await keys.create({ name: 'a' });
  await keys.create({ name: 'b' });
  await records.set(`keys:${id}`, '{"version":1,"id"');
  expect(await open().authenticate(secret)).toBeUndefined();
  expect((await open().list()).map(({ name }) => name)).toEqual(['b']);
});

test.each([
  { name: '' },
  { name: 'a'.repeat(65) },
  { name: 'bell\u0007' },
  { name: 'a', tokens_per_day: 0 },
  { name: 'a', requests_per_minute: 1.5 },
])('%j is no key', async (wanted) => {
  await expect(setUp().open().create(wanted)).rejects.toThrow();
});

test('a key that waits for its confirmation lets nobody in and closes nothing; confirmed, it does both', async () => {
  const { open, clock } = setUp();
  const [keys, other] = [open(), open()];
  const { id, secret } = await keys.create({ name: 'a', scopes: ['admin'], confirm: true });
  expect(await keys.authenticate(secret)).toBeUndefined();
  expect(await keys.required()).toBe(false);
  expect((await keys.list()).map(({ unconfirmed }) => unconfirmed)).toEqual([true]);
  const confirmed = await other.confirm(id);
  expect(confirmed).not.toHaveProperty('unconfirmed');
  expect(await other.confirm(id)).toEqual(confirmed);
  clock.ms += 2_000;
  expect(await keys.authenticate(secret)).toMatchObject({ id });
  expect(await keys.required()).toBe(true);
  expect(await keys.confirm('key_000000000000000000000000')).toBeUndefined();
});

test('a key that is given up before its confirmation leaves nothing', async () => {
  const { open } = setUp();
  const keys = open();
  const { id } = await keys.create({ name: 'a', confirm: true });
  expect(await keys.revoke(id)).toMatchObject({ id });
  expect(await keys.list()).toEqual([]);
  expect(await keys.confirm(id)).toBeUndefined();
  expect(await open().required()).toBe(false);
});
