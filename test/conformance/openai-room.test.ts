import { expect, it } from 'vitest';
import { connect, request, run, thinking, words } from '../support/upstream-run.ts';

const answer = 'The answer is 7.';
const script = { thoughts: Array.from({ length: 400 }, (_, index) => ` t${index}`), answer: words(answer) };
const contextLength = 200;

/** The server refuses what doesn't fit, so an answer says that the reserve had its place. */
it.each([
  ['vllm', 1000],
  ['vllm', 100],
  ['vllm', 89],
  ['llama.cpp', 1000],
  ['ollama', 1000],
  ['plain', 1000],
] as const)('%s: a thought with a budget of %i leaves the answer its reserve', async (dialect, budgetTokens) => {
  const { model, server } = await connect({ dialect, script, contextLength, ignoresBudget: true }, { contextLength });
  const result = await run(model, thinking(budgetTokens, { answer: { maxTokens: 100 } }));
  expect(result).toMatchObject({ answer, finish: { thinkingStop: 'budget' } });
  expect(result.finish?.usage.thinkingTokens).toBeGreaterThan(20);
  expect(result.finish?.usage.thinkingTokens).toBeLessThan(80);
  expect(server.completions().at(-1)?.body['max_tokens']).toBe(100);
});

it('an answer that may be longer than its reserve has what the thought has left', async () => {
  const { model, server } = await connect(
    { dialect: 'vllm', script, contextLength, ignoresBudget: true },
    { contextLength },
  );
  const answerOf = { maxTokens: 190, reserve: 20 };
  const result = await run(model, thinking(100, { answer: answerOf }));
  expect(result).toMatchObject({ answer, finish: { thinkingStop: 'budget', usage: { thinkingTokens: 100 } } });
  const most = Number(server.completions().at(-1)?.body['max_tokens']);
  expect(most).toBeGreaterThan(20);
  expect(most).toBeLessThan(100);
});

it('continuation words have their place, too', async () => {
  const thought = async (minimumTokens: number) => {
    const { model } = await connect({ dialect: 'vllm', script, contextLength, ignoresBudget: true }, { contextLength });
    const asked = request({ thinking: { budgetTokens: 1000, minimumTokens }, answer: { maxTokens: 100 } });
    return (await run(model, asked)).finish?.usage.thinkingTokens ?? Number.NaN;
  };
  expect(await thought(10)).toBeLessThan(await thought(0));
});

it('a begun thought takes its part of the context', async () => {
  const { model } = await connect({ dialect: 'vllm', script, contextLength, ignoresBudget: true }, { contextLength });
  const prefix = [{ text: script.thoughts.slice(0, 30).join('') }];
  const asked = request({ thinking: { budgetTokens: 1000, prefix }, answer: { maxTokens: 100 } });
  expect(await run(model, asked)).toMatchObject({ answer, finish: { thinkingStop: 'budget' } });
});

it('without room for a thought the answer comes at once', async () => {
  const { model } = await connect({ dialect: 'vllm', script, contextLength: 120 }, { contextLength: 120 });
  const result = await run(model, thinking(1000, { answer: { maxTokens: 100 } }));
  expect(result).toMatchObject({ thought: '', answer, finish: { thinkingStop: 'budget' } });
});

it.each(['vllm', 'llama.cpp', 'ollama', 'plain'] as const)(
  '%s: a thought that goes round in circles is ended',
  async (dialect) => {
    const loop = { thoughts: words('But wait, that is not right. '.repeat(60)), answer: words(answer) };
    const { model } = await connect({ dialect, script: loop, ignoresBudget: true }, {});
    const result = await run(model, thinking(1000));
    expect(result).toMatchObject({ answer, finish: { thinkingStop: 'loop' } });
    expect(result.finish?.usage.thinkingTokens).toBeLessThan(250);
  },
);

it('where a prompt is only estimated, a long answer is kept off the limit', async () => {
  const room = 400;
  const { model, server } = await connect({ dialect: 'ollama', script, contextLength: room }, { contextLength: room });
  const messages = [{ role: 'user' as const, content: 'word '.repeat(60) }];
  const prompted = { prompt: { messages }, answer: { maxTokens: 390, reserve: 20 } };
  await run(model, request(prompted));
  const most = Number(server.completions()[0]?.body['max_tokens']);
  expect(most).toBeGreaterThan(200);
  expect(most).toBeLessThan(room - 60 * 1.4);
});
