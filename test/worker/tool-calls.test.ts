import { describe, expect, it } from 'vitest';
import type { GenerateRequest, LanguageModel } from '../../src/core/language-model.ts';
import { createToolCallFilter } from '../../src/worker/tool-calls.ts';
import { readEvents } from '../api/responses/fixture.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { createService } from './service.ts';

const weather = {
  type: 'function',
  name: 'weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const call = { name: 'weather', arguments: '{"city":"Oslo"}' };
const written = '{"name": "weather", "arguments": {"city": "Oslo"}}';

/** Calls natively where it may, writes the call as text where it is held to a form. */
const calling = (calls: Array<typeof call>, text = written): LanguageModel & { calls: readonly GenerateRequest[] } =>
  createScriptedModel({
    id: 'tiny',
    capabilities: { constraints: ['json_schema'] },
    script: ({ request }) =>
      request.answer.toolCalls === 'none' ? { answer: text } : { answer: '', toolCalls: calls },
  });
const ask = { input: 'Weather in Oslo?', mode: 'fast', tools: [weather] };

describe('a tool call', () => {
  it('comes as an item with its arguments streamed in pieces', async () => {
    const { ask: send } = await createService(calling([call]));
    const { events } = await readEvents(await send({ ...ask, stream: true }));
    const pieces = events.filter(({ type }) => type === 'response.function_call_arguments.delta');
    expect(pieces.map(({ delta }) => delta).join('')).toBe(call.arguments);
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: { output: [{ type: 'function_call', status: 'completed', ...call }], output_text: '' },
    });
  });

  it.each(['required', { type: 'function', name: 'weather' }])(
    'is made where %j asks for it, as thought',
    async (choice) => {
      const model = calling([]);
      const { answered } = await createService(model);
      for (const mode of ['fast', 'deliberate']) {
        const response = await answered({ ...ask, mode, tool_choice: choice });
        expect(response).toMatchObject({
          status: 'completed',
          warnings: [],
          output: [{ type: 'function_call', ...call }],
        });
      }
      expect(model.calls.every(({ answer }) => answer.constraint?.type === 'json_schema')).toBe(true);
    },
  );

  it('is never made with "none", though the model is told of the tools', async () => {
    const model = calling([call], 'It is sunny.');
    const { answered } = await createService(model);
    const response = await answered({ ...ask, tool_choice: 'none' });
    expect(response).toMatchObject({ output: [{ type: 'message' }], output_text: 'It is sunny.' });
    expect(model.calls[0]?.prompt.tools).toMatchObject([{ name: 'weather' }]);
  });

  it('that doesn’t fit its schema is made again, held to it, and the first is never seen', async () => {
    const { ask: send } = await createService(calling([{ name: 'weather', arguments: '{"town":"HIDDEN"}' }]));
    const { events } = await readEvents(await send({ ...ask, stream: true }));
    expect(JSON.stringify(events)).not.toContain('HIDDEN');
    expect(events.at(-1)).toMatchObject({ response: { status: 'completed', output: [{ ...call }] } });
  });

  it('is one where parallel calls are turned off, all of them else', async () => {
    const other = { name: 'weather', arguments: '{"city":"Rome"}' };
    const { answered } = await createService(calling([call, other]));
    expect((await answered(ask)).output).toMatchObject([call, other]);
    expect((await answered({ ...ask, parallel_tool_calls: false })).output).toMatchObject([call]);
  });
});

describe('the filter', () => {
  const tools = [{ name: 'weather', parameters: weather.parameters }, { name: 'now' }];
  const filter = (before = 0) =>
    createToolCallFilter({ tools, calls: { choice: 'auto', parallel: true }, shown: before });
  const shown = (given: typeof call) => ({ type: 'function', name: given.name, text: given.arguments });
  it.each([
    [call, true],
    [{ name: 'now', arguments: '{}' }, true],
    [{ name: 'elsewhere', arguments: '{}' }, false],
    [{ name: 'weather', arguments: '{"city":1}' }, false],
    [{ name: 'weather', arguments: 'Oslo' }, false],
    [{ name: 'now', arguments: '[]' }, false],
  ])('%j', async (given, fits) => {
    expect(await filter().take(given)).toEqual(fits ? shown(given) : undefined);
  });
  it('leaves out what an earlier attempt has shown', async () => {
    const resumed = filter(1);
    expect([await resumed.take(call), await resumed.take(call)]).toEqual([undefined, shown(call)]);
  });
});
