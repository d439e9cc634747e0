import { readFile } from 'node:fs/promises';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readEvents } from '../../api/responses/fixture.ts';
import { listeningService, openSocket } from '../../support/listening-service.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { orderFaults } from '../../support/wire-order.ts';

/**
 * Everything that a response can hold, against the OpenAPI document of Open Responses. The document is read from
 * `OPEN_RESPONSES_OPENAPI` (a file or a URL), else from its repository; where it can't be had, the suite is skipped.
 */
const source =
  process.env['OPEN_RESPONSES_OPENAPI'] ??
  'https://raw.githubusercontent.com/openresponses/openresponses/main/public/openapi/openapi.json';

/** Events of OpenAI's for things that Open Responses names otherwise, or doesn't have. */
const beyond = new Set(['response.reasoning_text.delta', 'response.reasoning_text.done']);

const Specification = z.looseObject({
  components: z.looseObject({
    schemas: z.record(
      z.string(),
      z.looseObject({
        properties: z
          .looseObject({ type: z.looseObject({ enum: z.array(z.string()).optional() }).optional() })
          .optional(),
      }),
    ),
  }),
});

const found = await specification().catch((error: unknown) => String(error));

async function specification() {
  const text = /^https?:/.test(source)
    ? await (await fetch(source, { signal: AbortSignal.timeout(10_000) })).text()
    : await readFile(source, 'utf8');
  return Specification.parse(JSON.parse(text));
}

const ajv = new Ajv2020({ strict: false, validateFormats: false });
if (typeof found === 'object') ajv.addSchema(found, 'open-responses');

function schema(name: string): ValidateFunction {
  return ajv.compile({ $ref: `open-responses#/components/schemas/${name}` });
}

/** Faults of an object, as texts. */
function faults(validate: ValidateFunction, value: unknown): string[] {
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** Faults of events, each by the schema of its type; those without one are told by their type. */
function eventFaults(events: Array<{ type: string; [field: string]: unknown }>): string[] {
  if (typeof found === 'string') return [];
  const schemas = Object.entries(found.components.schemas).filter(([name]) => name.endsWith('StreamingEvent'));
  return events
    .filter(({ type }) => !beyond.has(type))
    .flatMap((event) => {
      const [name] = schemas.find(([, { properties }]) => properties?.type?.enum?.includes(event.type)) ?? [];
      if (name === undefined) return [`no event is called ${event.type}`];
      return faults(schema(name), event).map((fault) => `${event.type}: ${fault}`);
    });
}

const lookup = { type: 'function', name: 'lookup', parameters: { type: 'object', properties: {} } };
const include = ['reasoning.text', 'reasoning.encrypted_content'];

const cases: Record<string, object> = {
  'a fast answer': { mode: 'fast' },
  'an answer behind a thought': { reasoning: { effort: 'medium', summary: 'auto' }, include },
  'a call of a function': { mode: 'fast', tools: [lookup] },
  'a call that was asked for': {
    mode: 'fast',
    tools: [lookup],
    tool_choice: { type: 'function', name: 'lookup' },
  },
  'an answer that was cut': { mode: 'fast', max_output_tokens: 1 },
  'an answer in a form, with everything set': {
    mode: 'fast',
    instructions: 'Be short.',
    temperature: 0.5,
    top_p: 0.9,
    metadata: { a: 'b' },
    store: false,
    prompt_cache_key: 'k',
    safety_identifier: 's',
    text: { format: { type: 'json_object' }, verbosity: 'low' },
  },
};

let service: Awaited<ReturnType<typeof listeningService>>;
beforeAll(async () => {
  const model = createScriptedModel({
    id: 'tiny',
    capabilities: { constraints: ['json_schema', 'json_object'] },
    script: ({ request }) => {
      const { constraint } = request.answer;
      if (constraint?.type === 'json_schema') return { answer: '{"name": "lookup", "arguments": {}}' };
      if (constraint !== undefined) return { answer: '{}' };
      return request.prompt.tools === undefined
        ? { thought: '6 * 7 = 42', answer: 'The answer is 42.' }
        : { thought: 'hm', answer: '', toolCalls: [{ name: 'lookup', arguments: '{}' }] };
    },
  });
  service = await listeningService(model);
});
afterAll(() => service.close());

const post = (path: string, body: object) =>
  fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const without = typeof found === 'string' ? ` (skipped, the document is not to be had: ${found.slice(0, 200)})` : '';

describe.skipIf(without !== '')(`by the schemas of Open Responses${without}`, () => {
  test.each(Object.entries(cases))('%s is valid: whole, as a stream, as messages of a socket', async (_name, asked) => {
    const body = { model: 'tiny', input: 'How much is 6 times 7?', ...asked };
    const whole = await post('/v1/responses', body);
    expect(faults(schema('ResponseResource'), await whole.json())).toEqual([]);
    const { events } = await readEvents(await post('/v1/responses', { ...body, stream: true }));
    expect(eventFaults(events)).toEqual([]);
    const socket = await openSocket(service.socketUrl);
    const messages = await socket.turn(body);
    socket.socket.close();
    expect(eventFaults(messages)).toEqual([]);
    // Both ways tell the same, a thought in as many pieces as the clock had it.
    const told = (all: ReadonlyArray<{ type: string }>) =>
      all.map(({ type }) => type).filter((type) => type !== 'response.reasoning_text.delta');
    expect(told(messages)).toEqual(told(events));
    for (const all of [messages, events]) expect(orderFaults(all)).toEqual([]);
  });

  test('a response that waits, and one that was read again, are valid', async () => {
    const queued = await post('/v1/responses', { input: 'a', mode: 'fast', background: true });
    const response = await queued.json();
    expect(faults(schema('ResponseResource'), response)).toEqual([]);
    const { id } = z.object({ id: z.string() }).parse(response);
    const again = await fetch(`${service.url}/v1/responses/${id}?stream=true`);
    expect(eventFaults((await readEvents(again)).events)).toEqual([]);
  });

  test('a compacted window is valid, and goes on in a socket', async () => {
    const input = [{ role: 'user', content: 'The word is ember.' }];
    const compacted = await (await post('/v1/responses/compact', { model: 'tiny', input })).json();
    expect(faults(schema('CompactResource'), compacted)).toEqual([]);
    const { output } = z.object({ output: z.array(z.unknown()) }).parse(compacted);
    const socket = await openSocket(service.socketUrl);
    const messages = await socket.turn({ input: [...output, { role: 'user', content: 'Which?' }], mode: 'fast' });
    socket.socket.close();
    expect(messages.at(-1)).toMatchObject({ type: 'response.completed', response: { status: 'completed' } });
  });

  test('an error in a socket is valid', async () => {
    const socket = await openSocket(service.socketUrl);
    const [error] = await socket.turn({ input: 'a', previous_response_id: 'resp_none' });
    socket.socket.close();
    expect(faults(schema('WebSocketErrorEvent'), error)).toEqual([]);
  });

  test('an event that breaks the schemas is seen', () => {
    expect(eventFaults([{ type: 'response.created', sequence_number: 0 }])).not.toEqual([]);
    expect(eventFaults([{ type: 'response.unheard_of' }])).toEqual(['no event is called response.unheard_of']);
  });
});
