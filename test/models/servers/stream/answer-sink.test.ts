import { expect, it } from 'vitest';
import { createAnswerSink } from '../../../../src/models/servers/stream/answer-sink.ts';

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

it('ends an answer that goes round in circles, and no list of like lines', () => {
  const cutBy = (text: string) => {
    const sink = createAnswerSink(0, { maxTokens: 9_000 });
    const pieces = text.match(/\S+\s*/g) ?? [];
    const cut = pieces.findIndex(
      (piece) => sink.push({ kind: 'answer', text: piece, tokens: 1, tokenIds: [], logprobs: [] }).full,
    );
    return { words: cut, reason: sink.reason(undefined) };
  };
  const line = 'Wait, 1985 is wrong. I do that step again.\n';
  expect(cutBy(line.repeat(400))).toEqual({ words: expect.any(Number), reason: 'loop' });
  expect(cutBy(line.repeat(400)).words).toBeLessThan(200);
  const list = Array.from({ length: 300 }, (_, index) => `${index} is a number and so is its double.\n`).join('');
  expect(cutBy(list)).toEqual({ words: -1, reason: 'stop' });
});

it('ends where a marker says the answer again, and that is no stop text of the request', () => {
  const sink = createAnswerSink(0, { maxTokens: 20, stop: ['END'] }, ['\nFinal answer:']);
  const push = (text: string) => sink.push({ kind: 'answer', text, tokens: 2, tokenIds: [], logprobs: [] });
  expect(push('It is 7.\nFinal')).toMatchObject({ events: [{ text: 'It is 7.' }], full: false });
  expect(push(' answer: It is 7.')).toEqual({ events: [], full: true });
  expect(sink.reason(undefined)).toBe('stop');
  expect(sink.stopText()).toBeUndefined();
});
