import { expect, it } from 'vitest';
import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';
import { request, run, thinking } from '../support/upstream-run.ts';

type Fields = { content?: string; reasoning?: string };

/** A server's stream of tokens, each with its id and log-probability, whether it makes text or not. */
function modelThatSays(tokens: readonly Fields[]) {
  const chunk = (delta: Fields, finish: string | null, id: number) => ({
    choices: [
      {
        index: 0,
        delta,
        finish_reason: finish,
        ...(finish === null && {
          token_ids: [id],
          logprobs: { content: [{ token: delta.content ?? '', logprob: -1, top_logprobs: [] }] },
        }),
      },
    ],
  });
  const chunks = [...tokens.map((token, id) => chunk(token, null, id)), chunk({ content: '' }, 'stop', 0)];
  const usage = { choices: [], usage: { prompt_tokens: 5, completion_tokens: tokens.length } };
  const body = [...chunks, usage].map((one) => `data: ${JSON.stringify(one)}\n\n`).join('');
  const fetch = async () =>
    new Response(`${body}data: [DONE]\n\n`, { headers: { 'content-type': 'text/event-stream' } });
  return createOpenaiModel(
    {
      kind: 'upstream',
      id: 'upstream',
      url: 'http://upstream.test/v1',
      model: 'served-name',
      family: 'qwen3',
      dialect: 'vllm',
      contextLength: 4096,
      thoughtOpenedByTemplate: false,
      maxParallel: 1,
    },
    { fetch },
  );
}

it('a character of several tokens is counted with all of them, in the answer', async () => {
  const model = modelThatSays([{ content: 'A' }, { content: '' }, { content: '' }, { content: '🧮' }]);
  const { events, finish } = await run(model, request({ answer: { maxTokens: 50, topLogprobs: 0 } }));
  const listed = events.flatMap((event) => (event.type === 'answer-delta' ? [event] : []));
  expect(listed.map(({ text, tokenIds, logprobs }) => [text, tokenIds, logprobs.length])).toEqual([
    // Held back, since nobody knows yet that this server marks its thoughts.
    ['A🧮', [0, 1, 2, 3], 4],
  ]);
  expect(finish?.usage.answerTokens).toBe(4);
});

it('and in the thought', async () => {
  const model = modelThatSays([{ reasoning: 'A' }, {}, { reasoning: '🧮' }, { content: 'B' }]);
  const { events, finish } = await run(model, thinking(50));
  const listed = events.flatMap((event) => (event.type === 'thinking-delta' ? [event.tokenIds] : []));
  expect(listed).toEqual([[0], [1, 2]]);
  expect(finish?.usage).toMatchObject({ thinkingTokens: 3, answerTokens: 1 });
});
