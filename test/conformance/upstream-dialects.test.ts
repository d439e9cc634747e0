import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Constraint } from '../../src/contracts/responses/constraint.ts';
import { qwen3 } from '../../src/models/families/qwen3.ts';
import { dialectNames, dialects } from '../../src/models/servers/client/dialect.ts';
import { connect, impatientClock, request, run, script, thinking, words } from '../support/upstream-run.ts';

const thought = script.thoughts.join('');
const answer = script.answer.join('');

describe.each(dialectNames)('an upstream that speaks %s', (dialect) => {
  it('tells thought and answer apart and counts both', async () => {
    const { model } = await connect({ dialect, script });
    const result = await run(model, thinking(100));
    expect(result).toMatchObject({ thought, forced: '', answer });
    expect(result.finish).toMatchObject({ reason: 'stop', thinkingStop: 'natural' });
    expect(result.finish?.usage).toMatchObject({
      cachedTokens: 4,
      thinkingTokens: 8,
      answerTokens: 4,
      forcedTokens: 0,
    });
    expect(result.finish?.usage.inputTokens).toBeGreaterThan(8);
    const types = result.events.map(({ type }) => type);
    expect(types.indexOf('thinking-end')).toBe(types.lastIndexOf('thinking-delta') + 1);
    expect(types.filter((type) => type === 'finish')).toHaveLength(1);
  });

  it('answers at once when no thought is asked for', async () => {
    // A plain server can't be told not to think; one that doesn't think answers.
    const { model } = await connect({ dialect, script: dialect === 'plain' ? { ...script, thoughts: [] } : script });
    const result = await run(model, request());
    expect(result).toMatchObject({ thought: '', answer });
    expect(result.finish?.thinkingStop).toBeUndefined();
  });

  it('cuts the thought at the budget, closes the connection, hands over and answers from the reserve', async () => {
    const faults = [{ kind: 'hang', chunks: 7 }] as const;
    const { model, server } = await connect({ dialect, script, faults, ignoresBudget: true });
    const result = await run(model, thinking(4));
    expect(result.forced).toBe(qwen3.handOver);
    expect(thought.startsWith(result.thought)).toBe(true);
    expect(result.answer).toBe(answer);
    expect(result.finish).toMatchObject({ reason: 'stop', thinkingStop: 'budget' });
    expect(result.finish?.usage.thinkingTokens).toBe(4);
    expect(result.finish?.usage.forcedTokens).toBeGreaterThan(5);
    const [first, second] = server.completions();
    expect(await first?.closedEarly).toBe(true);
    expect(JSON.stringify(second?.body)).not.toContain(thought);
  });

  it('keeps the budget over all samples together', async () => {
    const { model } = await connect({ dialect, script, ignoresBudget: true });
    const { events } = await run(model, thinking(11, { samples: 3 }));
    const finishes = events.filter((event) => event.type === 'finish');
    expect(finishes.map(({ sample }) => sample).sort()).toEqual([0, 1, 2]);
    const shown = events.filter((event) => event.type === 'thinking-delta' && !event.forced);
    expect(shown.length).toBeLessThanOrEqual(11);
    // A plain server thinks again for a sample that had no turn to think; that is counted, not hidden.
    const total = finishes.reduce((sum, { usage }) => sum + usage.thinkingTokens, 0);
    if (dialect !== 'plain') expect(total).toBeLessThanOrEqual(11);
    expect(finishes.every(({ reason }) => reason === 'stop')).toBe(true);
  });

  it('gives the answer now when told to, even while the server says nothing', async () => {
    const { model } = await connect({ dialect, script, faults: [{ kind: 'hang', chunks: 5 }] });
    const now = new AbortController();
    let seen = 0;
    const onEvent = ({ type }: { type: string }) => type === 'thinking-delta' && ++seen === 2 && now.abort();
    const result = await run(model, thinking(100), { answerNow: now.signal, onEvent });
    expect(result.answer).toBe(answer);
    expect(result.forced).toBe(qwen3.handOver);
    expect(result.finish).toMatchObject({ thinkingStop: 'user', reason: 'stop' });
  });

  it('ends the thought at the deadline and still answers', async () => {
    let end = () => {};
    const clock = {
      ...impatientClock(),
      after(ms: number, callback: () => void) {
        // The others are what a server may take for an answer.
        if (ms > 1_800_000) end = callback;
        return () => {};
      },
    };
    const { model } = await connect({ dialect, script, faults: [{ kind: 'hang', chunks: 5 }] }, { clock });
    const onEvent = ({ type }: { type: string }) => type === 'thinking-delta' && end();
    const result = await run(model, thinking(100, { deadlineAt: Date.now() + 3_600_000 }), { onEvent });
    expect(result.finish).toMatchObject({ thinkingStop: 'deadline', reason: 'stop' });
    expect(result.answer).toBe(answer);
  });

  it('asks for no thought when the deadline has passed', async () => {
    const { model, server } = await connect({ dialect, script: { ...script, thoughts: [] } });
    const result = await run(model, thinking(100, { deadlineAt: Date.now() - 1 }));
    expect(result).toMatchObject({ thought: '', answer, finish: { thinkingStop: 'deadline' } });
    expect(server.completions()).toHaveLength(1);
  });

  it('ends with the reason of the signal when cancelled, and closes the connection', async () => {
    const { model, server } = await connect({ dialect, script, faults: [{ kind: 'hang', chunks: 5 }] });
    const cancel = new AbortController();
    const reason = new Error('cancelled by the test');
    const onEvent = ({ type }: { type: string }) => type === 'thinking-delta' && cancel.abort(reason);
    await expect(run(model, thinking(100), { signal: cancel.signal, onEvent })).rejects.toBe(reason);
    expect(await server.completions()[0]?.closedEarly).toBe(true);
  });

  it('cuts the answer at its reserve and at a stop text', async () => {
    const { model } = await connect({ dialect, script });
    const short = await run(model, thinking(100, { answer: { maxTokens: 2 } }));
    expect(short).toMatchObject({ answer: 'The answer', finish: { reason: 'length' } });
    const stopped = await run(model, thinking(100, { answer: { maxTokens: 50, stop: ['wer i', 'two'] } }));
    expect(stopped).toMatchObject({ thought, answer: 'The ans', finish: { reason: 'stop' } });
  });

  it('puts the pieces of tool calls together', async () => {
    const toolCalls = [
      { name: 'add', arguments: '{"a":3,"b":4}' },
      { name: 'now', arguments: '{}' },
    ];
    const { model, server } = await connect({ dialect, script: { ...script, answer: [], toolCalls } });
    const tools = [{ name: 'add', description: 'adds', parameters: { type: 'object', properties: {} } }];
    const asked = thinking(100, { prompt: { messages: [{ role: 'user', content: 'add' }], tools } });
    const result = await run(model, asked);
    expect(result).toMatchObject({ thought, toolCalls, finish: { reason: 'tool-calls' } });
    expect(server.completions()[0]?.body['tools']).toMatchObject([{ type: 'function', function: tools[0] }]);
    const cut = await run(model, { ...asked, thinking: { budgetTokens: 3 } });
    expect(cut).toMatchObject({ toolCalls, finish: { reason: 'tool-calls', thinkingStop: 'budget' } });
  });

  it('holds the answer and never the thought to a form, for exactly the forms that it names', async () => {
    const { model, server } = await connect({ dialect, script: { ...script, constrained: words('{"answer": 7}') } });
    const forms: Constraint[] = [
      { type: 'json_object' },
      { type: 'json_schema', schema: { type: 'object' } },
      { type: 'regex', pattern: '[0-9]+' },
      { type: 'choice', choices: ['yes', 'no'] },
    ];
    for (const constraint of forms) {
      server.requests.length = 0;
      const asked = thinking(100, { answer: { maxTokens: 50, constraint } });
      if (!model.capabilities.constraints.includes(constraint.type)) {
        await expect(run(model, asked)).rejects.toMatchObject({ code: 'unsupported_constraint', status: 400 });
        expect(server.requests).toHaveLength(0);
        continue;
      }
      const said = constraint.type === 'choice' ? 'yes' : '{"answer": 7}';
      const result = await run(model, asked);
      expect(result).toMatchObject({ thought, answer: said, finish: { thinkingStop: 'natural' } });
      const held = server
        .completions()
        .map(({ body }) => ['response_format', 'structured_outputs', 'json_schema'].some((field) => field in body));
      expect(held).toEqual([false, true]);
      if (!constraint.type.startsWith('json') || dialect === 'thinkfirst') continue;
      // A mask alone doesn't tell a model what is wanted of it.
      const [first] = z.array(z.looseObject({ role: z.string() })).parse(server.completions()[0]?.body['messages']);
      expect(first).toMatchObject({ role: 'system', content: expect.stringContaining('JSON') });
    }
  });

  it('asks for log-probabilities where the server has them and gives them back', async () => {
    const { model } = await connect({ dialect, script });
    const result = await run(model, thinking(100, { answer: { maxTokens: 50, topLogprobs: 1 } }));
    const listed = result.events.flatMap((event) => (event.type === 'answer-delta' ? event.logprobs : []));
    expect(listed.map(({ token }) => token)).toEqual(model.capabilities.logprobs ? script.answer : []);
    expect(result.finish?.scores.answerMeanLogprob).toBe(model.capabilities.logprobs ? -0.25 : undefined);
  });

  it('sends the sampling under the names of the server, a seed per sample', async () => {
    const { model, server } = await connect({ dialect, script });
    const penalties = { repetitionPenalty: 1.1, presencePenalty: 0.5, frequencyPenalty: 0.25, logitBias: { 5: -100 } };
    const sampling = { temperature: 0.6, topP: 0.9, topK: 20, minP: 0.1, ...penalties, seed: 7 };
    await run(model, thinking(100, { samples: 2, sampling }));
    const bodies = server.completions().map(({ body }) => body);
    expect(new Set(bodies.map((body) => body['seed'])).size).toBe(2);
    expect(bodies.map((body) => body['seed'])).toContain(7);
    for (const [name, value] of Object.entries(sampling)) {
      const field = dialects[dialect].sampling[name as keyof typeof sampling];
      if (field !== undefined && name !== 'seed') expect(bodies[0]?.[field]).toEqual(value);
    }
    if (dialect === 'plain') expect(bodies[0]).not.toHaveProperty('top_k');
  });

  it('sends no sampling where the caller names none: the server has its own', async () => {
    const { model, server } = await connect({ dialect, script });
    await run(model, thinking(3, { sampling: {} }));
    const sampled = ['temperature', 'top_p', 'top_k', 'min_p', 'seed', 'repeat_penalty', 'repetition_penalty'];
    const sent = server
      .completions()
      .flatMap(({ body }) => Object.keys(body).filter((field) => sampled.includes(field)));
    expect(sent).toEqual([]);
  });

  it('sends key and model name', async () => {
    const { model, server } = await connect({ dialect, script, apiKey: 'secret-key' }, { apiKey: 'secret-key' });
    await run(model, request());
    expect(server.completions()[0]).toMatchObject({
      authorization: 'Bearer secret-key',
      body: { model: 'served-name', stream: true },
    });
  });

  it('never shows thoughts of a model that thinks all the same', async () => {
    const { model } = await connect({ dialect, script, alwaysThinks: true });
    const result = await run(model, request());
    expect(result).toMatchObject({ thought: '', answer, finish: { reason: 'stop' } });
    expect(result.finish?.usage.thinkingTokens).toBeGreaterThanOrEqual(8);
  });
});

