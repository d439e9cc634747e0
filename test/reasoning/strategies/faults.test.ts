import { describe, expect, it } from 'vitest';
import type { GenerateRequest } from '../../../src/core/language-model.ts';
import { createTestModel, type Script } from '../../support/scripted-model.ts';
import { runStrategy, table } from '../../support/strategy-run.ts';

const thinking = ['budget-forcing', 'self-consistency', 'best-of-n', 'verify-and-revise', 'deliberate'];
const good: Script = { thought: '2 + 2 = 4.\nSo the answer is 4.', answer: 'The answer is 4.' };
const endless: Script = { ...good, closes: false };

describe.each(thinking)('%s', (strategy) => {
  it.each([0, 1, 2, 3, 7, 61, 100])('never thinks beyond a budget of %i, and answers', async (budget) => {
    for (const script of [good, endless, { ...good, thought: '2 + 2 = 5.\nSo the answer is 5.' }]) {
      const model = createTestModel({ script: () => script });
      const run = await runStrategy(strategy, { model, effective: { budget_tokens: budget } });
      expect(run.thinking).toBeLessThanOrEqual(budget);
      expect(run.answer).toBe('The answer is 4.');
      if (budget === 0) expect(run.outcome.thinkingStop).toBeNull();
    }
  });

  it.each([40, 90, 200, 500])('keeps within max_output_tokens %i', async (maxOutputTokens) => {
    const model = createTestModel({ script: () => endless });
    const run = await runStrategy(strategy, { model, maxOutputTokens });
    expect(run.output).toBeLessThanOrEqual(maxOutputTokens);
    expect(run.answer).toBe('The answer is 4.');
  });

  it('ends by the budget where a thought never closes', async () => {
    const model = createTestModel({ script: () => endless });
    const run = await runStrategy(strategy, { model, effective: { budget_tokens: 100 } });
    expect(run.outcome.thinkingStop).toBe('budget');
    expect(run.answer).toBe('The answer is 4.');
  });

  it('answers where a loop was broken', async () => {
    const model = createTestModel({ script: () => ({ ...good, stop: 'loop' }) });
    const run = await runStrategy(strategy, { model });
    expect(run.answer).toBe('The answer is 4.');
  });

  it('answers fast where every thought ends in an empty answer', async () => {
    const model = createTestModel({
      script: (request) => ({ ...good, answer: request.thinking === undefined ? 'The answer is 3.' : ' ' }),
    });
    const run = await runStrategy(strategy, { model });
    expect(run.answer).toBe('The answer is 3.');
    expect(run.outcome.answerSource).toBe('draft');
  });

  it('is incomplete where the deadline had passed before it began', async () => {
    const model = createTestModel({ script: () => good });
    const run = await runStrategy(strategy, { model, deadlineAt: 1000 });
    expect(run.outcome).toMatchObject({ incomplete: 'deadline' });
    expect(run.answer).toBe('');
  });

  // The clock goes on by one ms with every token, so the deadline falls into each phase in turn.
  const untilDeadline = async (after: number, script: (request: GenerateRequest) => Script) => {
    let clock = 1000;
    const now = () => clock;
    const deadline = new AbortController();
    const model = createTestModel({
      script,
      now,
      onStep: () => {
        clock += 1;
        if (clock > 1000 + after) deadline.abort(new Error('too late'));
      },
    });
    const run = await runStrategy(strategy, { model, now, deadlineAt: 1000 + after, deadline: deadline.signal });
    return { run, decoded: model.decoded() };
  };

  it.each([1, 3, 6, 9, 15, 25, 60, 120])('ends by a deadline %i ms away with what there is', async (after) => {
    const { run, decoded } = await untilDeadline(after, ({ sampling }) =>
      sampling.temperature === 0 ? good : endless,
    );
    expect(decoded).toBeLessThanOrEqual(after + 1);
    expect('The answer is 4.').toContain(run.answer);
    expect([undefined, 'deadline']).toContain(run.outcome.incomplete);
    if (run.outcome.incomplete === undefined) expect(run.answer).toBe('The answer is 4.');
    if (run.thinking === 0) expect(run.outcome.thinkingStop).toBeNull();
    if (after >= 60) expect(run.answer).toBe('The answer is 4.');
  });

  it.each([60, 120])('leaves time for the answer by a deadline %i ms away', async (after) => {
    const { run, decoded } = await untilDeadline(after, () => endless);
    expect(decoded).toBeLessThanOrEqual(after + 1);
    expect(run.outcome.incomplete).toBeUndefined();
    expect(run.answer).toBe('The answer is 4.');
  });

  it.each([0, 1, 4, 8, 14, 22, 40, 90])('answers when told to at token %i', async (at) => {
    const answerNow = new AbortController();
    const model = createTestModel({ script: () => endless, onStep: (step) => step >= at && answerNow.abort() });
    const run = await runStrategy(strategy, { model, answerNow: answerNow.signal, effective: { budget_tokens: 2000 } });
    expect(run.answer).toBe('The answer is 4.');
    expect(run.outcome.thinkingStop).toBe(run.thinking > 0 ? 'user' : null);
    // A thought ends within one step of each row; what is left is answers.
    expect(model.decoded()).toBeLessThan(at + 60);
  });

  it.each([0, 3, 8, 16, 30, 70])('ends with the signal’s reason when cancelled at token %i', async (at) => {
    const cancel = new AbortController();
    const reason = new Error('cancelled');
    const model = createTestModel({ script: () => endless, onStep: (step) => step >= at && cancel.abort(reason) });
    await expect(
      runStrategy(strategy, { model, signal: cancel.signal, effective: { budget_tokens: 2000 } }),
    ).rejects.toBe(reason);
    expect(model.decoded()).toBeLessThanOrEqual(at + 1);
  });

  it('passes on what the model throws', async () => {
    const model = createTestModel({
      script: () => {
        throw new Error('weights are gone');
      },
    });
    await expect(runStrategy(strategy, { model })).rejects.toThrow('weights are gone');
  });
});

