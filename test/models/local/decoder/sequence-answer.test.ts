import { expect, test } from 'vitest';
import type { ModelEvent } from '../../../../src/core/language-model.ts';
import { createSequenceAnswer } from '../../../../src/models/local/decoder/sequence-answer.ts';
import { toyModel } from './toy-model.ts';

/** Feeds tokens until the answer ends; gives how many it took and why it ended. */
function accept(tokens: readonly number[]) {
  const events: ModelEvent[] = [];
  const answer = createSequenceAnswer(toyModel, {
    sample: 0,
    stop: [],
    visible: false,
    emit: (event) => events.push(event),
  });
  for (const [index, token] of tokens.entries()) {
    const reason = answer.accept({ token, logprob: -1, selfCertainty: 0 });
    if (reason !== undefined) return { reason, tokens: index + 1, events };
  }
  return { reason: undefined, tokens: tokens.length, events };
}

test('an answer that goes round in circles is cut, with the text that it had', () => {
  const line = [1, 2, 3, 4, 5, 6, 7, 57];
  const cut = accept(Array.from({ length: 400 }, () => line).flat());
  expect(cut.reason).toBe('loop');
  expect(cut.tokens).toBeLessThan(200 * line.length);
  expect(cut.events).toHaveLength(cut.tokens);
});

test('one that goes on and on without repeating itself is not', () => {
  const honest = Array.from({ length: 400 }, (_, index) => [
    index % 50,
    (index * 7) % 51,
    Math.floor(index / 9) % 53,
    57,
  ]);
  expect(accept(honest.flat()).reason).toBeUndefined();
});