describe('budgets that the server keeps', () => {
  it.each([
    ['vllm', 'thinking_token_budget'],
    ['llama.cpp', 'thinking_budget_tokens'],
  ] as const)('%s is given the budget as %s, with room for the tags that it counts', async (dialect, field) => {
    const { model, server } = await connect({ dialect, script });
    const result = await run(model, request({ thinking: { budgetTokens: 90, perSampleTokens: 6 } }));
    expect(server.completions()[0]?.body[field]).toBe(22);
    expect(result).toMatchObject({
      thought: 'one two three four five six',
      forced: qwen3.handOver,
      finish: { thinkingStop: 'budget' },
    });
  });

  it('goes on without a budget field that the server refuses, and asks only once', async () => {
    const { model, server } = await connect({ dialect: 'vllm', script, refuses: ['thinking_token_budget'] });
    expect(await run(model, thinking(3))).toMatchObject({ answer, finish: { thinkingStop: 'budget' } });
    await run(model, thinking(3));
    expect(server.requests.filter(({ body }) => 'thinking_token_budget' in body)).toHaveLength(1);
  });
});

describe('servers that are older, newer or stricter', () => {
  it.each(['return_token_ids', 'stream_options', 'chat_template_kwargs', 'logprobs', 'max_tokens'])(
    'one that refuses %s is asked without it',
    async (field) => {
      const { model, server } = await connect({ dialect: 'vllm', script, refuses: [field] });
      expect(await run(model, thinking(5))).toMatchObject({ thought: 'one two three four five', answer });
      await run(model, thinking(5));
      expect(server.completions().filter(({ body }) => field in body)).toHaveLength(1);
    },
  );

  it('log-probabilities that were asked for are not left out in silence', async () => {
    const { model } = await connect({ dialect: 'vllm', script, refuses: ['logprobs'] });
    const asked = thinking(50, { answer: { maxTokens: 50, topLogprobs: 2 } });
    await expect(run(model, asked)).rejects.toMatchObject({ code: 'invalid_value' });
  });
});

