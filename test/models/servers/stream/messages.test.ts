import { expect, test } from 'vitest';
import type { Prompt } from '../../../../src/contracts/responses/prompt.ts';
import { familyByName } from '../../../../src/models/families/index.ts';
import { dialects } from '../../../../src/models/servers/client/dialect.ts';
import { toMessages } from '../../../../src/models/servers/stream/messages.ts';

test('what tools show follows the results of all calls that were made together', () => {
  const family = familyByName('qwen3');
  if (family === undefined) throw new Error('no family');
  const url = 'data:image/png;base64,AA==';
  const toolCalls = ['a', 'b'].map((id) => ({ id, name: 'look', arguments: '{}' }));
  const prompt: Prompt = {
    messages: [
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: '', toolCalls },
      {
        role: 'tool',
        content: 'A cat:',
        parts: [
          { type: 'text', text: 'A cat:' },
          { type: 'image', url },
        ],
        toolCallId: 'a',
      },
      { role: 'tool', content: 'nothing', toolCallId: 'b' },
    ],
  };
  const messages = toMessages(prompt, { dialect: dialects.vllm, family, thinking: false });
  expect(messages.slice(2)).toEqual([
    { role: 'tool', content: 'A cat:', tool_call_id: 'a' },
    { role: 'tool', content: 'nothing', tool_call_id: 'b' },
    { role: 'user', content: [{ type: 'image_url', image_url: { url } }] },
  ]);
});
