import { expect, it } from 'vitest';
import { createAnswerSink } from '../../../src/models/openai/answer-sink.ts';

it('tokens of a text that a stop text may begin with go with the text that comes of it', () => {
  const sink = createAnswerSink(0, { maxTokens: 20, stop: ['END'], topLogprobs: 0 });
  const events = ['A', ' E', 'N', 'TRY'].flatMap((token, id) => {
    const logprobs = [{ token, logprob: -1 }];
    return sink.push({ kind: 'answer', text: token, tokens: 1, tokenIds: [id], logprobs }).events;
  });
  const listed = [...events, ...sink.end(undefined)].flatMap((event) =>
    event.type === 'answer-delta' ? [[event.text, event.tokenIds, event.logprobs.map(({ token }) => token)]] : [],
  );
  expect(listed).toEqual([
    ['A', [0], ['A']],
    [' ', [1], [' E']],
    ['ENTRY', [2, 3], ['N', 'TRY']],
  ]);
});

it('ends where a marker says the answer again, and that is no stop text of the request', () => {
  const sink = createAnswerSink(0, { maxTokens: 20, stop: ['END'] }, ['\nFinal answer:']);
  const push = (text: string) => sink.push({ kind: 'answer', text, tokens: 2, tokenIds: [], logprobs: [] });
  expect(push('It is 7.\nFinal')).toMatchObject({ events: [{ text: 'It is 7.' }], full: false });
  expect(push(' answer: It is 7.')).toEqual({ events: [], full: true });
  expect(sink.reason(undefined)).toBe('stop');
  expect(sink.stopText()).toBeUndefined();
});
