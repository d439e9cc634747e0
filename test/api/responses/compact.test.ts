import { describe, expect, test } from 'vitest';
import { Compaction } from '../../../src/contracts/responses/compaction.ts';
import { responseJob } from '../../../src/contracts/responses/response-job.ts';
import { ErrorEnvelope } from '../../../src/contracts/service/error-envelope.ts';
import { createWorkingApi } from './fixture.ts';
import { createKeyedApi } from './keyed-api.ts';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
/** 150 tokens of the scripted catalog, whose context is 1,000. */
const long = (word: string) => `${word} `.repeat(150).trim();

async function compacting() {
  const api = await createWorkingApi();
  const send = (body: object) => api.post('/v1/responses/compact', { model: 'tiny', ...body });
  const compacted = async (body: object) => Compaction.parse(await (await send(body)).json());
  const refusal = async (body: object) => ErrorEnvelope.parse(await (await send(body)).json()).error;
  /** The turns that a response asked with these items saw. */
  const seen = async (body: object) => {
    const response = JSON.parse(await (await api.ask(body)).text());
    const snapshot = await api.queue.get(response.id);
    return snapshot === undefined ? [] : responseJob(snapshot.job).prompt.messages.map(({ content }) => content);
  };
  return { ...api, compacted, refusal, seen };
}

describe('compacting', () => {
  test('gives one sealed item that stands for what was said', async () => {
    const { compacted, seen } = await compacting();
    const input = [user('The code word is slate.'), assistant('OK.')];
    const { object, output, usage, warnings } = await compacted({ input, instructions: 'Be short.' });
    expect(object).toBe('response.compaction');
    expect(usage).toMatchObject({ input_tokens: 6, output_tokens: 0, total_tokens: 6 });
    expect(JSON.stringify(output)).not.toContain('slate');
    expect(warnings).toMatchObject([{ field: 'instructions' }]);
    expect(await seen({ input: [...output, user('Which?')] })).toEqual(['The code word is slate.', 'OK.', 'Which?']);
  });

  test('keeps the newest exchanges that fit half of the context, and what the system said', async () => {
    const { compacted, seen } = await compacting();
    const input = [
      { role: 'developer', content: 'Be kind.' },
      ...['a', 'b', 'c', 'd'].flatMap((word) => [user(long(word)), assistant(word)]),
    ];
    const { output, usage } = await compacted({ input });
    expect(usage.input_tokens).toBe(606);
    const kept = await seen({ input: [...output, user('And?')] });
    expect(kept).toEqual(['Be kind.', ...['b', 'c', 'd'].flatMap((word) => [long(word), word]), 'And?']);
    // Again, from what was compacted once.
    const again = await compacted({ input: [...output, user(long('e')), assistant('e')] });
    expect(await seen({ input: [...again.output, user('And?')] })).toEqual([
      'Be kind.',
      ...['c', 'd', 'e'].flatMap((word) => [long(word), word]),
      'And?',
    ]);
  });

  test('keeps calls with their results', async () => {
    const { compacted, seen } = await compacting();
    const call = { type: 'custom_tool_call', call_id: 'c', name: 'patch', input: 'x' };
    const result = { type: 'custom_tool_call_output', call_id: 'c', output: 'done' };
    const old = [user(long('a')), assistant(long('a')), user(long('b')), assistant(long('b'))];
    const { output } = await compacted({ input: [...old, user('now'), call, result] });
    expect(await seen({ input: [...output, user('And?')] })).toEqual([long('b'), long('b'), 'now', '', 'done', 'And?']);
  });

  test('goes on from an earlier response', async () => {
    const { answered, compacted, seen } = await (async () => {
      const made = await compacting();
      return { ...made, answered: async (body: object) => JSON.parse(await (await made.ask(body)).text()) };
    })();
    const { id } = await answered({ input: 'How much is 6 times 7?' });
    const { output } = await compacted({ previous_response_id: id });
    expect(await seen({ input: [...output, user('Sure?')] })).toEqual([
      'How much is 6 times 7?',
      'Forty-two.',
      'Sure?',
    ]);
  });

  test.each([
    [{ model: undefined, input: [user('a')] }, 'missing_required_parameter', 'model'],
    [{ model: 'none', input: [user('a')] }, 'model_not_found', 'model'],
    [{}, 'invalid_value', 'input'],
    [{ input: [] }, 'invalid_value', 'input'],
    [{ previous_response_id: 'resp_none' }, 'not_found', 'previous_response_id'],
    [{ input: [{ type: 'compaction', encrypted_content: 'v1.x' }] }, 'invalid_value', 'input[0].encrypted_content'],
    [{ input: [user('word '.repeat(1_000))] }, 'context_length_exceeded', 'input'],
  ])('refuses what can not be compacted (%#)', async (body, code, param) => {
    const { refusal } = await compacting();
    expect(await refusal(body)).toMatchObject({ code, param });
  });
});

test('what one key had compacted does not open for another, and a sealed thought is no compaction', async () => {
  const { as, create, dependencies } = await createKeyedApi({ script: { deltas: ['ok'] } });
  const [one, other] = [await create({}), await create({})];
  const made = await as(one.secret, '/v1/responses/compact', { model: 'tiny', input: [user('SECRET')] });
  const { output } = Compaction.parse(await made.json());
  const ask = (secret: string, items: object[]) => as(secret, '/v1/responses', { input: [...items, user('a')] });
  expect((await ask(one.secret, output)).status).toBe(200);
  const refused = await ask(other.secret, output);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { param: 'input[0].encrypted_content' } });
  const thought = dependencies.sealer.seal('I think.', one.id);
  expect((await ask(one.secret, [{ type: 'compaction', encrypted_content: thought }])).status).toBe(400);
});
