/** A template that opens the thought, at a server that leaves it in the content: its opening tag is nowhere to be seen, and the entry doesn't tell. */
import { describe, expect, it } from 'vitest';
import { connect, request, run, script, thinking, words } from '../support/upstream-run.ts';

const thought = script.thoughts.join('');
const answer = script.answer.join('');
const untold = { thoughtOpenedByTemplate: false };
const deltas = (events: Awaited<ReturnType<typeof run>>['events'], type: string) =>
  events.filter((event) => event.type === type).length;

describe.each(['vllm', 'llama.cpp', 'ollama', 'lmstudio', 'plain'] as const)(
  'behind a server that speaks %s',
  (dialect) => {
    it('a thought is a thought, the first time as well', async () => {
      const { model } = await connect({ dialect, script, spelling: 'tags-without-open' }, untold);
      const first = await run(model, thinking(100));
      expect(first).toMatchObject({ thought, answer, finish: { thinkingStop: 'natural' } });
      expect(first.finish?.usage).toMatchObject({ thinkingTokens: 8, answerTokens: 4 });
      const second = await run(model, thinking(100));
      expect(second).toMatchObject({ thought, answer });
      expect(deltas(second.events, 'thinking-delta')).toBeGreaterThan(1);
    });

    it('a thought that was cut is none of the answer', async () => {
      const long = { ...script, thoughts: Array.from({ length: 200 }, (_, index) => ` thought${index}`) };
      const spelling = 'tags-without-open';
      const { model } = await connect({ dialect, script: long, spelling, ignoresBudget: true }, untold);
      const result = await run(model, thinking(20));
      expect(result.answer).toBe(answer);
      // A plain server can't be told to stop thinking.
      if (dialect !== 'plain') expect(result.finish?.usage.thinkingTokens).toBeLessThanOrEqual(20);
    });
  },
);

describe.each(['ollama', 'lmstudio', 'plain'] as const)(
  'behind one that speaks %s and shows no template',
  (dialect) => {
    it('what is thought though it was not to be stays hidden', async () => {
      const { model } = await connect({ dialect, script, spelling: 'tags-without-open', alwaysThinks: true }, untold);
      for (let time = 0; time < 2; time += 1) {
        expect(await run(model, request({ answer: { maxTokens: 100 } }))).toMatchObject({ thought: '', answer });
      }
      expect((await run(model, request({ answer: { maxTokens: 6 } }))).answer).not.toContain('one');
    });

    it('a text before a call stays before it', async () => {
      const toolCalls = [{ name: 'now', arguments: '{}' }];
      const { model } = await connect(
        { dialect, script: { thoughts: [], answer: words('Let me see.'), toolCalls } },
        untold,
      );
      const tools = [{ name: 'now', parameters: { type: 'object', properties: {} } }];
      const { events } = await run(
        model,
        request({ prompt: { messages: [{ role: 'user', content: 'When?' }], tools } }),
      );
      const types = events.map(({ type }) => type);
      expect(types.indexOf('answer-delta')).toBeGreaterThanOrEqual(0);
      expect(types.lastIndexOf('answer-delta')).toBeLessThan(types.findIndex((type) => type.startsWith('tool-call')));
    });

    it('an answer that was held back and had no thought is counted whole', async () => {
      const { model } = await connect({ dialect, script: { ...script, thoughts: [] }, spelling: 'reasoning' }, untold);
      const { finish } = await run(model, thinking(100));
      expect(finish?.usage).toMatchObject({ thinkingTokens: 0, answerTokens: 4 });
    });

    it('an answer streams as soon as one has come without a thought', async () => {
      // A plain server opens a thought whatever it is asked, if only an empty one.
      const { model } = await connect({ dialect, script: { ...script, thoughts: [] } }, untold);
      expect(deltas((await run(model, request())).events, 'answer-delta')).toBe(dialect === 'plain' ? 4 : 1);
      expect(deltas((await run(model, request())).events, 'answer-delta')).toBeGreaterThan(1);
    });
  },
);

describe('with another dialect than the server speaks', () => {
  // llama.cpp's `/tokenize` gives no tokens for messages, which is no sign of a template that opens no thought.
  it.each([
    ['llama.cpp', 'vllm'],
    ['vllm', 'llama.cpp'],
    ['llama.cpp', 'plain'],
  ] as const)('a thought of %s stays one where the entry says %s', async (spoken, dialect) => {
    const { model } = await connect({ dialect: spoken, script, spelling: 'tags-without-open' }, { ...untold, dialect });
    for (let time = 0; time < 2; time += 1) {
      expect(await run(model, thinking(100))).toMatchObject({ thought, answer });
    }
  });
});
