import { describe, expect, test } from 'vitest';
import { requireTraceScope, traceSteps, visibleEvent } from '../../../src/api/responses/trace-view.ts';
import type { TraceStep } from '../../../src/contracts/responses/trace.ts';
import { allScopes } from '../../../src/contracts/service/key-scopes.ts';
import { ServiceError } from '../../../src/contracts/service/service-error.ts';

const thought = 'SECRET-THOUGHT';
const step = (index: number, tokens: number): TraceStep => ({
  index,
  phase: 'think',
  sample: 0,
  started_at: 0,
  duration_ms: 1,
  tokens,
  text: thought,
  computed: [{ at: 0, length: 3, expression: thought }],
  summary: 'one chain',
  stop_reason: null,
  answer: '42',
  confidence: null,
  checks: [
    { name: 'arithmetic', verdict: 'fail', judges: 'line', detail: thought, line: 2, wrong: thought },
    { name: 'value', verdict: 'pass', judges: 'value', detail: '42 is right' },
  ],
  prompt: null,
  because: thought,
});

const scopes = (trace: 'none' | 'summary' | 'full') => ({ ...allScopes, trace });
const added = (index: number, tokens: number) => ({ type: 'trace_step.added' as const, step: step(index, tokens) });
const done = (index: number, tokens: number) => ({ type: 'trace_step.done' as const, step: step(index, tokens) });

test('each step stands as it was last told, in order', () => {
  const steps = traceSteps([added(1, 0), added(0, 0), done(1, 9)], scopes('full'));
  expect(steps.map(({ index, tokens }) => [index, tokens])).toEqual([
    [0, 0],
    [1, 9],
  ]);
});

describe('what a scope shows', () => {
  test('full: the thought', () => {
    expect(traceSteps([done(0, 1)], scopes('full'))).toEqual([step(0, 1)]);
  });

  test('summary: nothing that quotes a thought, in steps and live', () => {
    const [shown] = traceSteps([done(0, 1)], scopes('summary'));
    expect(shown).toMatchObject({
      text: null,
      summary: 'one chain',
      answer: '42',
      checks: [{ line: 2 }, { detail: '42 is right' }],
    });
    expect(JSON.stringify([shown, visibleEvent(added(0, 1), scopes('summary'))])).not.toContain(thought);
  });

  test('pieces of a running thought are for full alone', () => {
    const piece = { type: 'trace_step.delta' as const, index: 0, text: thought };
    expect(visibleEvent(piece, scopes('full'))).toEqual(piece);
    expect(visibleEvent(piece, scopes('summary'))).toBeUndefined();
  });

  test('none: refused', () => {
    expect(() => requireTraceScope(scopes('none'))).toThrow(ServiceError);
    expect(() => requireTraceScope(scopes('summary'))).not.toThrow();
  });
});
