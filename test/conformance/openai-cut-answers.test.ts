/** Answers that end at their tokens, or whose marker is spoken of before it comes: what is an answer goes out, what is none doesn't. */
import { describe, expect, it } from 'vitest';
import { connect, request, run, script, thinking, words } from '../support/upstream-run.ts';

const letter = { thoughts: [], answer: Array.from({ length: 400 }, (_, index) => ` word${index}`) };
const short = () => request({ answer: { maxTokens: 100 } });
const untold = { thoughtOpenedByTemplate: false };

describe.each(['ollama', 'lmstudio', 'thinkfirst'] as const)('a fast answer behind one that speaks %s', (dialect) => {
  it('is cut at its tokens and stands, with one request each', async () => {
    const { model, server } = await connect({ dialect, script: letter });
    for (let time = 1; time <= 2; time += 1) {
      const { answer, finish } = await run(model, short());
      expect(words(answer)).toHaveLength(100);
      expect(finish).toMatchObject({ reason: 'length', usage: { thinkingTokens: 0, answerTokens: 100 } });
      expect(server.completions()).toHaveLength(time);
    }
  });

  it('has none of a thought that comes in a field or in tags, though it was switched off: it follows once the thought is closed for the model', async () => {
    const long = { ...script, thoughts: Array.from({ length: 400 }, (_, index) => ` thought${index}`) };
    for (const spelling of ['reasoning', 'reasoning_content', 'tags'] as const) {
      const { model } = await connect({ dialect, script: long, spelling, alwaysThinks: true });
      expect((await run(model, short())).answer).toBe(script.answer.join(''));
    }
  });
});

describe.each(['ollama', 'lmstudio'] as const)('a cut text without tags behind one that speaks %s', (dialect) => {
  const long = { ...script, thoughts: Array.from({ length: 400 }, (_, index) => ` thought${index}`) };
  const server = { dialect, script: long, spelling: 'tags-without-open', alwaysThinks: true } as const;

  it('is a thought where the switch is refused', async () => {
    const { model } = await connect({ ...server, refuses: ['reasoning_effort'] }, untold);
    expect((await run(model, short())).answer).toBe(script.answer.join(''));
  });

  it('is a thought where a thought has come without its opening tag', async () => {
    const { model } = await connect(server, untold);
    await run(model, thinking(1000));
    expect((await run(model, short())).answer).toBe(script.answer.join(''));
  });

  it('is a thought where the entry says that the template opens thoughts', async () => {
    const { model } = await connect(server, { thoughtOpenedByTemplate: true });
    expect((await run(model, short())).answer).toBe(script.answer.join(''));
  });

  it('is a thought of a model that can only think less', async () => {
    const { model } = await connect(server, { ...untold, family: 'gpt-oss' });
    expect((await run(model, short())).answer).not.toContain('thought1');
  });
});

it('a thought that speaks of the marker goes on until a line begins with it', async () => {
  const thoughts = words('The user wants the final answer: a number with its unit. Let me see: 3 kg + 4 kg = 7 kg');
  const { model } = await connect(
    { dialect: 'plain', script: { thoughts, answer: words(' 7 kg') }, spelling: 'marker' },
    { family: 'plain' },
  );
  const { thought, answer } = await run(model, thinking(100));
  expect(thought.trim()).toBe(thoughts.join(''));
  expect(answer).toBe('7 kg');
});

describe('a tool call that the server cut by its length', () => {
  const tools = [{ name: 'now', parameters: { type: 'object', properties: {} } }];
  const asked = request({ prompt: { messages: [{ role: 'user', content: 'When?' }], tools } });
  const cutting: typeof fetch = async (...of) => {
    const response = await fetch(...of);
    const text = (await response.text()).replace('"finish_reason":"tool_calls"', '"finish_reason":"length"');
    return new Response(text, response);
  };
  const whole = { name: 'now', arguments: '{"zone":"UTC"}' };

  it.each([
    ['is none', [{ name: 'now', arguments: '{"zone":"U' }], [], 'length'],
    ['is none where its arguments are yet to come', [{ name: 'now', arguments: '' }], [], 'length'],
    ['leaves those before it', [whole, { name: 'now', arguments: '{"zo' }], [whole], 'length'],
    ['is one where it is whole', [whole], [whole], 'tool-calls'],
  ])('%s', async (_what, toolCalls, calls, reason) => {
    const { model } = await connect(
      { dialect: 'vllm', script: { thoughts: [], answer: [], toolCalls } },
      { fetch: cutting },
    );
    const result = await run(model, asked);
    expect(result.toolCalls).toEqual(calls);
    expect(result.finish?.reason).toBe(reason);
  });
});