describe('going on with a begun text', () => {
  it.each(['vllm', 'llama.cpp'] as const)('%s: the thought goes on from a prefix', async (dialect) => {
    const { model } = await connect({ dialect, script });
    expect(model.capabilities.rollback).toBe(true);
    const prefix = [{ text: 'one two three' }, { text: ' four', fed: true }];
    const result = await run(model, request({ thinking: { budgetTokens: 100, prefix } }));
    expect(result).toMatchObject({ thought: ' five six seven eight', answer });
    expect(result.finish?.usage.forcedTokens).toBeGreaterThan(0);
  });

  it.each(['vllm', 'llama.cpp'] as const)(
    '%s: an open message serves where the server does not render prompts',
    async (dialect) => {
      const { model, server } = await connect({ dialect, script, hides: ['/tokenize', '/apply-template'] });
      expect(await run(model, thinking(3))).toMatchObject({ answer, finish: { thinkingStop: 'budget' } });
      const last = server.completions().at(-1)?.body;
      expect(last).toMatchObject({ continue_final_message: true, add_generation_prompt: false });
      expect(JSON.stringify(last?.['messages'])).toContain('</think>');
    },
  );

  it.each(['vllm', 'llama.cpp'] as const)('%s: a user turn serves where neither is to be had', async (dialect) => {
    const refuses = ['continue_final_message'];
    const { model, server } = await connect({ dialect, script, hides: ['/tokenize', '/apply-template'], refuses });
    expect(await run(model, thinking(3))).toMatchObject({ answer, finish: { thinkingStop: 'budget' } });
    expect(server.completions().at(-1)?.body['messages']).toMatchObject([{}, { role: 'assistant' }, { role: 'user' }]);
  });

  it.each(dialectNames)('%s: a begun answer is gone on with', async (dialect) => {
    const { model } = await connect({ dialect, script });
    const result = await run(model, request({ answer: { maxTokens: 50, prefix: [{ text: 'The answer' }] } }));
    expect(result.answer).toBe(' is 7.');
    expect(result.finish?.usage.answerTokens).toBe(2);
  });

  it.each(['ollama', 'lmstudio', 'thinkfirst', 'plain'] as const)(
    '%s refuses to go on with a thought, as its capabilities say',
    async (dialect) => {
      const { model } = await connect({ dialect, script });
      expect(model.capabilities.rollback).toBe(false);
      const asked = request({ thinking: { budgetTokens: 9, prefix: [{ text: 'one' }] } });
      await expect(run(model, asked)).rejects.toMatchObject({ code: 'unsupported_input' });
    },
  );

  it('replaces a too early end by the continuation word', async () => {
    const { model } = await connect({ dialect: 'vllm', script: { ...script, thoughts: words('one two') } });
    const result = await run(model, request({ thinking: { budgetTokens: 50, minimumTokens: 5 } }));
    expect(result.forced).toContain(qwen3.continuation);
    expect(result.answer).toBe(answer);
  });
});

