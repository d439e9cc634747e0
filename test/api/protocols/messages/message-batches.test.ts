import Anthropic from '@anthropic-ai/sdk';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { MessageBatch, MessageBatchResult } from '../../../../src/contracts/protocols/message-batch.ts';
import { createApi } from '../../responses/fixture.ts';
import { createTranslatingApi } from '../fixture.ts';

const path = '/v1/messages/batches';
const messages = [{ role: 'user' as const, content: 'How much is 6 times 7?' }];
const params = { model: 'tiny', max_tokens: 99, messages };

const clientOf = ({ app }: Pick<ReturnType<typeof createApi>, 'app'>) =>
  new Anthropic({
    baseURL: 'http://localhost',
    apiKey: 'none',
    maxRetries: 0,
    fetch: async (url, init) => app.request(`${url}`, init),
  });

test('what it gives is Anthropic’s', () => {
  expectTypeOf<MessageBatch>().toExtend<Anthropic.Messages.MessageBatch>();
  expectTypeOf<MessageBatchResult['custom_id']>().toExtend<string>();
});

test('their SDK makes one, waits for it and reads its results', async () => {
  const api = await createTranslatingApi({ text: ['42'] });
  const { batches } = clientOf(api).messages;
  const made = await batches.create({
    requests: [
      { custom_id: 'a', params },
      { custom_id: 'b', params: { ...params, model: 'none' } },
    ],
  });
  expect(made).toMatchObject({ type: 'message_batch', archived_at: null, cancel_initiated_at: null });
  expect(made.id).toMatch(/^msgbatch_/);
  await expect.poll(async () => (await batches.retrieve(made.id)).processing_status).toBe('ended');
  const whole = await batches.retrieve(made.id);
  expect(whole.request_counts).toEqual({ processing: 0, succeeded: 1, errored: 1, canceled: 0, expired: 0 });
  const results: MessageBatchResult[] = [];
  for await (const line of await batches.results(made.id)) results.push(MessageBatchResult.parse(line));
  expect(results).toMatchObject([
    { custom_id: 'a', result: { type: 'succeeded', message: { content: [{ type: 'text', text: '42' }] } } },
    { custom_id: 'b', result: { type: 'errored', error: { type: 'error', error: { type: 'not_found_error' } } } },
  ]);
  expect((await batches.list()).data.map(({ id }) => id)).toEqual([made.id]);
  expect(await batches.delete(made.id)).toEqual({ id: made.id, type: 'message_batch_deleted' });
  await expect(batches.retrieve(made.id)).rejects.toThrow(Anthropic.NotFoundError);
  expect((await batches.list()).data).toEqual([]);
});

test('one that is cancelled says which of its requests were', async () => {
  // Nobody works here: everything waits until it is cancelled.
  const api = createApi();
  const { batches } = clientOf(api).messages;
  const { id } = await batches.create({ requests: [{ custom_id: 'a', params }] });
  const waiting = await batches.retrieve(id);
  expect(waiting).toMatchObject({ processing_status: 'in_progress', ended_at: null, results_url: null });
  await expect(batches.delete(id)).rejects.toThrow(Anthropic.ConflictError);
  expect((await api.app.request(`${path}/${id}/results`)).status).toBe(409);
  await batches.cancel(id);
  const cancelled = await batches.retrieve(id);
  expect(cancelled).toMatchObject({ processing_status: 'ended', request_counts: { canceled: 1, errored: 0 } });
  expect(cancelled.cancel_initiated_at).not.toBeNull();
  const results: unknown[] = [];
  for await (const line of await batches.results(id)) results.push(line);
  expect(results).toEqual([{ custom_id: 'a', result: { type: 'canceled' } }]);
});

test('is the batch that /v1/batches shows, and one of another endpoint is not there', async () => {
  const api = createApi();
  const other = await api.post('/v1/batches', {
    endpoint: '/v1/responses',
    requests: [{ custom_id: 'a', body: { input: 'a' } }],
  });
  const { id } = z.object({ id: z.string() }).parse(await other.json());
  expect((await api.app.request(`${path}/${id.replace('batch_', 'msgbatch_')}`)).status).toBe(404);
  expect(await (await api.app.request(path)).json()).toMatchObject({ data: [] });
  const made = MessageBatch.parse(await (await api.post(path, { requests: [{ custom_id: 'a', params }] })).json());
  const listed = await api.app.request(`/v1/batches/${made.id.replace('msgbatch_', 'batch_')}`);
  expect(await listed.json()).toMatchObject({ endpoint: '/v1/messages', request_counts: { total: 1 } });
});

test.each([
  ['requests', { requests: [] }],
  ['requests[0].params', { requests: [{ custom_id: 'a' }] }],
  [
    'requests',
    {
      requests: [
        { custom_id: 'a', params },
        { custom_id: 'a', params },
      ],
    },
  ],
])('is refused naming %s, in Anthropic’s form', async (param, body) => {
  const response = await createApi().post(path, body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    type: 'error',
    error: { type: 'invalid_request_error', message: expect.stringContaining(`'${param}'`) },
  });
});
