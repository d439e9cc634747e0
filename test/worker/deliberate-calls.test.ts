import { describe, expect, it } from 'vitest';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { createService } from './service.ts';

const weather = {
  type: 'function',
  name: 'weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const ask = {
  input: 'Weather in the capital of Norway?',
  tools: [weather],
  reasoning: { effort: 'high', samples: 5, max_revisions: 0, budget_tokens: 700 },
};

/** Chain by chain its own arguments; where it is held to a form it writes Bergen, and its draft is no call. */
function calling(...args: string[]) {
  let chain = 0;
  return createScriptedModel({
    id: 'tiny',
    capabilities: { constraints: ['json_schema'] },
    script: ({ request }) => {
      if (request.answer.constraint) return { answer: '{"name": "weather", "arguments": {"city": "Bergen"}}' };
      if (request.thinking === undefined) return { answer: 'I would have to look.' };
      const call = { name: 'weather', arguments: args[chain++ % args.length] ?? '{}' };
      return { thought: 'hm', answer: '', toolCalls: [call] };
    },
  });
}

describe('in deliberate mode a tool call', () => {
  it('is put to the vote like any answer, however its arguments are written', async () => {
    const model = calling(
      '{"city":"Rome"}',
      '{"city":"Oslo"}',
      '{ "city": "Oslo" }',
      '{"city":"Oslo"}',
      '{"city":"Paris"}',
    );
    const { answered, app } = await createService(model);
    const response = await answered(ask);
    expect(response.output).toMatchObject([{ type: 'function_call', name: 'weather' }]);
    const [call] = response.output;
    expect(call?.type === 'function_call' && JSON.parse(call.arguments)).toEqual({ city: 'Oslo' });
    const trace = await (await app.request(`/v1/responses/${response.id}/trace`)).text();
    expect(trace).toContain('"tally":');
  });

  it('whose arguments don’t fit is never seen, though most chains made it', async () => {
    const { answered, ask: send } = await createService(calling('{"town":"HIDDEN"}', '{"city":7}'));
    const stream = await (await send({ ...ask, stream: true })).text();
    expect(stream).toContain('response.completed');
    expect(stream).not.toContain('HIDDEN');
    const response = await answered(ask);
    const [call] = response.output;
    expect(call?.type === 'function_call' && typeof JSON.parse(call.arguments).city).toBe('string');
  });
});
