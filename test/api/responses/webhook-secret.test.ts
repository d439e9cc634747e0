import { expect, test } from 'vitest';
import { createKeyedApi } from './keyed-api.ts';

test.each([
  ['its own', undefined, false, expect.stringMatching(/^whsec_/)],
  ['the one that all share, if it is an admin’s', 'whsec_shared', true, 'whsec_shared'],
  ['not the one that all share, if it is none', 'whsec_shared', false, null],
])('a key is shown %s', async (_which, webhookSecret, admin, secret) => {
  const { as, create } = await createKeyedApi({ ...(webhookSecret && { webhookSecret }) });
  const key = await create({ scopes: admin ? ['admin'] : ['trace:none'] });
  expect(await (await as(key.secret, '/v1/webhook')).json()).toMatchObject({ object: 'webhook', secret });
});
