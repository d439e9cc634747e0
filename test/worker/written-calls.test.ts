import { describe, expect, it, test } from 'vitest';
import { createWrittenCalls } from '../../src/worker/written-calls.ts';
import { readEvents } from '../api/responses/fixture.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { createService } from './service.ts';

const call = '{"name": "version", "arguments": {"of": "a } b \\" {"}}';

/** The pieces of a text that comes in chunks of this many characters: texts joined, calls in angles. */
function pieces(text: string, size: number): string {
  const written = createWrittenCalls(['version', 'versions']);
  const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
  const all = [...chunks.flatMap((chunk) => written.push(chunk)), ...written.end()];
  return all.map((piece) => (piece.type === 'call' ? `<${piece.text}>` : piece.text)).join('');
}

describe.each([1, 3, 1000])('a text in chunks of %i', (size) => {
  test.each([
    ['a call', call, `<${call}>`],
    ['a call within text', `Let me see.\n${call} So.`, `Let me see.\n<${call}> So.`],
    ['two calls', `${call}\n${call}`, `<${call}>\n<${call}>`],
    ['a call with spaces', '{ "name" : "version" }', '<{ "name" : "version" }>'],
    ['a call that is cut', 'So {"name": "version", "argum', 'So <{"name": "version", "argum>'],
    ['a name that is no tool’s', '{"name": "Ann", "age": 3}', '{"name": "Ann", "age": 3}'],
    ['the beginning of a tool’s name', '{"name": "ver"}', '{"name": "ver"}'],
    ['an end before the name is known', '{"name": "versi', '{"name": "versi'],
    ['another object', 'a {b} {"n": {}} {', 'a {b} {"n": {}} {'],
    ['a call in another object', '{"x": {"name": "version"}}', '{"x": <{"name": "version"}>}'],
    ['no object', 'Nothing.', 'Nothing.'],
  ])('%s', (_name, text, expected) => expect(pieces(text, size)).toBe(expected));
});

const version = { type: 'function', name: 'version', parameters: { type: 'object', properties: {} } };
const saying = (answer: string, held = '{"name": "version", "arguments": {}}') =>
  createScriptedModel({
    id: 'tiny',
    capabilities: { constraints: ['json_schema', 'json_object'] },
    script: ({ request }) => ({ answer: request.answer.constraint ? held : answer }),
  });
const ask = { input: 'Which version?', mode: 'fast', tools: [version] };

describe('a model that writes its call as text', () => {
  it('has called', async () => {
    const { ask: send } = await createService(saying('{"name": "version", "arguments": {}}'));
    const { events } = await readEvents(await send({ ...ask, stream: true }));
    expect(events.filter(({ type }) => type === 'response.output_text.delta')).toEqual([]);
    expect(events.at(-1)).toMatchObject({
      response: { status: 'completed', output: [{ type: 'function_call', name: 'version', arguments: '{}' }] },
    });
  });

  it('has one that is malformed made again, and nobody sees the first', async () => {
    const { ask: send } = await createService(saying('{"name": "version", "HIDDEN'));
    const { events } = await readEvents(await send({ ...ask, stream: true }));
    expect(JSON.stringify(events)).not.toContain('HIDDEN');
    expect(events.at(-1)).toMatchObject({ response: { output: [{ type: 'function_call', arguments: '{}' }] } });
  });

  it('has one beside text left out, with a warning', async () => {
    const { answered } = await createService(saying('I look. {"name": "version", "HIDDEN'));
    expect(await answered(ask)).toMatchObject({
      output_text: 'I look. ',
      output: [{ type: 'message' }],
      warnings: [{ field: 'tools' }],
    });
  });

  it('is taken at its word where a form is asked for, and where it may not call', async () => {
    const text = '{"name": "version"}';
    const { answered } = await createService(saying(text, text));
    const format = { type: 'json_object' };
    expect((await answered({ ...ask, text: { format } })).output_text).toBe(text);
    expect((await answered({ ...ask, tool_choice: 'none' })).output_text).toBe(text);
  });
});

describe('a tool that takes no arguments', () => {
  it.each(['', '{}', '{"made":"up"}'])('gets {} where the model gives %j', async (given) => {
    const model = createScriptedModel({
      id: 'tiny',
      script: () => ({ answer: '', toolCalls: [{ name: 'version', arguments: given }] }),
    });
    const { answered } = await createService(model);
    expect((await answered(ask)).output).toMatchObject([{ type: 'function_call', arguments: '{}' }]);
  });

  it('is held to {} where it must be called, and to what it says of others else', async () => {
    const model = saying('');
    const { answered } = await createService(model);
    await answered({ ...ask, tool_choice: 'required' });
    const open = { ...version, parameters: { ...version.parameters, additionalProperties: { type: 'string' } } };
    await answered({ ...ask, tools: [open], tool_choice: 'required' });
    const schemas = model.calls.map(({ answer }) => JSON.stringify(answer.constraint));
    expect(schemas[0]).toContain('"arguments":{"type":"object","properties":{},"additionalProperties":false}');
    expect(schemas[1]).toContain('"additionalProperties":{"type":"string"}');
  });
});

test('a fast answer has no reasoning item, whatever is asked of it', async () => {
  const { answered } = await createService(createScriptedModel({ id: 'tiny', script: () => ({ answer: '42' }) }));
  const include = ['reasoning.encrypted_content', 'reasoning.text'];
  const response = await answered({ input: 'a', reasoning: { effort: 'none', summary: 'auto' }, include });
  expect(response.output.map(({ type }) => type)).toEqual(['message']);
});