describe('deliberate', () => {
  it('was ended by the budget that cut its thought, however the vote stands', async () => {
    const model = createTestModel({ script: () => endless });
    const run = await runStrategy('deliberate', { model, effective: { budget_tokens: 7 } });
    expect(run.outcome.thinkingStop).toBe('budget');
  });

  it('is confident in one chain only with the calibrated probability that its table asks for', async () => {
    // Right in four of five, whatever is known of an answer.
    const certainty = { questions: 100, intercept: Math.log(4), features: {} };
    const run = async (confident: number | null, greedy_first = true) => {
      const model = createTestModel({ script: () => good });
      const set = { ...table, certainty, confident, greedy_first };
      const { outcome } = await runStrategy('deliberate', { model, table: set });
      return [outcome.thinkingStop, model.requests.length, outcome.verdict?.because];
    };
    expect(await run(0.75)).toEqual(['confident', 1, expect.stringMatching(/^One chain was run, so /)]);
    expect(await run(0.85)).toEqual(['settled_vote', 2, expect.stringMatching(/^3 of 3 chains/)]);
    expect(await run(null)).toEqual(['settled_vote', 2, expect.stringMatching(/^3 of 3 chains/)]);
    const beside = 'One chain ended, and the others were stopped, so there is nothing to compare it with.';
    expect(await run(0.75, false)).toEqual(['confident', 1, beside]);
  });

  it.each([45, 70, 110, 180])('keeps a search for a line that never ends within a budget of %i', async (budget) => {
    const model = createTestModel({
      script: (request) =>
        request.thinking?.prefix === undefined
          ? { ...good, thought: '2 + 2 = 5.\nSo the answer is 4.' }
          : { thought: ' and so on', closes: false, answer: 'The answer is 4.' },
    });
    const options = { without: ['repair'] };
    const run = await runStrategy('deliberate', { model, effective: { budget_tokens: budget }, options });
    expect(model.requests.some((request) => request.thinking?.prefix !== undefined && request.samples > 1)).toBe(true);
    expect(run.thinking).toBeLessThanOrEqual(budget);
    expect(run.answer).toBe('The answer is 4.');
  });

  // A line is found while the other rows of the same step are not read yet; a revision that never ends takes the rest.
  it.each([45, 60, 80, 91, 120, 200])('decodes no thought beyond a budget of %i that nobody read', async (budget) => {
    const model = createTestModel({
      batched: true,
      script(request) {
        const wrong = { thought: '2 + 2 = 5.\nSo the answer is 5.', answer: 'The answer is 5.' };
        if (request.thinking?.prefix === undefined) return wrong;
        return request.samples > 1 ? good : { ...endless, thought: ' and so on' };
      },
    });
    const options = { without: ['repair'] };
    await runStrategy('deliberate', { model, effective: { budget_tokens: budget, samples: 1 }, options });
    expect(model.requests.some((request) => request.thinking?.prefix !== undefined && request.samples > 1)).toBe(true);
    expect(model.sampled()).toBeLessThanOrEqual(budget);
  });

  it('answers with a chain where each contradicts the draft and the others', async () => {
    let next = 10;
    const model = createTestModel({
      script: (request) => {
        if (request.thinking === undefined) return { answer: 'The answer is 1.' };
        next += 1;
        return { thought: `So the answer is ${next}.`, answer: `The answer is ${next}.` };
      },
    });
    const run = await runStrategy('deliberate', { model });
    // All ballots tie, so the greedy chain's stands.
    expect(run.answer).toBe('The answer is 11.');
  });

  it.each([
    ['throws', () => Promise.reject(new Error('secret path'))],
    ['says nonsense', () => Promise.resolve({ verdict: 'maybe' })],
  ])('goes on where a caller’s check %s', async (_, postCheck) => {
    const model = createTestModel({ script: () => good });
    const checks = [{ type: 'webhook', url: 'https://example.com/check' }];
    const run = await runStrategy('deliberate', { model, checks }, { postCheck });
    expect(run.answer).toBe('The answer is 4.');
    const results = run.steps.flatMap((step) => step.checks);
    expect(results).toContainEqual({
      name: 'webhook',
      verdict: 'abstain',
      judges: 'value',
      detail: 'the check could not be made',
      confirms: true,
    });
  });

  it('does not wait for a check that hangs once the answer is wanted', async () => {
    const answerNow = new AbortController();
    const model = createTestModel({ script: () => good });
    const postCheck = () => {
      answerNow.abort();
      return new Promise<never>(() => {});
    };
    const checks = [{ type: 'webhook', url: 'https://example.com/check' }];
    const run = await runStrategy('deliberate', { model, checks, answerNow: answerNow.signal }, { postCheck });
    expect(run.answer).toBe('The answer is 4.');
    expect(run.outcome.thinkingStop).toBe('user');
  });

  it.each(['user', 'deadline'])('begins no chain once the draft is there and time is over (%s)', async (stop) => {
    const answerNow = new AbortController();
    let clock = 1000;
    const model = createTestModel({
      script: (request) => (request.thinking === undefined ? { answer: 'The answer is 4.' } : endless),
      now: () => clock,
      onStep() {
        if (stop === 'user') answerNow.abort();
        else clock = 2000;
      },
    });
    const given = { model, answerNow: answerNow.signal, now: () => clock, deadlineAt: 2000 };
    const run = await runStrategy('deliberate', given);
    expect(model.requests.map((request) => request.thinking)).toEqual([undefined]);
    expect(run.outcome).toMatchObject({ thinkingStop: null, answerSource: 'draft' });
    expect(run.answer).toBe('The answer is 4.');
  });

  it('gives no answer that a check refutes where it is wanted now', async () => {
    const answerNow = new AbortController();
    const model = createTestModel({
      script: (request) =>
        request.thinking === undefined ? { answer: '4' } : { ...endless, thought: 'Hm.', answer: 'The answer is 5.' },
      onStep: (step) => step >= 6 && answerNow.abort(),
    });
    const run = await runStrategy('deliberate', {
      model,
      // So that there is a draft.
      deadlineAt: 100_000,
      checks: [{ type: 'regex', pattern: '^4$' }],
      effective: { samples: 1, max_revisions: 0 },
      answerNow: answerNow.signal,
    });
    expect(run.outcome.thinkingStop).toBe('user');
    expect(run.answer).toBe('4');
  });

  it('cancels while a check hangs', async () => {
    const cancel = new AbortController();
    const model = createTestModel({ script: () => good });
    const reason = new Error('cancelled');
    const postCheck = () => {
      cancel.abort(reason);
      return new Promise<never>(() => {});
    };
    const checks = [{ type: 'webhook', url: 'https://example.com/check' }];
    await expect(runStrategy('deliberate', { model, checks, signal: cancel.signal }, { postCheck })).rejects.toBe(
      reason,
    );
  });

  it('ends as it is where a caller’s check refutes everything', async () => {
    const model = createTestModel({ script: () => good });
    const checks = [{ type: 'webhook', url: 'https://example.com/check' }];
    const postCheck = async () => ({ verdict: 'fail', wrong: '4' });
    const run = await runStrategy('deliberate', { model, checks }, { postCheck });
    expect(run.answer).toBe('The answer is 4.');
    expect(run.steps.find((step) => step.phase === 'answer')?.because).toMatch(/Every answer failed/);
  });
});
