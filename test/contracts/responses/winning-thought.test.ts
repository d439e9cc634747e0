import { expect, test } from 'vitest';
import { shownThought, winningThought } from '../../../src/contracts/responses/response-from-log.ts';
import type { TraceStep } from '../../../src/contracts/responses/trace.ts';

const step = (phase: TraceStep['phase'], sample: number | null, text: string | null): TraceStep => ({
  index: 0,
  phase,
  sample,
  started_at: 0,
  duration_ms: 0,
  tokens: 0,
  text,
  summary: '',
  stop_reason: null,
  answer: null,
  confidence: null,
  checks: [],
  prompt: null,
});
const broken = { ...step('think', 1, 'half'), stop_reason: 'fault' };
const chains = [step('draft', null, null), step('think', 0, 'first'), step('think', 1, 'second')];

test.each([
  ['the chain that the answer names', [...chains, step('answer', 1, null)], 'second', 'second'],
  ['its revision', [...chains, step('revise', 1, 'better'), step('answer', 1, null)], 'better', 'better'],
  ['not what a chain thought whose stream broke', [...chains, broken, step('answer', 1, null)], 'second', 'second'],
  ['none where the draft won', [...chains, step('answer', null, null)], '', 'first'],
  ['the only chain while its answer streams', [step('think', 0, 'only')], 'only', 'only'],
  ['none without thinking', [step('answer', null, null)], '', ''],
])('%s', (_name, steps, winning, shown) => {
  expect(winningThought(steps)).toBe(winning);
  expect(shownThought(steps)).toBe(shown);
});
