import { describe, expect, test } from 'vitest';
import { Message } from '../../../../src/contracts/protocols/anthropic-message.ts';
import { ChatCompletion, ChatCompletionChunk } from '../../../../src/contracts/protocols/chat-completion.ts';
import { OllamaChatResponse } from '../../../../src/contracts/protocols/ollama-chat.ts';
import type { AnswerVerdict } from '../../../../src/contracts/responses/answer-verdict.ts';
import { Response as ResponseObject } from '../../../../src/contracts/responses/response.ts';
import { ResponseList } from '../../../../src/contracts/service/listings.ts';
import { readEvents } from '../../responses/fixture.ts';
import { createTranslatingApi } from '../fixture.ts';

const verdict: AnswerVerdict = {
  kind: 'agreed',
  agreement: { agree: 2, of: 3 },
  probability: 0.83,
  because: '2 of 3 chains gave this answer.',
};
const messages = [{ role: 'user', content: 'How much is 6 times 7?' }];
const script = { text: ['42'], verdict };

describe('the verdict on one answer is the same', () => {
  test('on the response, in its last event and in the list', async () => {
    const { post, app } = await createTranslatingApi(script);
    const { id, ...response } = ResponseObject.parse(await (await post('/v1/responses', { input: 'hi' })).json());
    expect(response.verdict).toEqual(verdict);
    const { events } = await readEvents(await app.request(`/v1/responses/${id}?stream=true`));
    expect(events[0]).toMatchObject({ response: { verdict: null } });
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { verdict } });
    expect(ResponseList.parse(await (await app.request('/v1/responses')).json()).data[0]?.verdict).toEqual(verdict);
  });

  test('in a chat completion, waited for and streamed', async () => {
    const { post } = await createTranslatingApi(script);
    const path = '/v1/chat/completions';
    const whole = ChatCompletion.parse(await (await post(path, { messages, n: 2 })).json());
    expect(whole.choices.map((choice) => choice.verdict)).toEqual([verdict, verdict]);
    const { events } = await readEvents(await post(path, { messages, stream: true }));
    const choices = events.flatMap((event) => ChatCompletionChunk.parse(event).choices);
    expect(choices.filter((choice) => choice.verdict !== undefined)).toEqual([choices.at(-1)]);
    expect(choices.at(-1)).toMatchObject({ finish_reason: 'stop', verdict });
  });

  test('in a message of Anthropic’s', async () => {
    const { post } = await createTranslatingApi(script);
    const ask = { model: 'tiny', max_tokens: 100, messages };
    expect(Message.parse(await (await post('/v1/messages', ask)).json()).verdict).toEqual(verdict);
    const { events } = await readEvents(await post('/v1/messages', { ...ask, stream: true }));
    expect(events.find(({ type }) => type === 'message_delta')).toMatchObject({ verdict });
  });

  test('in an answer of Ollama’s', async () => {
    const { post } = await createTranslatingApi(script);
    const answer = await (await post('/api/chat', { model: 'tiny', messages, stream: false })).json();
    expect(OllamaChatResponse.parse(answer).verdict).toEqual(verdict);
  });
});

test('a fast answer has none, in no shape', async () => {
  const { post } = await createTranslatingApi({ text: ['42'] });
  const whole = ChatCompletion.parse(await (await post('/v1/chat/completions', { messages })).json());
  expect(whole.choices[0]?.verdict).toBeNull();
  const answer = await (await post('/api/chat', { model: 'tiny', messages, stream: false })).json();
  expect(OllamaChatResponse.parse(answer).verdict).toBeUndefined();
});
