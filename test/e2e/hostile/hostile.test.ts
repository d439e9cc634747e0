import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { markIn } from '../../support/leak-mark.ts';
import { connections } from './connections.ts';
import { arraysOfZeros, corpus, privateAddresses } from './corpus.ts';
import { bodyLimit, type HostileService, startHostileService } from './hostile-service.ts';
import { type Case, createSender, type Outcome } from './send.ts';

/** Requests that are under way at a time. */
const lanes = 8;
/** What only the inside knows: stacks, folders, statements, secrets. */
const inside = /node_modules|\/work\/|\/tmp\/|\/src\/|\bat .+:\d+:\d+|bullmq|pglite|SELECT |ECONN|ENOENT|root:x:/i;

let service: HostileService;
beforeAll(async () => {
  service = await startHostileService();
});
afterAll(() => service?.close());

type Sent = { name: string; outcome: Outcome | { fault: string } };

async function sendAll(cases: readonly Case[]): Promise<Sent[]> {
  const sender = createSender(service);
  const sent: Sent[] = [];
  let next = 0;
  const lane = async () => {
    for (let one = cases[next++]; one !== undefined; one = cases[next++]) {
      const outcome = await sender.send(one).catch((error: unknown) => ({ fault: String(error) }));
      sent.push({ name: one.name, outcome });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  sender.close();
  return sent;
}

function judge(sent: readonly Sent[]) {
  const faults: string[] = [];
  for (const { name, outcome } of sent) {
    if ('fault' in outcome) {
      faults.push(`${name}: ${outcome.fault}`);
      continue;
    }
    const { status, text, headers } = outcome;
    if (status !== undefined && status >= 500 && status !== 503)
      faults.push(`${name}: ${status} ${text.slice(0, 100)}`);
    if (status === 422 || status === 499) faults.push(`${name}: ${status}`);
    const leaked = inside.exec(text)?.[0] ?? markIn(text + headers);
    if (leaked !== undefined) faults.push(`${name}: shows '${leaked}'`);
    if (text.includes(service.secret) || text.includes(service.secret.slice(-20)))
      faults.push(`${name}: shows the key`);
  }
  return faults;
}

test('hostile requests: no 5xx but 503, no hang, no leak', { timeout: 400_000 }, async () => {
  const cases = corpus();
  expect(cases.length).toBeGreaterThan(1_500);
  const sent = await sendAll(cases);
  expect(judge(sent)).toEqual([]);
  expect(sent).toHaveLength(cases.length);
  // They were heard, and not all refused at the door.
  const statuses = new Set(sent.map(({ outcome }) => ('fault' in outcome ? undefined : outcome.status)));
  for (const status of [200, 400, 401, 403, 404, 405, 413, 415]) expect(statuses).toContain(status);
});

test('private addresses of callers are refused at once, in any spelling and every place', async () => {
  const asked = privateAddresses.flatMap((url) => [
    { path: '/v1/responses', param: 'webhook.url', body: { model: 'tiny', input: 'a', webhook: { url } } },
    {
      path: '/v1/responses',
      param: 'reasoning.checks[0].url',
      body: { model: 'tiny', input: 'a', reasoning: { checks: [{ type: 'webhook', url }] } },
    },
    { path: '/v1/webhook', param: 'url', body: { url } },
  ]);
  for (const { path, param, body } of asked) {
    const answer = await fetch(new URL(path, service.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${service.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect({ body, status: answer.status, told: await answer.json() }).toMatchObject({
      body,
      status: 400,
      told: { error: { param } },
    });
  }
});

test('hostile files of requests: each bad line is told, none breaks the service', { timeout: 60_000 }, async () => {
  const line = (input: string) => `{"custom_id":"a","url":"/v1/responses","body":{"input":${input}}}`;
  const contents = [
    '',
    '\0',
    '[]',
    line('"a\\u0000b"'),
    line('"\\ud800"'),
    line(`${'['.repeat(5_000)}${']'.repeat(5_000)}`),
    line('1e999'),
    `${line('"a"')}\n${line('"a"')}`,
    '{"custom_id":"\\u0000","url":"/v1/responses","body":{"input":"a"}}',
    '{"__proto__":{"custom_id":"a"},"body":{}}',
    '{"custom_id":"a","url":"file:///etc/passwd","body":{}}',
    `${'a\n'.repeat(20_000)}`,
    '\n'.repeat(900_000),
    `${line(arraysOfZeros(bodyLimit - 100))}\n`.repeat(15),
    '\ufeff{}',
  ];
  const headers = { authorization: `Bearer ${service.secret}` };
  const upload = (content: string) => {
    const form = new FormData();
    form.set('purpose', 'batch');
    form.set('file', new File([content], '../../\u202e"a\r\nb".jsonl'));
    return fetch(new URL('/v1/files', service.url), { method: 'POST', headers, body: form });
  };
  // A line is no larger than a body may be.
  expect((await upload(line(arraysOfZeros(bodyLimit * 15)))).status).toBe(413);
  for (const content of contents) {
    const uploaded = await upload(content);
    expect([uploaded.status, content.slice(0, 60)]).toEqual([200, content.slice(0, 60)]);
    const { id } = z.object({ id: z.string() }).parse(await uploaded.json());
    const batch = await fetch(new URL('/v1/batches', service.url), {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ input_file_id: id, endpoint: '/v1/responses' }),
    });
    expect([batch.status, await batch.json()]).toMatchObject([200, { request_counts: { completed: 0 } }]);
  }
});

test('hostile connections: no 5xx but 503, none left open, no leak', { timeout: 200_000 }, async () => {
  const cases = connections({ host: service.url.host, secret: service.secret });
  expect(judge(await sendAll(cases))).toEqual([]);
});

test('afterwards it answers as ever, and its log holds no fault, no secret and no thought', async () => {
  const ready = await fetch(new URL('/readyz', service.url));
  expect(ready.status).toBe(200);
  const answer = await fetch(new URL('/v1/responses', service.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${service.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tiny', input: 'How much is 6 times 7?', reasoning: { effort: 'low' } }),
  });
  expect(await answer.json()).toMatchObject({ status: 'completed', output_text: 'It is 42.' });
  expect(service.logged.filter((line) => /"level":[56]0/.test(line))).toEqual([]);
  const told = service.logged.join('\n');
  expect(told).not.toContain(service.secret.slice(-20));
  expect(markIn(told)).toBeUndefined();
});
