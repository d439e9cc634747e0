import { describe, expect, test } from 'vitest';
import { Feedback, LabelledCompletion, PreferencePair } from '../../../src/contracts/service/feedback.ts';
import { ServiceError } from '../../../src/contracts/service/service-error.ts';
import { createApi, createWorkingApi } from '../responses/fixture.ts';

const feedback = (id: string) => `/v1/responses/${id}/feedback`;

/** Two answered responses to one prompt, and one to another. */
async function rated() {
  const api = await createWorkingApi({ deltas: ['41'] });
  for (const input of ['6 times 7?', '6 times 7?', 'Else?']) await api.ask({ input, instructions: 'Be brief.' });
  const lines = async (format: string) => {
    const response = await api.app.request(`/v1/feedback?format=${format}`);
    expect(response.headers.get('content-type')).toMatch('application/jsonl');
    return (await response.text())
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line));
  };
  return { ...api, lines };
}

const prompt = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: '6 times 7?' },
];
const assistant = (content: string) => [{ role: 'assistant', content }];

describe('giving', () => {
  test('keeps what was said, and gives it back as JSON lines, oldest first', async () => {
    const { post, lines } = await rated();
    const given = await post(feedback('resp_0000'), { rating: 'down', comment: 'Off by one.', metadata: { by: 'me' } });
    expect(given.status).toBe(200);
    const first = Feedback.parse(await given.json());
    expect(first).toMatchObject({
      object: 'feedback',
      response_id: 'resp_0000',
      model: 'tiny',
      rating: 'down',
      comment: 'Off by one.',
      preferred_response_id: null,
      corrected_text: null,
      metadata: { by: 'me' },
    });
    const second = Feedback.parse(await (await post(feedback('resp_0001'), { rating: 'up' })).json());
    expect(await lines('jsonl')).toEqual([first, second]);
  });

  test.each([
    [400, undefined, {}],
    [400, 'rating', { rating: 'sideways' }],
    [400, 'preferred_response_id', { preferred_response_id: 'resp_0002' }],
    [400, 'preferred_response_id', { preferred_response_id: 'resp_0000' }],
    [404, 'preferred_response_id', { preferred_response_id: 'resp_none' }],
  ])('is refused with %s naming %s', async (status, param, body) => {
    const { post } = await rated();
    const response = await post(feedback('resp_0000'), body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { param: param ?? null } });
  });

  test('is for responses that are there, and have ended', async () => {
    const { post, ask } = createApi();
    expect((await post(feedback('resp_none'), { rating: 'up' })).status).toBe(404);
    await ask({ input: 'a', background: true });
    expect((await post(feedback('resp_0000'), { rating: 'up' })).status).toBe(409);
  });
});

describe('a response that is deleted', () => {
  test('takes along feedback that comes at the same moment', async () => {
    const { app, post, dependencies } = await rated();
    const { records } = dependencies;
    const { set } = records;
    records.set = async (key, value) => {
      records.set = set;
      await app.request('/v1/responses/resp_0001', { method: 'DELETE' });
      await set(key, value);
    };
    expect((await post(feedback('resp_0000'), { preferred_response_id: 'resp_0001' })).status).toBe(404);
    expect(await records.keys('feedback')).toEqual([]);
  });

  test('can be deleted again where its feedback could not be removed', async () => {
    const { app, post, dependencies } = await rated();
    const { records } = dependencies;
    await post(feedback('resp_0000'), { rating: 'up' });
    const { keys } = records;
    records.keys = async () => {
      records.keys = keys;
      throw new ServiceError({ code: 'backend_unavailable', message: 'no answer' });
    };
    const remove = () => app.request('/v1/responses/resp_0000', { method: 'DELETE' });
    expect((await remove()).status).toBe(503);
    expect((await remove()).status).toBe(200);
    expect(await records.keys('feedback')).toEqual([]);
  });
});

describe('the export', () => {
  test('has TRL’s preference pairs of corrections and preferred responses', async () => {
    const { post, lines } = await rated();
    await post(feedback('resp_0000'), { corrected_text: '42' });
    await post(feedback('resp_0000'), { rating: 'up' });
    // The same text is no preference.
    await post(feedback('resp_0001'), { preferred_response_id: 'resp_0000' });
    const rows = await lines('dpo');
    expect(rows.map((row) => PreferencePair.parse(row))).toEqual(rows);
    expect(rows).toEqual([{ prompt, chosen: assistant('42'), rejected: assistant('41') }]);
  });

  test('has TRL’s labelled completions', async () => {
    const { post, lines } = await rated();
    await post(feedback('resp_0000'), { rating: 'up' });
    await post(feedback('resp_0000'), { rating: 'down', corrected_text: '42' });
    await post(feedback('resp_0000'), { corrected_text: '43' });
    await post(feedback('resp_0000'), { comment: 'Hm.' });
    const rows = await lines('kto');
    expect(rows.map((row) => LabelledCompletion.parse(row))).toEqual(rows);
    expect(rows).toEqual([
      { prompt, completion: assistant('41'), label: true },
      { prompt, completion: assistant('41'), label: false },
      { prompt, completion: assistant('42'), label: true },
      { prompt, completion: assistant('41'), label: false },
      { prompt, completion: assistant('43'), label: true },
    ]);
  });

  test('has all rows, though the arguments of a call in one prompt are nested too deeply to be written as JSON', async () => {
    const { ask, post, lines } = await rated();
    const text = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const call = { type: 'function_call', call_id: 'a', name: 'add', arguments: text };
    const result = { type: 'function_call_output', call_id: 'a', output: '41' };
    await ask({ input: [{ role: 'user', content: '6 times 7?' }, call, result] });
    await post(feedback('resp_0003'), { rating: 'up' });
    await post(feedback('resp_0000'), { rating: 'down' });
    expect(await lines('kto')).toHaveLength(2);
  });

  test('outlives responses whose time is over, and refuses other formats', async () => {
    const { app, queue, post, lines } = await rated();
    await post(feedback('resp_0000'), { corrected_text: '42' });
    await queue.remove('resp_0000');
    expect(await lines('dpo')).toHaveLength(1);
    expect((await app.request('/v1/feedback?format=csv')).status).toBe(400);
  });

  test('has nothing of a response that was deleted, as rated or as preferred', async () => {
    const { app, post, lines } = await rated();
    for (const id of ['resp_0000', 'resp_0001', 'resp_0002']) await post(feedback(id), { corrected_text: '42' });
    await post(feedback('resp_0000'), { preferred_response_id: 'resp_0001' });
    expect(await lines('jsonl')).toHaveLength(4);
    await app.request('/v1/responses/resp_0001', { method: 'DELETE' });
    expect(await lines('jsonl')).toMatchObject([{ response_id: 'resp_0000' }, { response_id: 'resp_0002' }]);
    await app.request('/v1/responses/resp_0000', { method: 'DELETE' });
    expect(await lines('jsonl')).toMatchObject([{ response_id: 'resp_0002' }]);
  });
});
