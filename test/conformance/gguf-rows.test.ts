import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { GenerateRequest } from '../../src/core/language-model.ts';
import { createGgufModel } from '../../src/models/local/gguf/gguf-local-model.ts';
import { installCommand, installedLlama } from '../../src/models/local/gguf/llama-library.ts';
import { never, requestOf, runOne, runSamples } from '../suites/language-model-run.ts';
import { tinyModel, tinyModelInTwo } from '../support/gguf-file.ts';

/** The loop over llama.cpp on a model of random weights: what it writes means nothing, how it is written is exact. */
const folder = mkdtempSync(join(tmpdir(), 'thinkfirst-tiny-'));
const prompt = { messages: [{ role: 'user' as const, content: 'abc def ghi jkl mno pqr stu vwx yz' }] };
const hers = { owner: 'a', response: 'a1', ownPrompt: true };
const hot = { temperature: 1, seed: 7 };
const options = {
  threads: 1,
  kvMegabytes: 1,
  gpu: false,
  now: Date.now,
  warn: (message: string) => {
    throw new Error(message);
  },
};
let model: Awaited<ReturnType<typeof createGgufModel>>;

beforeAll(async () => {
  if (installedLlama() === undefined) return;
  const path = join(folder, 'tiny.gguf');
  writeFileSync(path, tinyModel());
  model = await createGgufModel(path, options);
});
afterAll(async () => {
  await model?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach((context) => {
  const command = installCommand({ gpu: false });
  if (installedLlama() === undefined) context.skip(`node-llama-cpp is not installed: ${command}`);
});

const ask = (changes: Parameters<typeof requestOf>[1]): GenerateRequest =>
  requestOf(prompt, { deterministic: false, answer: { maxTokens: 6 }, ...changes });

it('thinks to the token, hands over and answers, in more samples than it has sequences', async () => {
  const before = model.stats();
  const runs = await runSamples(
    model,
    ask({ samples: 6, thinking: { budgetTokens: 55, perSampleTokens: 10 }, sampling: hot }),
  );
  expect(runs).toHaveLength(6);
  expect(runs.reduce((sum, { finish }) => sum + finish.usage.thinkingTokens, 0)).toBeLessThanOrEqual(55);
  for (const { finish, answer } of runs) {
    expect(finish.usage.thinkingTokens).toBeLessThanOrEqual(10);
    expect(answer.trim()).not.toBe('');
  }
  expect(new Set(runs.map(({ thought }) => thought)).size).toBeGreaterThan(1);
  const { batches, prefilledTokens } = model.stats();
  // All sequences decode together, and the prompt is computed once: of the copies only its last id is.
  expect(batches.at(-1)).toBeGreaterThan(before.batches.at(-1) ?? 0);
  const prompts = prefilledTokens - before.prefilledTokens;
  const [{ finish }] = runs as [(typeof runs)[number]];
  const forced = runs.reduce((sum, run) => sum + run.forcedIds.length + 1, 0);
  expect(prompts).toBeLessThanOrEqual(finish.usage.inputTokens + 5 + forced);
});

it('writes the same alone as beside others, if it is asked to', async () => {
  const request = ask({ deterministic: true, budget: 20, sampling: hot, samples: 2 });
  const alone = await runSamples(model, request);
  const [beside] = await Promise.all([
    runSamples(model, request),
    runSamples(model, ask({ budget: 40, samples: 3, sampling: { temperature: 1, seed: 9 } })),
  ]);
  expect(beside.map(({ events }) => events)).toEqual(alone.map(({ events }) => events));
});

it('goes back to a part of a thought, from its keys and values', async () => {
  const request = ask({ budget: 20, sampling: hot, cacheScope: hers });
  const first = await runOne(model, request);
  const kept = first.thinkingIds.slice(0, 8);
  const before = model.stats().prefilledTokens;
  const prefix = [{ text: '', tokenIds: kept }];
  const second = await runOne(model, { ...request, thinking: { budgetTokens: 5, prefix } });
  expect(second.finish.usage).toMatchObject({ thinkingTokens: 5, inputTokens: first.finish.usage.inputTokens + 8 });
  // The prompt with the kept ids was there but for its last id; the rest is the sentence that ends the thought.
  expect(model.stats().prefilledTokens - before).toBeLessThanOrEqual(1 + second.forcedIds.length + 1);
});

it('shares keys and values with requests of the same owner alone, and drops thoughts once the response ends', async () => {
  const own = { ...hers, owner: 'b', response: 'b1' };
  const request = ask({ budget: 4, cacheScope: own });
  expect((await runOne(model, request)).finish.usage.cachedTokens).toBe(0);
  const again = await runOne(model, { ...request, cacheScope: { ...own, response: 'b2' } });
  expect(again.finish.usage.cachedTokens).toBe(again.finish.usage.inputTokens - 1);
  const other = await runOne(model, { ...request, cacheScope: { ...own, owner: 'c', response: 'c1' } });
  expect(other.finish.usage.cachedTokens).toBe(0);
  const { usedTokens } = model.stats();
  for (const response of ['b1', 'b2', 'c1']) await model.forget?.(response);
  expect(model.stats().usedTokens).toBeLessThan(usedTokens);
});

it('reads the same of a few logits as of all', async () => {
  const answer = { maxTokens: 6, topLogprobs: 5 };
  const few = await runOne(model, ask({ deterministic: true, answer }));
  // A bias on a token that never comes, and a penalty that raises tokens: the latter needs all logits.
  const all = await runOne(
    model,
    ask({ deterministic: true, answer, sampling: { temperature: 0, presencePenalty: -1e-9 } }),
  );
  expect(few.answer).toBe(all.answer);
  const logprobs = ({ events }: typeof few) =>
    events.flatMap((event) => (event.type === 'answer-delta' ? event.logprobs.map(({ logprob }) => logprob) : []));
  logprobs(few).forEach((logprob, index) => {
    expect(logprob).toBeCloseTo(logprobs(all)[index] ?? Number.NaN, 3);
  });
  expect(few.finish.scores.answerMeanLogprob).toBeCloseTo(all.finish.scores.answerMeanLogprob ?? Number.NaN, 3);
});

it('keeps an answer to a pattern, and scores what it wrote as it was written', async () => {
  const pattern = { type: 'regex' as const, pattern: '[0-9]{3} (apples|pears)' };
  const run = await runOne(model, ask({ answer: { maxTokens: 20, constraint: pattern } }));
  expect(run.answer).toMatch(/^[0-9]{3} (apples|pears)$/);
  const choice = { type: 'choice' as const, choices: ['a', 'b'] };
  const chosen = await runOne(model, ask({ deterministic: true, answer: { maxTokens: 4, constraint: choice } }));
  const [written] = chosen.events.flatMap((event) => (event.type === 'answer-delta' ? event.logprobs : []));
  const scored = (await model.score({ prompt, continuations: [chosen.answer, 'ab', ''] }, { signal: never }))
    .continuations;
  expect(scored[0]?.tokens).toBe(1);
  expect(scored[0]?.logprob).toBeCloseTo(written?.logprob ?? Number.NaN, 3);
  expect(scored[1]?.tokens).toBe(2);
  expect(scored[2]).toEqual({ logprob: 0, tokens: 0 });
});

it('is free for the next request once one is cancelled', async () => {
  const cancel = new AbortController();
  const running = runSamples(model, ask({ budget: 500, samples: 4, sampling: hot, thinking: { budgetTokens: 2000 } }), {
    signal: cancel.signal,
    onEvent: () => cancel.abort(new Error('enough')),
  });
  await expect(running).rejects.toThrow('enough');
  expect((await runOne(model, ask({ budget: 3 }))).answer.trim()).not.toBe('');
});

it('runs as many sequences together as were measured to pay, and a model in two files like the same in one', async () => {
  const parts = tinyModelInTwo().map((bytes, index) => ({
    bytes,
    path: join(folder, `two-0000${index + 1}-of-00002.gguf`),
  }));
  for (const { path, bytes } of parts) writeFileSync(path, bytes);
  const split = await createGgufModel({ id: 'two', path: parts[0]?.path ?? '', sequences: 1 }, options);
  try {
    expect([split.capabilities.batching, model.capabilities.batching]).toEqual([false, true]);
    // Without limits of their own, samples that run one after the other share the budget in another way.
    const thinking = { budgetTokens: 24, perSampleTokens: 12 };
    const request = ask({ thinking, samples: 2, deterministic: true, sampling: hot });
    const [whole, both] = [await runSamples(model, request), await runSamples(split, request)];
    expect(both.map(({ events }) => events)).toEqual(whole.map(({ events }) => events));
    await runSamples(split, { ...request, deterministic: false });
    expect(split.stats().batches).toHaveLength(1);
  } finally {
    await split.close();
  }
});
