import { describe, expect, it } from 'vitest';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { createTestModel } from '../../support/scripted-model.ts';
import { runStrategy } from '../../support/strategy-run.ts';

const thought = '2 + 2 = 4.\nSo the answer is 4.';
const thinks = () => createTestModel({ script: () => ({ thought, answer: 'The answer is 4.' }) });

describe('budget-forcing', () => {
  it('thinks, then answers, with the thought on the trace and not in the answer', async () => {
    const run = await runStrategy('budget-forcing', { model: thinks() });
    expect(run.answer).toBe('The answer is 4.');
    expect(run.outcome).toMatchObject({ thinkingStop: 'natural', answerSource: 'deliberate' });
    expect(run.steps.map((step) => [step.index, step.phase, step.text])).toEqual([
      [0, 'think', thought],
      [1, 'answer', null],
    ]);
    expect(run.outcome.usage).toMatchObject({ think: 11, answer: 4, forced: 0 });
  });

  it.each([1, 2, 5])('stops at a budget of %i and still answers', async (budget) => {
    const run = await runStrategy('budget-forcing', { model: thinks(), effective: { budget_tokens: budget } });
    expect(run.thinking).toBe(budget);
    expect(run.outcome.thinkingStop).toBe('budget');
    expect(run.outcome.usage.forced).toBeGreaterThan(0);
    expect(run.answer).toBe('The answer is 4.');
  });

  it('answers at once with a budget of 0', async () => {
    const run = await runStrategy('budget-forcing', { model: thinks(), effective: { budget_tokens: 0 } });
    expect(run.outcome).toMatchObject({ thinkingStop: null, answerSource: 'draft' });
    expect(run.answer).toBe('The answer is 4.');
  });

  it('keeps all output within max_output_tokens', async () => {
    const model = createTestModel({ script: () => ({ thought, closes: false, answer: 'The answer is 4.' }) });
    const run = await runStrategy('budget-forcing', { model, maxOutputTokens: 100, answer: { maxTokens: 20 } });
    expect(run.thinking).toBe(32);
    expect(run.output).toBeLessThanOrEqual(100);
  });

  // Every thought ends after one word, so that as many words are fed as are thought.
  it.each([120, 200, 300, 600, 1000])(
    'keeps the words that it is gone on with within max_output_tokens %i',
    async (most) => {
      const model = createScriptedModel({ script: () => ({ thought: 'Hm.', answer: 'The answer is 4.' }) });
      const options = { minimum_tokens: 150 };
      const run = await runStrategy('budget-forcing', { model, maxOutputTokens: most, options });
      expect(run.output).toBeLessThanOrEqual(most);
      expect(run.answer).toBe('The answer is 4.');
      const forced = most >= 600;
      expect(run.outcome.warnings.map(({ field }) => field)).toEqual(
        forced ? [] : ['reasoning.options.minimum_tokens'],
      );
      expect(run.outcome.thinkingStop).toBe(forced ? 'budget' : 'natural');
      expect(run.steps[0]?.stop_reason).toBe(run.outcome.thinkingStop);
    },
  );

  it('answers now when it is told to', async () => {
    const answerNow = new AbortController();
    const model = createTestModel({
      script: () => ({ thought, closes: false, answer: 'The answer is 4.' }),
      onStep: (step) => step === 3 && answerNow.abort(),
    });
    const run = await runStrategy('budget-forcing', { model, answerNow: answerNow.signal });
    expect(run.outcome.thinkingStop).toBe('user');
    expect(run.thinking).toBe(3);
    expect(run.answer).toBe('The answer is 4.');
  });

  it('ends with the reason of the signal and has told its usage by then', async () => {
    const cancel = new AbortController();
    const reason = new Error('cancelled');
    const model = createTestModel({
      script: () => ({ thought, closes: false, answer: '4' }),
      onStep: (step) => step === 5 && cancel.abort(reason),
    });
    await expect(runStrategy('budget-forcing', { model, signal: cancel.signal })).rejects.toBe(reason);
  });

  it('answers fast where the answer after the thought is empty', async () => {
    const model = createTestModel({
      script: (request) => ({ thought, answer: request.thinking === undefined ? 'Four.' : '' }),
    });
    const run = await runStrategy('budget-forcing', { model });
    expect(run.answer).toBe('Four.');
    expect(run.outcome.answerSource).toBe('draft');
  });

  it('asks for a minimum of thinking where the request does', async () => {
    const model = thinks();
    await runStrategy('budget-forcing', { model, options: { minimum_tokens: 50 } });
    expect(model.requests[0]?.thinking?.minimumTokens).toBe(50);
  });

  it('goes on from the thought of an attempt that died', async () => {
    const first = await runStrategy('budget-forcing', { model: thinks() });
    const model = thinks();
    const second = await runStrategy('budget-forcing', { model, finishedSteps: first.steps.slice(0, 1) });
    expect(model.requests[0]?.thinking).toMatchObject({ prefix: [{ text: thought }], ended: true });
    expect(second.answer).toBe('The answer is 4.');
    expect(second.steps.map(({ index, phase, sample }) => [index, phase, sample])).toEqual([[1, 'answer', 0]]);
    expect(second.outcome.usage).toEqual(first.outcome.usage);
    expect(second.outcome.thinkingStop).toBe('natural');
  });

  it('says why the thought of an attempt that died had ended, though its budget is spent', async () => {
    const effective = { budget_tokens: 5 };
    const first = await runStrategy('budget-forcing', { model: thinks(), effective });
    const finishedSteps = first.steps.slice(0, 1);
    const second = await runStrategy('budget-forcing', { model: thinks(), effective, finishedSteps });
    expect(second.outcome).toEqual(first.outcome);
    expect(second.outcome.thinkingStop).toBe('budget');
  });

  it('thinks again where the model can’t be given a thought', async () => {
    const first = await runStrategy('budget-forcing', { model: thinks() });
    const model = createTestModel({
      script: () => ({ thought, answer: 'The answer is 4.' }),
      capabilities: { rollback: false },
    });
    const second = await runStrategy('budget-forcing', { model, finishedSteps: first.steps.slice(0, 1) });
    expect(model.requests[0]?.thinking?.prefix).toBeUndefined();
    expect(second.steps.map(({ phase }) => phase)).toEqual(['think', 'answer']);
  });
});
