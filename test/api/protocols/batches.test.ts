import type OpenAI from 'openai';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { defaultLimits } from '../../../src/api/dependencies.ts';
import { Batch, BatchList, BatchResult, FileList, FileObject } from '../../../src/contracts/protocols/batch.ts';
import { ServiceError } from '../../../src/contracts/service/service-error.ts';
import { createApi } from '../responses/fixture.ts';
import { createTranslatingApi } from './fixture.ts';

const path = '/v1/batches';
const endpoint = '/v1/chat/completions';
const messages = [{ role: 'user', content: 'How much is 6 times 7?' }];
const request = (custom_id: string, body: object = { messages }) => ({
  custom_id,
  method: 'POST',
  url: endpoint,
  body,
});

type Api = ReturnType<typeof createApi>;
const upload = async ({ app }: Api, lines: readonly (object | string)[], purpose = 'batch') => {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const form = new FormData();
  form.set('purpose', purpose);
  form.set('file', new File([text], 'in.jsonl'));
  return app.request('/v1/files', { method: 'POST', body: form });
};
const uploaded = async (api: Api, lines: readonly (object | string)[]) =>
  FileObject.parse(await (await upload(api, lines)).json());
const results = async ({ app }: Api, id: string | null) =>
  (await (await app.request(`/v1/files/${id}/content`)).text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => BatchResult.parse(JSON.parse(line)));
const ended = async ({ app, queue }: Api, id: string) => {
  const { jobs } = await queue.list({ owner: null, limit: 100 });
  const { signal } = new AbortController();
  for (const { job } of jobs) for await (const _ of queue.events(job.id, { stream: 'wire', signal }));
  return Batch.parse(await (await app.request(`${path}/${id}`)).json());
};

test('what it gives is OpenAI’s', () => {
  expectTypeOf<Batch['status']>().toExtend<OpenAI.Batch['status']>();
  expectTypeOf<Pick<FileObject, 'purpose' | 'status' | 'object'>>().toExtend<
    Pick<OpenAI.FileObject, 'purpose' | 'status' | 'object'>
  >();
});

describe('a batch of a file', () => {
  test('runs each request behind all others, and gives results and errors by custom_id', async () => {
    const api = await createTranslatingApi({ text: ['42'] });
    const { id: input_file_id } = await uploaded(api, [request('a'), '', request('b', {}), request('c')]);
    const created = await api.post(path, { input_file_id, endpoint, completion_window: '24h', metadata: { run: '1' } });
    expect(created.status).toBe(200);
    const { id } = Batch.parse(await created.json());
    const batch = await ended(api, id);
    expect(batch).toMatchObject({
      object: 'batch',
      status: 'completed',
      endpoint,
      input_file_id,
      errors: null,
      request_counts: { total: 3, completed: 2, failed: 1 },
      metadata: { run: '1' },
    });
    expect(await results(api, batch.output_file_id)).toMatchObject([
      {
        custom_id: 'a',
        error: null,
        response: { status_code: 200, body: { choices: [{ message: { content: '42' } }] } },
      },
      { custom_id: 'c', error: null, response: { status_code: 200, body: { object: 'chat.completion' } } },
    ]);
    expect(await results(api, batch.error_file_id)).toMatchObject([
      { custom_id: 'b', response: { status_code: 400, body: { error: { param: 'messages' } } } },
    ]);
    const { jobs } = await api.queue.list({ owner: null, limit: 9 });
    expect(jobs.map(({ job }) => job.tier)).toEqual(['flex', 'flex']);
    expect(api.jobs.every(({ background }) => background)).toBe(true);
  });

  test.each([
    ['/v1/responses', { input: 'a' }, { object: 'response', output_text: '42' }],
    ['/v1/messages', { max_tokens: 99, messages }, { type: 'message', content: [{ type: 'text', text: '42' }] }],
  ])('answers in the shape of %s', async (endpoint, body, shape) => {
    const api = await createTranslatingApi({ text: ['42'] });
    const { id } = Batch.parse(await (await api.post(path, { endpoint, requests: [{ custom_id: 'a', body }] })).json());
    const { output_file_id } = await ended(api, id);
    expect(await results(api, output_file_id)).toMatchObject([{ custom_id: 'a', response: { body: shape } }]);
  });

  test.each([
    ['no JSON', ['{'], { line: 1, code: 'invalid_json' }],
    ['another endpoint', [request('a'), { ...request('b'), url: '/v1/responses' }], { line: 2, param: 'url' }],
    ['a name twice', [request('a'), request('a')], { param: 'custom_id' }],
    ['nothing', [''], { param: 'input_file_id' }],
  ])('with %s fails as a whole, and runs nothing', async (_name, lines, error) => {
    const api = createApi();
    const { id: input_file_id } = await uploaded(api, lines);
    const batch = Batch.parse(await (await api.post(path, { input_file_id, endpoint })).json());
    expect(batch).toMatchObject({ status: 'failed', errors: { data: [error] }, request_counts: { total: 0 } });
    expect((await api.queue.list({ owner: null, limit: 9 })).jobs).toEqual([]);
  });
});

