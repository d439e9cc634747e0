import { expect, it } from 'vitest';
import { connect, request, run, script, words } from '../support/upstream-run.ts';

const form = { ...script, answer: words('{"answer": 7}'), constrained: words('{"answer": 7}') };
const constraint = { type: 'json_object' } as const;
const fields = ['response_format', 'structured_outputs', 'json_schema'];
const begun = (text: string) => request({ answer: { maxTokens: 50, constraint, prefix: [{ text }] } });

it.each(['vllm', 'llama.cpp', 'ollama'] as const)(
  '%s: the rest of a begun answer is not held to a form that would begin anew, and that is told once',
  async (dialect) => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const { model, server } = await connect({ dialect, script: form }, { warn });
    expect(await run(model, begun('{"answer":'))).toMatchObject({ answer: ' 7}' });
    await run(model, begun('{"answer":'));
    expect(server.completions().filter(({ body }) => fields.some((field) => field in body))).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('cannot enforce the format on a resumed answer')]);
  },
);

it.each(['vllm', 'llama.cpp', 'ollama'] as const)(
  '%s: an answer of which only blanks were shown is begun anew and held to its form',
  async (dialect) => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const { model, server } = await connect({ dialect, script: form }, { warn });
    expect(await run(model, begun('\n'))).toMatchObject({ answer: '{"answer": 7}' });
    expect(server.completions()).toHaveLength(1);
    const [sent] = server.completions();
    expect(fields.some((field) => sent !== undefined && field in sent.body)).toBe(true);
    expect(JSON.stringify(sent?.body['messages'])).not.toContain('"role":"assistant"');
    expect(warnings).toEqual([]);
  },
);

it.each(['plain', 'ollama', 'lmstudio'] as const)(
  '%s: a begun answer that the server says again is seen once',
  async (dialect) => {
    const plain = { ...script, thoughts: [] };
    const prefix = [{ text: 'The answer' }];
    for (const echoes of [true, false]) {
      const { model } = await connect({ dialect, script: plain, echoes });
      expect(await run(model, request({ answer: { maxTokens: 50, prefix } }))).toMatchObject({ answer: ' is 7.' });
    }
  },
);

it('a thought that had ended before the blanks of an answer is not gone on with', async () => {
  const { model, server } = await connect({ dialect: 'vllm', script: form });
  const asked = { ...begun('\n'), thinking: { budgetTokens: 50, prefix: [{ text: 'one two' }] } };
  expect(await run(model, asked)).toMatchObject({ thought: '', answer: '{"answer": 7}' });
  expect(server.completions()).toHaveLength(1);
});
