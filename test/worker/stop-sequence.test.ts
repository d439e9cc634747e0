import { expect, test } from 'vitest';
import { Message } from '../../src/contracts/protocols/anthropic-message.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { createService } from './service.ts';

const model = createScriptedModel({
  id: 'tiny',
  script: () => ({ thought: '40 + 2 = 42.', answer: 'The answer is 42. END and more' }),
});
const messages = [{ role: 'user', content: 'What is 40 + 2?' }];

test.each([
  ['fast', 'disabled'],
  ['deliberate', 'adaptive'],
])('the stop text that ended an answer is told: %s', async (_mode, type) => {
  const { post, answered } = await createService(model);
  const ask = async (body: object) => {
    const answer = await post('/v1/messages', {
      model: 'tiny',
      max_tokens: 200,
      thinking: { type },
      messages,
      ...body,
    });
    return Message.parse(await answer.json());
  };
  const stopped = await ask({ stop_sequences: ['nothing', 'END'] });
  expect(stopped).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' });
  expect(stopped.content.at(-1)).toMatchObject({
    type: 'text',
    text: expect.stringMatching(/^The answer is 42\.\s*$/),
  });
  expect(await ask({ stop_sequences: ['nothing'] })).toMatchObject({ stop_reason: 'end_turn', stop_sequence: null });
  const mode = type === 'disabled' ? 'fast' : 'deliberate';
  expect(await answered({ input: 'What is 40 + 2?', mode, stop: 'END' })).toMatchObject({ stop_sequence: 'END' });
  expect(await answered({ input: 'What is 40 + 2?', mode })).toMatchObject({ stop_sequence: null });
});

test('a stream tells it in its last delta', async () => {
  const { post } = await createService(model);
  const asked = { model: 'tiny', max_tokens: 200, thinking: { type: 'disabled' }, messages, stop_sequences: ['END'] };
  const text = await (await post('/v1/messages', { ...asked, stream: true })).text();
  expect(text).toContain('"stop_reason":"stop_sequence","stop_sequence":"END"');
});
