import { expect, it } from 'vitest';
import { connect, request, run, script } from '../support/upstream-run.ts';
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