it('a thought that ends too early stands where the server can not go on with it', async () => {
  const options = { hides: ['/tokenize'], refuses: ['continue_final_message'] };
  const { model } = await connect({ dialect: 'vllm', script, ...options });
  const result = await run(model, request({ thinking: { budgetTokens: 50, minimumTokens: 20 } }));
  expect(result).toMatchObject({ answer, finish: { reason: 'stop', thinkingStop: 'natural' } });
});

describe('scores and counts', () => {
  it('vllm: scores continuations by the log-probabilities of the prompt', async () => {
    const { model } = await connect({ dialect: 'vllm', script });
    const { signal } = new AbortController();
    const scored = await model.score(
      { prompt: request().prompt, continuations: ['Yes.', 'No, not at all.'] },
      { signal },
    );
    expect(scored.continuations.map(({ tokens }) => tokens)).toEqual([1, 4]);
    expect(scored.continuations.every(({ logprob }) => logprob < 0)).toBe(true);
    expect(scored.usage.inputTokens).toBeGreaterThan(3);
  });

  it.each(['llama.cpp', 'ollama', 'lmstudio', 'thinkfirst', 'plain'] as const)(
    '%s says that it has no scores',
    async (dialect) => {
      const { model } = await connect({ dialect, script });
      expect(model.capabilities.score).toBe(false);
      const asked = model.score(
        { prompt: request().prompt, continuations: ['Yes.'] },
        { signal: new AbortController().signal },
      );
      await expect(asked).rejects.toMatchObject({ code: 'model_unavailable', retryable: false });
    },
  );

  it.each(dialectNames)('%s: a prompt beyond the context is refused before anything is decoded', async (dialect) => {
    const { model, server } = await connect({ dialect, script }, { contextLength: 64 });
    const prompt = { messages: [{ role: 'user' as const, content: 'word '.repeat(400) }] };
    expect(await model.countTokens(prompt, { thinking: false })).toBeGreaterThan(200);
    await expect(run(model, request({ prompt }))).rejects.toMatchObject({
      code: 'context_length_exceeded',
      status: 400,
    });
    expect(server.completions()).toHaveLength(0);
  });
});
