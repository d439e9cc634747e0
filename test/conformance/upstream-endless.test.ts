/** A thinking model that never ends its thought, or repeats itself, still answers: over every server, whatever it does with a budget. */
import { describe, expect, it } from 'vitest';
import { qwen3 } from '../../src/models/families/qwen3.ts';
import type { DialectName } from '../../src/models/servers/client/dialect.ts';
import { connect, request, run, words } from '../support/upstream-run.ts';

const answer = words('The answer is 7.');
const endless = Array.from({ length: 2_000 }, (_, index) => ` step${index}`);
const looping = Array.from(
  { length: 2_000 },
  (_, index) => [' wait,', ' let', ' me', ' check', ' again.'][index % 5] ?? '',
);
const budgets = {
  honoured: {},
  refused: { refuses: ['thinking_token_budget', 'reasoning_budget_tokens', 'thinking_budget_tokens'] },
  ignored: { ignoresBudget: true },
};
const servers: ReadonlyArray<[DialectName, keyof typeof budgets, string]> = [
  ['llama.cpp', 'honoured', 'honoured'],
  ['llama.cpp', 'refused', 'refused'],
  ['llama.cpp', 'ignored', 'ignored'],
  ['vllm', 'honoured', 'honoured'],
  ['vllm', 'refused', 'refused'],
  ['vllm', 'ignored', 'ignored'],
  ['ollama', 'ignored', 'none'],
];
const reserve = 20;

describe.each(servers)('%s, a budget that is %s', (dialect, kept, state) => {
  it.each([
    ['never ends', endless, 60, 'budget'],
    ['repeats itself', looping, 400, 'loop'],
  ] as const)('100 of 100 answers from a model that %s', async (_name, thoughts, budgetTokens, stop) => {
    const { model, server } = await connect({ dialect, script: { thoughts, answer }, ...budgets[kept] });
    const asked = request({ thinking: { budgetTokens }, answer: { maxTokens: reserve } });
    let left = 100;
    const stops: unknown[] = [];
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (left-- > 0) {
          const { finish, answer: text, forced } = await run(model, asked);
          expect(text).toBe('The answer is 7.');
          expect(forced).toBe(qwen3.handOver);
          expect(finish?.usage.thinkingTokens).toBeLessThanOrEqual(budgetTokens);
          expect(finish?.usage.answerTokens).toBeLessThanOrEqual(reserve);
          stops.push(finish?.thinkingStop);
        }
      }),
    );
    expect(stops).toEqual(Array.from({ length: 100 }, () => stop));
    expect(server.mostRunning()).toBeLessThanOrEqual(16);
    // A repetition is cut long before the budget, so it says nothing of it.
    const seen = stop === 'loop' && (state === 'honoured' || state === 'ignored') ? 'unverified' : state;
    expect(model.capabilities.serverBudget).toBe(seen);
  });
});

it('a server that ignores the budget is asked for it until that is seen, and its owner is told once', async () => {
  const told: string[] = [];
  const warn = (message: string) => void told.push(message);
  const script = { thoughts: endless, answer };
  const { model, server } = await connect({ dialect: 'vllm', script, ignoresBudget: true }, { warn });
  const asked = request({ thinking: { budgetTokens: 60 }, answer: { maxTokens: reserve } });
  for (let index = 0; index < 3; index += 1) await run(model, asked);
  expect(server.completions().flatMap(({ body }) => body['thinking_token_budget'] ?? [])).toEqual([52]);
  expect(told).toEqual([
    'The server behind upstream takes "thinking_token_budget" but does not stop thinking, so this service ends its thoughts.',
  ]);
});

it('once a server has kept a budget, it is asked for more than ours, so that no thought is cut short by it', async () => {
  const { model, server } = await connect({ dialect: 'llama.cpp', script: { thoughts: endless, answer } });
  const asked = request({ thinking: { budgetTokens: 60 }, answer: { maxTokens: reserve } });
  const spent: unknown[] = [];
  for (let index = 0; index < 2; index += 1) spent.push((await run(model, asked)).finish?.usage.thinkingTokens);
  expect(server.completions().flatMap(({ body }) => body['reasoning_budget_tokens'] ?? [])).toEqual([52, 76]);
  expect(spent).toEqual([52, 60]);
});

it('a thought that ends by itself far from the budget says nothing of the server', async () => {
  const script = { thoughts: words('3 and 4 are 7.'), answer };
  const { model } = await connect({ dialect: 'vllm', script, ignoresBudget: true });
  const asked = request({ thinking: { budgetTokens: 60 }, answer: { maxTokens: reserve } });
  expect(await run(model, asked)).toMatchObject({ forced: '', finish: { thinkingStop: 'natural' } });
  expect(model.capabilities.serverBudget).toBe('unverified');
});

it.each(['ollama', 'lmstudio', 'plain'] as const)(
  '%s: a model that never ends its thought and can not be told to stop answers behind a thought that was closed for it',
  async (dialect) => {
    const script = { thoughts: endless, answer };
    const { model } = await connect({ dialect, script, alwaysThinks: true });
    const result = await run(model, request({ thinking: { budgetTokens: 60 }, answer: { maxTokens: reserve } }));
    expect(result).toMatchObject({ answer: 'The answer is 7.', finish: { reason: 'stop', thinkingStop: 'budget' } });
    expect(result.finish?.usage.answerTokens).toBeLessThanOrEqual(reserve);
  },
);
