import { expect, test } from 'vitest';
import { sequenceLimits } from '../../../../src/models/local/decoder/sequence-limits.ts';

const tokens = { handOver: [1, 2, 3], closing: [], afterThought: [], continuation: [] };
const prompt = { ids: Array.from({ length: 20 }, () => 0), inputTokens: 20, thinking: true };
const limits = (answer: { maxTokens: number; reserve?: number }, budgetTokens: number) =>
  sequenceLimits({ prompt, request: { thinking: { budgetTokens }, answer }, tokens, contextLength: 123 });

/** 100 tokens are left to thought and answer. */
test.each([
  [{ maxTokens: 40 }, 500, { thinking: 60, answer: 40 }],
  [{ maxTokens: 90, reserve: 40 }, 500, { thinking: 60, answer: 40 }],
  [{ maxTokens: 90, reserve: 40 }, 30, { thinking: 30, answer: 70 }],
  [{ maxTokens: 50, reserve: 40 }, 30, { thinking: 30, answer: 50 }],
  [{ maxTokens: 300, reserve: 200 }, 30, { thinking: 0, answer: 100 }],
])('an answer of %o beside a thought of %i', (answer, budgetTokens, expected) => {
  const found = limits(answer, budgetTokens);
  expect(found).toMatchObject(expected);
  expect(found.need).toBe(23 + found.thinking + found.answer);
});
