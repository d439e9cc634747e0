import { describe, expect, it } from 'vitest';
import { createTestModel } from '../../support/scripted-model.ts';
import { runStrategy } from '../../support/strategy-run.ts';

describe('direct', () => {
  it('streams the answer without thinking and counts it once', async () => {
    const model = createTestModel({ script: () => ({ answer: 'The answer is 4.' }) });
    const run = await runStrategy('direct', { model });
    expect(run.answer).toBe('The answer is 4.');
    expect(run.outcome).toMatchObject({ thinkingStop: null, answerSource: 'draft' });
    expect(run.outcome.usage).toMatchObject({ answer: 4, discarded: 0, think: 0 });
    expect(model.requests[0]?.thinking).toBeUndefined();
  });

  it('tries again where the answer came out empty, and shows none of the empty one', async () => {
    const model = createTestModel({ script: (_request, _sample, call) => ({ answer: call === 0 ? ' \n' : 'Four.' }) });
    const run = await runStrategy('direct', { model });
    expect(run.answer).toBe('Four.');
    expect(run.outcome.usage).toMatchObject({ answer: 1, discarded: 2 });
  });

  it('fails rather than complete with nothing', async () => {
    const model = createTestModel({ script: () => ({ answer: '' }) });
    await expect(runStrategy('direct', { model })).rejects.toMatchObject({ code: 'server_error' });
  });

  it('is incomplete where an empty answer has taken all tokens', async () => {
    const model = createTestModel({ script: () => ({ answer: ' \n \n' }) });
    const run = await runStrategy('direct', { model, maxOutputTokens: 3, answer: { maxTokens: 3 } });
    expect(run.outcome.incomplete).toBe('max_output_tokens');
    expect(run.output).toBe(3);
  });

  it('is incomplete where the reserve cut the answer', async () => {
    const model = createTestModel({ script: () => ({ answer: 'one two three four' }) });
    const run = await runStrategy('direct', { model, answer: { maxTokens: 3 } });
    expect(run.answer).toBe('one two three');
    expect(run.outcome.incomplete).toBe('max_output_tokens');
  });

  it('gives no answer where the deadline had passed before it began', async () => {
    const model = createTestModel({ script: () => ({ answer: 'late' }) });
    const run = await runStrategy('direct', { model, deadlineAt: 1000 });
    expect(run.outcome.incomplete).toBe('deadline');
    expect(model.decoded()).toBe(0);
  });

  it('passes a tool call on', async () => {
    const call = { name: 'add', arguments: '{"a":1}' };
    const model = createTestModel({ script: () => ({ answer: '', toolCalls: [call] }) });
    const run = await runStrategy('direct', { model });
    expect(run.events).toContainEqual({ type: 'tool-call', ...call });
  });
});