test('goes on, shows how far it is, and is cancelled', async () => {
  const api = createApi();
  const requests = ['a', 'b'].map((id) => request(id));
  const { id } = Batch.parse(await (await api.post(path, { endpoint, requests })).json());
  const running = Batch.parse(await (await api.app.request(`${path}/${id}`)).json());
  expect(running).toMatchObject({ status: 'in_progress', request_counts: { total: 2, completed: 0, failed: 0 } });
  expect(running.output_file_id).toBeNull();
  const cancelled = Batch.parse(await (await api.post(`${path}/${id}/cancel`)).json());
  expect(cancelled).toMatchObject({ status: 'cancelled', request_counts: { total: 2, completed: 0, failed: 2 } });
  expect(await results(api, cancelled.error_file_id)).toMatchObject([
    { custom_id: 'a', response: null, error: { code: 'cancelled' } },
    { custom_id: 'b', response: null, error: { code: 'cancelled' } },
  ]);
  expect(Batch.parse(await (await api.post(`${path}/${id}/cancel`)).json())).toEqual(cancelled);
});

test('the files of a key have a limit in all, which a refusal names', async () => {
  const api = createApi({ limits: { ...defaultLimits, bodyBytes: 1_024 } });
  const answers = await Promise.all(Array.from({ length: 17 }, (_, index) => upload(api, [`{"a":${index}}`])));
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) {
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({
      error: { message: expect.stringContaining('262144 bytes'), param: 'file' },
    });
  }
  const kept = FileList.parse(await (await api.app.request('/v1/files?limit=100')).json()).data;
  expect(kept).toHaveLength(17 - refused.length);
  for (const { id } of kept) await api.app.request(`/v1/files/${id}`, { method: 'DELETE' });
  expect((await upload(api, ['{}'])).status).toBe(200);
});

test('a batch that has ended is counted once, and stays as it was when its responses are gone', async () => {
  const api = await createTranslatingApi({ text: ['42'] });
  const { id } = Batch.parse(await (await api.post(path, { endpoint, requests: [request('a')] })).json());
  const batch = await ended(api, id);
  const asked = vi.spyOn(api.queue, 'get');
  const listed = BatchList.parse(await (await api.app.request(path)).json());
  expect(listed.data).toEqual([batch]);
  expect(asked).not.toHaveBeenCalled();
  const { jobs } = await api.queue.list({ owner: null, limit: 9 });
  for (const { job } of jobs) await api.queue.remove(job.id);
  expect(await (await api.app.request(`${path}/${id}`)).json()).toEqual(batch);
});

test('a list whose client has gone is counted no further', async () => {
  const api = createApi();
  for (const id of ['a', 'b', 'c']) await api.post(path, { endpoint, requests: [request(id)] });
  const gone = new AbortController();
  const asked = vi.spyOn(api.queue, 'get').mockImplementation(async () => {
    gone.abort();
    return undefined;
  });
  await api.app.request(path, { signal: gone.signal });
  expect(asked).toHaveBeenCalledTimes(1);
});

test('lists batches in pages', async () => {
  const api = createApi();
  for (const id of ['a', 'b', 'c']) await api.post(path, { endpoint, requests: [request(id)] });
  const first = BatchList.parse(await (await api.app.request(`${path}?limit=2`)).json());
  const rest = BatchList.parse(await (await api.app.request(`${path}?limit=2&after=${first.last_id}`)).json());
  expect([first.has_more, rest.has_more]).toEqual([true, false]);
  expect(new Set([...first.data, ...rest.data].map(({ id }) => id)).size).toBe(3);
});

