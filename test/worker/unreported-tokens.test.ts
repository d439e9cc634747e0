import { expect, test } from 'vitest';
import type { Phase } from '../../src/contracts/responses/reasoning.ts';
import { emptyUsage } from '../../src/contracts/responses/usage.ts';
import type { LanguageModel, ModelEvent } from '../../src/core/language-model.ts';
import { listenForTokens } from '../../src/worker/unreported-tokens.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';

const thought = (text: string, forced = false, sample = 0): ModelEvent => ({
  type: 'thinking-delta',
  sample,
  text,
  tokenIds: [],
  logprobs: [],
  forced,
});
const answer = (text: string, sample = 0): ModelEvent => ({
  type: 'answer-delta',
  sample,
  text,
  tokenIds: [],
  logprobs: [],
});
const usage = { inputTokens: 1, cachedTokens: 0, thinkingTokens: 1, forcedTokens: 0, answerTokens: 0 };
const finish = (sample = 0): ModelEvent => ({ type: 'finish', sample, reason: 'stop', usage, scores: {} });

/** Reads all `events`, and gives what is unreported in `phase` after each. */
async function unreportedAfter(events: readonly ModelEvent[], phase: Phase) {
  const model: LanguageModel = {
    ...createScriptedModel({ id: 'tiny', script: () => ({ answer: '' }) }),
    async *generate() {
      yield* events;
    },
  };
  const unreported = listenForTokens(model, { promptTokens: 7, phase: () => phase });
  const before = unreported.added(emptyUsage());
  const seen = [];
  const request = {
    prompt: { messages: [] },
    samples: 2,
    answer: { maxTokens: 9 },
    sampling: { temperature: 0 },
    deterministic: false,
  };
  for await (const _ of unreported.model.generate(request, { signal: new AbortController().signal })) {
    seen.push(unreported.added(emptyUsage()));
  }
  return { before, seen, after: unreported.added({ ...emptyUsage(), input: 5 }) };
}

test.each([
  ['draft', { draft: 3 }],
  ['think', { think: 1, forced: 1, discarded: 1 }],
  ['revise', { revise: 1, forced: 1, discarded: 1 }],
  ['answer', { think: 1, forced: 1, answer: 1 }],
] as const)('text without token ids counts with its phase: %s', async (phase, counted) => {
  const events =
    phase === 'draft' ? ['a', 'b', 'c'].map((text) => answer(text)) : [thought('a'), thought('b', true), answer('c')];
  const { before, seen } = await unreportedAfter(events, phase);
  expect(before).toEqual(emptyUsage());
  expect(seen.at(-1)).toEqual({ ...emptyUsage(), ...counted, input: 7 });
});

test('what a sample’s end tells, and what its ids told, is not added', async () => {
  const known: ModelEvent = { ...thought('d', false, 1), ...{ tokenIds: [4] } };
  const { seen, after } = await unreportedAfter([thought('a'), thought('b', false, 1), known, finish()], 'think');
  expect(seen.map(({ think }) => think)).toEqual([1, 2, 2, 1]);
  expect(after).toEqual({ ...emptyUsage(), input: 5 });
});

test('what a stopped sample had thought stays counted, and nothing of one that sent ids', async () => {
  const known: ModelEvent = { ...thought('d', false, 1), ...{ tokenIds: [4] } };
  const stopped = await unreportedAfter([thought('a'), thought('b'), answer('c'), finish(1)], 'think');
  expect(stopped.after).toEqual({ ...emptyUsage(), input: 5, think: 2, discarded: 1 });
  const counted = await unreportedAfter([known, thought('e', false, 1)], 'think');
  expect(counted.after).toEqual({ ...emptyUsage(), input: 5 });
});

test('the ids of an inserted text say nothing of the text that a server samples without', async () => {
  const inserted: ModelEvent = { ...thought('so', true), ...{ tokenIds: [4, 5] } };
  const { after } = await unreportedAfter([thought('a'), inserted, thought('b'), answer('c')], 'think');
  expect(after).toEqual({ ...emptyUsage(), input: 5, think: 2, discarded: 1 });
});

test('a long piece is several tokens', async () => {
  const { seen } = await unreportedAfter([thought('a'.repeat(100))], 'think');
  expect(seen.at(-1)?.think).toBe(25);
});
