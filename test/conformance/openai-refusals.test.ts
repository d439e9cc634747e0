import { expect, it } from 'vitest';
import { connect, request, run, script, thinking } from '../support/upstream-run.ts';
import type { Fault } from '../support/upstream-server.ts';

const answer = script.answer.join('');
const refusal = (status: number, message: string): Fault => ({ kind: 'status', status, body: { error: { message } } });

it('a refused field is found behind words that the server repeats, and those are not shown', async () => {
  const name = 'qwen3:30b-a3b-instruct';
  const message = `"${name}" does not support thinking (reasoning_effort)`;
  const { model, server } = await connect(
    { dialect: 'ollama', script, faults: [refusal(400, message)] },
    { model: name },
  );
  expect(await run(model, request())).toMatchObject({ answer });
  await run(model, request());
  expect(server.completions().map(({ body }) => 'reasoning_effort' in body)).toEqual([true, false, false]);
});

it('a refused field that the server only repeats from the prompt is not given up', async () => {
  const asked = request({ prompt: { messages: [{ role: 'user', content: 'What is reasoning_effort?' }] } });
  const echo = refusal(400, 'bad prompt: What is reasoning_effort?');
  const { model, server } = await connect({ dialect: 'ollama', script, faults: [echo, echo] });
  const failure = await run(model, asked).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'invalid_value' });
  expect(String(failure)).not.toContain('What is');
  expect(await run(model, request())).toMatchObject({ answer });
  expect(server.completions().at(-1)?.body).toHaveProperty('reasoning_effort');
});

/** How a second request goes on with a thought after the first one's way met `fault`. */
async function waysAfter(fault: Fault): Promise<string[]> {
  const faults: Fault[] = [{ kind: 'none' }, fault];
  const { model, server } = await connect({ dialect: 'vllm', script, faults, ignoresBudget: true });
  expect(await run(model, thinking(4))).toMatchObject({ answer, finish: { thinkingStop: 'budget' } });
  const asked = server.completions().length;
  expect(await run(model, thinking(4))).toMatchObject({ answer, finish: { thinkingStop: 'budget' } });
  return server
    .completions()
    .slice(asked)
    .map(({ path }) => path);
}

it.each([
  [400, 'please wait, the key is being rotated'],
  [401, 'bad key'],
  [403, 'not now'],
  [422, 'the prompt must not be empty'],
])('a way to go on that was refused once with %i "%s" is tried again', async (status, message) => {
  expect(await waysAfter(refusal(status, message))).toEqual(['/v1/chat/completions', '/v1/completions']);
});

it.each([
  [404, 'no such route'],
  [405, 'no'],
  [501, 'no'],
  [400, 'this model does not support completions: not supported'],
  [422, 'Extra inputs are not permitted: prompt'],
])('a way to go on that the server says it lacks (%i "%s") is not tried again', async (status, message) => {
  expect(await waysAfter(refusal(status, message))).toEqual(['/v1/chat/completions', '/v1/chat/completions']);
});

it('a begun thought is gone on with after both ways were refused for a moment', async () => {
  const bad = refusal(400, 'bad');
  const faults: Fault[] = [{ kind: 'none' }, bad, bad];
  const { model } = await connect({ dialect: 'vllm', script, faults, ignoresBudget: true });
  await run(model, thinking(4));
  expect(model.capabilities.rollback).toBe(true);
  const prefix = [{ text: 'one two' }];
  expect(await run(model, request({ thinking: { budgetTokens: 50, prefix } }))).toMatchObject({ answer });
});

it('a server that has no way to go on with a thought can not roll back any more, and says so', async () => {
  const options = { hides: ['/tokenize'], refuses: ['continue_final_message'] };
  const { model } = await connect({ dialect: 'vllm', script, ignoresBudget: true, ...options });
  await run(model, thinking(4));
  expect(model.capabilities.rollback).toBe(false);
  const prefix = [{ text: 'one two' }];
  const asked = request({ thinking: { budgetTokens: 50, prefix } });
  await expect(run(model, asked)).rejects.toMatchObject({ code: 'unsupported_input' });
});

it.each(['temperature', 'top_p', 'seed'] as const)(
  'a server without %s is asked without it, once, and it is told',
  async (field) => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const { model, server } = await connect({ dialect: 'plain', script, refuses: [field] }, { family: 'plain', warn });
    const asked = request({ sampling: { temperature: 0.6, topP: 0.95, seed: 1 } });
    await run(model, asked);
    await run(model, asked);
    expect(server.completions().map(({ body }) => field in body)).toEqual([true, false, false]);
    expect(server.completions().at(-1)?.body).toMatchObject({ max_tokens: 50 });
    expect(warnings).toEqual([expect.stringContaining(`"${field}"`)]);
    const { sampling, seed } = model.capabilities;
    expect({ temperature: sampling?.includes('temperature'), top_p: sampling?.includes('topP'), seed }).toEqual({
      temperature: true,
      top_p: true,
      seed: true,
      [field]: false,
    });
  },
);

it('a model that takes the default temperature alone is asked without one', async () => {
  const message = "Unsupported value: 'temperature' does not support 0.6 with this model.";
  const { model, server } = await connect({ dialect: 'plain', script, faults: [refusal(400, message)] });
  expect(await run(model, request({ sampling: { temperature: 0.6 } }))).toMatchObject({ finish: { reason: 'stop' } });
  expect(server.completions().map(({ body }) => 'temperature' in body)).toEqual([true, false]);
});

it('a value that the server does not take is the caller’s mistake', async () => {
  const { model, server } = await connect({
    dialect: 'plain',
    script,
    faults: [refusal(400, 'temperature must be in [0, 2]')],
  });
  const asked = request({ sampling: { temperature: 3 } });
  await expect(run(model, asked)).rejects.toMatchObject({ code: 'invalid_value' });
  expect(server.completions()).toHaveLength(1);
});