test.each([
  [400, 'endpoint', { endpoint: '/v1/embeddings', requests: [request('a')] }],
  [400, 'input_file_id', { endpoint }],
  [400, 'requests', { endpoint, input_file_id: 'file-0', requests: [request('a')] }],
  [404, 'input_file_id', { endpoint, input_file_id: 'file-none' }],
  [400, 'url', { endpoint, requests: [{ ...request('a'), url: '/v1/responses' }] }],
])('a batch is refused with %s naming %s', async (status, param, body) => {
  const { post } = createApi();
  const response = await post(path, body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { param } });
});

describe('files', () => {
  test('are kept, listed, given back and removed', async () => {
    const api = createApi();
    const file = await uploaded(api, ['one', 'two']);
    expect(file).toMatchObject({
      object: 'file',
      bytes: 7,
      filename: 'in.jsonl',
      purpose: 'batch',
      status: 'processed',
    });
    expect(await (await api.app.request('/v1/files')).json()).toMatchObject({ data: [file], has_more: false });
    expect(await (await api.app.request(`/v1/files/${file.id}`)).json()).toEqual(file);
    expect(await (await api.app.request(`/v1/files/${file.id}/content`)).text()).toBe('one\ntwo');
    const removed = await api.app.request(`/v1/files/${file.id}`, { method: 'DELETE' });
    expect(await removed.json()).toEqual({ id: file.id, object: 'file', deleted: true });
    expect((await api.app.request(`/v1/files/${file.id}`)).status).toBe(404);
    expect((await api.app.request('/v1/files/file-out_none')).status).toBe(404);
  });

  test('are refused for another purpose, as no form, and beyond the limit', async () => {
    const api = createApi();
    const limited = createApi({ limits: { ...api.dependencies.limits, bodyBytes: 64 } });
    expect((await upload(api, ['a'], 'fine-tune')).status).toBe(400);
    expect((await api.post('/v1/files', {})).status).toBe(415);
    expect((await upload(limited, ['a'.repeat(2000)])).status).toBe(413);
  });

  test('are refused where a line is larger than a request may be, naming it', async () => {
    const limited = createApi({ limits: { ...createApi().dependencies.limits, bodyBytes: 64 } });
    expect((await upload(limited, ['a', 'é'.repeat(32)])).status).toBe(200);
    const refused = await upload(limited, ['a', '', 'é'.repeat(33)]);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({
      error: { code: 'body_too_large', param: 'file', message: expect.stringMatching(/^Line 3 .*64 bytes/) },
    });
  });
});

describe('a batch whose start breaks off', () => {
  const requests = ['a', 'b', 'c', 'd'].map((custom_id) => ({ custom_id, body: { messages } }));
  const model = { model: 'tiny' };
  const body = { endpoint, requests: requests.map((each) => ({ ...each, body: { ...each.body, ...model } })) };

  test('because the backend went away leaves nothing behind', async () => {
    const { queue, dependencies } = createApi();
    let added = 0;
    const failing: typeof queue = {
      ...queue,
      add: (job) => {
        added += 1;
        if (added > 2) throw new ServiceError({ code: 'backend_unavailable', message: 'Away.' });
        return queue.add(job);
      },
    };
    const api = createApi({ ...dependencies, queue: failing });
    expect((await api.post(path, body)).status).toBe(503);
    expect(added).toBe(3);
    expect((await queue.list({ owner: null, limit: 100 })).jobs).toEqual([]);
    expect(BatchList.parse(await (await api.app.request(path)).json()).data).toEqual([]);
  });

  test('because its process died is gone on with by whoever reads it, and runs nothing twice', async () => {
    const { queue, dependencies } = createApi();
    let arrive = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    let added = 0;
    const dying: typeof queue = {
      ...queue,
      add: (job) => {
        added += 1;
        if (added <= 2) return queue.add(job);
        arrive();
        return new Promise(() => undefined);
      },
    };
    void createApi({ ...dependencies, queue: dying }).post(path, body);
    await arrived;
    const api = createApi({ ...dependencies, queue });
    const [listed] = BatchList.parse(await (await api.app.request(path)).json()).data;
    expect(listed).toMatchObject({ status: 'in_progress', request_counts: { total: 4, completed: 0, failed: 0 } });
    const read = () => api.app.request(`${path}/${listed?.id}`);
    for (const response of await Promise.all([read(), read()])) {
      expect(Batch.parse(await response.json())).toMatchObject({ status: 'in_progress', request_counts: { total: 4 } });
    }
    const { jobs } = await queue.list({ owner: null, limit: 100 });
    expect(jobs.map(({ job }) => job.id.slice(-2)).sort()).toEqual(['_0', '_1', '_2', '_3']);
  });
});
