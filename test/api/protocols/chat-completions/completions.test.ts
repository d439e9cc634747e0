import type OpenAI from 'openai';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Completion } from '../../../../src/contracts/protocols/completion.ts';
import { createApi, createWorkingApi, readEvents } from '../../responses/fixture.ts';
import { createTranslatingApi } from '../fixture.ts';

const path = '/v1/completions';
const ask = { model: 'tiny', prompt: 'Once upon a time' };
const steps = [{ phase: 'think' as const, sample: 0, text: '6 * 7 = 42' }];

test('what it gives is OpenAI’s', () => {
  expectTypeOf<Completion['choices'][number]['logprobs']>().toExtend<OpenAI.CompletionChoice['logprobs']>();
  expectTypeOf<Omit<Completion, 'choices' | 'usage'>>().toExtend<Omit<OpenAI.Completion, 'choices' | 'usage'>>();
});

test('a text goes in as it is, without thinking, and what was thought all the same is no part of it', async () => {
  const { post, jobs } = await createTranslatingApi({ steps, text: [' there was', ' a fox'] });
  const response = await post(path, ask);
  expect(response.status).toBe(200);
  expect(Completion.parse(await response.json())).toMatchObject({
    id: 'cmpl-0000',
    object: 'text_completion',
    model: 'tiny',
    choices: [{ index: 0, text: ' there was a fox', logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5 },
    warnings: [],
  });
  expect(jobs[0]?.prompt).toEqual({ messages: [{ role: 'user', content: ask.prompt }], raw: true });
  expect(jobs[0]?.effective).toMatchObject({ effort: 'none', budget_tokens: 0 });
  expect(jobs[0]?.answer.max_tokens).toBe(16);
});

test('several prompts and answers are choices in order, each prompt counted once', async () => {
  const { post, jobs } = await createTranslatingApi({ text: ['!'] });
  const body = { ...ask, prompt: ['a', 'b c'], n: 2, echo: true, seed: 5, max_tokens: 3 };
  const { choices, usage } = Completion.parse(await (await post(path, body)).json());
  expect(choices.map(({ index, text }) => [index, text])).toEqual([
    [0, 'a!'],
    [1, 'a!'],
    [2, 'b c!'],
    [3, 'b c!'],
  ]);
  // 5 of each response.
  expect(usage?.prompt_tokens).toBe(10);
  expect(jobs.map(({ sampling }) => sampling.seed).sort()).toEqual([5, 5, 6, 6]);
  // A second greedy answer would be the first again.
  expect(jobs.map(({ sampling }) => sampling.temperature).sort()).toEqual([0.6, 0.6, null, null]);
});

test('log-probabilities have OpenAI’s older form', async () => {
  const logprobs = [{ token: ' fox', logprob: -0.5, bytes: [32], top: [{ token: ' cat', logprob: -1 }] }];
  const { post } = await createTranslatingApi({ text: [' fox'], logprobs });
  const whole = Completion.parse(await (await post(path, { ...ask, logprobs: 1, echo: true })).json());
  expect(whole.choices[0]?.logprobs).toEqual({
    tokens: [' fox'],
    token_logprobs: [-0.5],
    top_logprobs: [{ ' cat': -1 }],
    text_offset: [ask.prompt.length],
  });
});

describe('streaming', () => {
  test('sends pieces of text, the usage and [DONE]', async () => {
    const { post } = await createTranslatingApi({ steps, text: [' a', ' b'] });
    const body = { ...ask, echo: true, stream: true, stream_options: { include_usage: true } };
    const { events, done } = await readEvents(await post(path, body));
    expect(done).toBe(true);
    const chunks = events.map((event) => Completion.parse(event));
    expect(chunks.map(({ choices }) => choices[0]?.text)).toEqual([ask.prompt, ' a', ' b', '', undefined]);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, null, null, 'stop', undefined]);
    expect(chunks.at(-1)?.usage?.prompt_tokens).toBe(5);
  });

  test('a failure is an event with an error', async () => {
    const gate = async (name: string) => {
      if (name === 'thought') throw new Error('internal detail');
    };
    const { post } = await createWorkingApi({ deltas: ['x'], gate });
    const { events, done } = await readEvents(await post(path, { ...ask, stream: true }));
    expect(done).toBe(false);
    expect(events.at(-1)).toMatchObject({ error: { message: 'The worker died.' } });
  });
});

test.each([
  ['suffix', { suffix: 'the end' }],
  ['prompt', { prompt: '' }],
  ['prompt[1]', { prompt: ['a', ' '] }],
  ['prompt[0]', { prompt: [1, 2] }],
  ['n', { prompt: ['a', 'b'], n: 9 }],
  ['max_tokens', { max_tokens: 0 }],
  ['model', { model: 'tiny:high' }],
])('is refused naming %s', async (param, more) => {
  const response = await createApi().post(path, { ...ask, ...more });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param } });
});

test('warns of what is accepted and not honoured', async () => {
  const { post } = await createTranslatingApi({ text: ['x'] });
  const { warnings } = Completion.parse(await (await post(path, { ...ask, best_of: 3, wild: 1 })).json());
  expect(warnings?.map(({ field }) => field)).toEqual(['best_of', 'wild']);
});
