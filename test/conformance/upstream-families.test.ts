/** What a family asks of a server, and what is made of templates and models that do otherwise than they are told. */
import { describe, expect, it } from 'vitest';
import { gptOss } from '../../src/models/families/gpt-oss.ts';
import { mistralReasoning } from '../../src/models/families/mistral-reasoning.ts';
import { connect, request, run, script, thinking } from '../support/upstream-run.ts';

const thought = script.thoughts.join('');
const answer = script.answer.join('');
const tools = [{ name: 'now', parameters: { type: 'object', properties: {} } }];
const asked = { messages: [{ role: 'user' as const, content: 'When?' }] };

describe.each(['vllm', 'llama.cpp'] as const)('behind a server that speaks %s', (dialect) => {
  const family = 'think-tags';

  it('a template without a switch: the thought is closed before it begins', async () => {
    const { model, server } = await connect({ dialect, script, opens: 'always', alwaysThinks: true }, { family });
    for (let time = 0; time < 2; time += 1) {
      const { finish, ...result } = await run(model, request());
      expect(result).toMatchObject({ thought: '', answer });
      expect(finish?.usage.thinkingTokens).toBe(0);
    }
    const [first] = server.completions();
    if (dialect === 'llama.cpp') {
      expect(first?.body['prompt']).toMatch(/<\|assistant\|><think>\n\n<\/think>\n\n$/);
    }
    // Whether it has one is asked once.
    const renderings = server.requests.filter(({ body }) => 'messages' in body && !('stream' in body));
    expect(renderings).toHaveLength(4);
  });

  it('with tools it is asked where the server reads its calls', async () => {
    const { model, server } = await connect({ dialect, script, opens: 'always', alwaysThinks: true }, { family });
    await run(model, request({ prompt: { ...asked, tools } }));
    const [only, ...others] = server.completions();
    expect(others).toEqual([]);
    expect(only).toMatchObject({ path: '/v1/chat/completions', body: { messages: [{ role: 'user' }] } });
  });

  it('a thought whose opening tag nobody writes is one all the same', async () => {
    const spelling = 'tags-without-open';
    const { model } = await connect(
      { dialect, script, opens: 'never', spelling },
      { family, thoughtOpenedByTemplate: false },
    );
    for (let time = 0; time < 2; time += 1) expect(await run(model, thinking(100))).toMatchObject({ thought, answer });
  });

  it('a thought that is gone on with shows its tags, be they special tokens', async () => {
    const { model, server } = await connect({ dialect, script }, { family: 'mistral-reasoning' });
    await run(model, thinking(3, { thinking: { budgetTokens: 3, prefix: [{ text: 'one' }] } }));
    const [open, closed] = server.completions();
    const shown = dialect === 'vllm' ? { skip_special_tokens: false } : { preserved_tokens: ['[THINK]', '[/THINK]'] };
    expect(open).toMatchObject({ path: '/v1/completions', body: shown });
    for (const field of Object.keys(shown)) expect(closed?.body).not.toHaveProperty(field);
  });

  it('a model that is taken for a plain one shows no thought of its own', async () => {
    const { model } = await connect({ dialect, script, alwaysThinks: true }, { family: 'plain' });
    expect(await run(model, request())).toMatchObject({ thought: '', answer });
  });
});

describe('gpt-oss', () => {
  const family = 'gpt-oss';

  it.each(['vllm', 'llama.cpp', 'ollama', 'lmstudio'] as const)(
    'is told to think little where it is not to think (%s)',
    async (dialect) => {
      const { model, server } = await connect({ dialect, script }, { family });
      await run(model, request());
      await run(model, thinking(100));
      const [fast, deliberate] = server.completions();
      expect(fast?.body).toMatchObject({ reasoning_effort: 'low' });
      expect(deliberate?.body).not.toHaveProperty('reasoning_effort');
    },
  );

  it('answers after its budget in a channel that is opened for it', async () => {
    const { model, server } = await connect({ dialect: 'llama.cpp', script, opens: 'never' }, { family });
    await run(model, thinking(3));
    const prompt = String(server.completions()[1]?.body['prompt']);
    const begun = `<|assistant|><|channel|>analysis<|message|>one two three${gptOss.handOver}`;
    expect(prompt.endsWith(`${begun}<|end|><|start|>assistant<|channel|>final<|message|>`)).toBe(true);
  });
});

it('a model that thinks where its system turn asks for it is asked', async () => {
  const { model, server } = await connect({ dialect: 'plain', script }, { family: 'mistral-reasoning' });
  await run(model, thinking(100));
  await run(model, request());
  const [deliberate, fast] = server.completions().map(({ body }) => JSON.stringify(body['messages']));
  expect(deliberate).toContain(JSON.stringify(mistralReasoning.thinkInstruction).slice(1, -1));
  expect(fast).not.toContain('[THINK]');
});

it('a model that thinks again when it is asked for its answer has room for both', async () => {
  const long = { ...script, thoughts: Array.from({ length: 60 }, (_, index) => ` thought${index}`) };
  const { model } = await connect({ dialect: 'ollama', script: long, alwaysThinks: true }, { family: 'gpt-oss' });
  const result = await run(model, thinking(20));
  expect(result).toMatchObject({ answer, finish: { reason: 'stop', thinkingStop: 'budget' } });
});

describe('a plain server, which can not be told not to think', () => {
  it('gives the answer its tokens beside the thought', async () => {
    const { model } = await connect({ dialect: 'plain', script }, { family: 'think-tags' });
    const result = await run(model, request({ answer: { maxTokens: 10 } }));
    expect(result).toMatchObject({ thought: '', answer, finish: { reason: 'stop' } });
  });

  it('keeps an answer without a thought to its tokens, the first one too, which is held back', async () => {
    const long = { thoughts: [], answer: Array.from({ length: 30 }, (_, index) => ` a${10 + index}`) };
    const { model } = await connect(
      { dialect: 'plain', script: long, spelling: 'reasoning' },
      { family: 'think-tags' },
    );
    for (let time = 0; time < 2; time += 1) {
      const { answer: said, finish } = await run(model, request({ answer: { maxTokens: 20 } }));
      expect(finish).toMatchObject({ reason: 'length', usage: { answerTokens: 20 } });
      expect(said.split(' ').length).toBeGreaterThanOrEqual(19);
      expect(said.split(' ').length).toBeLessThanOrEqual(20);
    }
  });
});

it('an end that a family writes after its answer is none of it', async () => {
  const said = { ...script, answer: [...script.answer, ' [END', ' FINAL', ' RESPONSE]', ' <|end|>'] };
  const { model } = await connect({ dialect: 'vllm', script: said }, { family: 'apriel' });
  const result = await run(model, thinking(100));
  expect(result.answer.trim()).toBe(answer);
  expect(result.finish).toMatchObject({ reason: 'stop' });
  expect(result.finish).not.toHaveProperty('stopText');
});
