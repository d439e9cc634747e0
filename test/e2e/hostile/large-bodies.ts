/** A JSON body as large as a body may be, made to be slow to read, to refuse or to take. */
export type LargeBody = { name: string; path: string; body: string };

type Field = readonly [path: string, before: string, after: string];

const prefix = '{"model":"MODEL",';
/** Answers of one token, for the bodies that are taken. */
const brief = '"mode":"fast","max_output_tokens":1';

/** Where a list or a map stands in a request: the text before and after its content. */
const lists: Readonly<Record<string, Field>> = {
  input: ['/v1/responses', '"input":[', ']'],
  'input content': ['/v1/responses', '"input":[{"role":"user","content":[', ']}]'],
  'assistant content': ['/v1/responses', '"input":[{"role":"assistant","content":[', ']}]'],
  'tool output': ['/v1/responses', '"input":[{"type":"function_call_output","call_id":"c","output":[', ']}]'],
  summary: ['/v1/responses', '"input":[{"type":"reasoning","summary":[', ']}]'],
  annotations: [
    '/v1/responses',
    `"input":[{"role":"assistant","content":[{"type":"output_text","text":"a","annotations":[`,
    `]}]},{"role":"user","content":"a"}],${brief}`,
  ],
  include: ['/v1/responses', '"input":"a","include":[', ']'],
  stop: ['/v1/responses', '"input":"a","stop":[', ']'],
  tools: ['/v1/responses', '"input":"a","tools":[', ']'],
  'allowed tools': ['/v1/responses', '"input":"a","tool_choice":{"type":"allowed_tools","mode":"auto","tools":[', ']}'],
  checks: ['/v1/responses', '"input":"a","reasoning":{"checks":[', ']}'],
  'a check’s schema': [
    '/v1/responses',
    '"input":"a","reasoning":{"checks":[{"type":"json-schema","schema":{"anyOf":[',
    ']}}]}',
  ],
  'schema anyOf': [
    '/v1/responses',
    `"input":"a",${brief},"text":{"format":{"type":"json_schema","name":"a","schema":{"anyOf":[`,
    ']}}}',
  ],
  'schema enum': [
    '/v1/responses',
    `"input":"a",${brief},"text":{"format":{"type":"json_schema","name":"a","schema":{"enum":[`,
    ']}}}',
  ],
  'schema required': [
    '/v1/responses',
    `"input":"a",${brief},"text":{"format":{"type":"json_schema","name":"a","schema":{"type":"object","required":[`,
    ']}}}',
  ],
  'input to count': ['/v1/responses/input_tokens', '"input":[', ']'],
  'chat messages': ['/v1/chat/completions', '"messages":[', ']'],
  'chat content': ['/v1/chat/completions', '"messages":[{"role":"user","content":[', ']}]'],
  'chat tool calls': ['/v1/chat/completions', '"messages":[{"role":"assistant","tool_calls":[', ']}]'],
  'chat tools': ['/v1/chat/completions', '"messages":[{"role":"user","content":"a"}],"tools":[', ']'],
  'messages messages': ['/v1/messages', '"max_tokens":1,"messages":[', ']'],
  'messages content': ['/v1/messages', '"max_tokens":1,"messages":[{"role":"user","content":[', ']}]'],
  'messages system': ['/v1/messages', '"max_tokens":1,"messages":[{"role":"user","content":"a"}],"system":[', ']'],
  'messages to count': ['/v1/messages/count_tokens', '"messages":[', ']'],
  'ollama messages': ['/api/chat', '"stream":false,"messages":[', ']'],
  'ollama images': ['/api/chat', '"stream":false,"messages":[{"role":"user","content":"a","images":[', ']}]'],
  'ollama tools': ['/api/chat', '"stream":false,"messages":[{"role":"user","content":"a"}],"tools":[', ']'],
  'batch requests': ['/v1/batches', '"endpoint":"/v1/responses","requests":[', ']'],
  'batch input': ['/v1/batches', '"endpoint":"/v1/responses","requests":[{"custom_id":"a","body":{"input":[', ']}}]'],
  'conversation items': ['/v1/conversations', '"items":[', ']'],
  'conversation content': ['/v1/conversations', '"items":[{"role":"user","content":[', ']}]'],
  'key scopes': ['/v1/keys', '"name":"a","scopes":[', ']'],
};

const maps: Readonly<Record<string, Field>> = {
  'the body': ['/v1/responses', `"input":"a",${brief},`, ''],
  metadata: ['/v1/responses', '"input":"a","metadata":{', '}'],
  reasoning: ['/v1/responses', `"input":"a",${brief},"reasoning":{`, '}'],
  'strategy options': ['/v1/responses', `"input":"a",${brief},"reasoning":{"options":{`, '}}'],
  'a check': ['/v1/responses', '"input":"a","reasoning":{"checks":[{"type":"expected","value":"1",', '}]}'],
  'a message': ['/v1/responses', `${brief},"input":[{"role":"user","content":"a",`, '}]'],
  'schema properties': [
    '/v1/responses',
    `"input":"a",${brief},"text":{"format":{"type":"json_schema","name":"a","schema":{"type":"object","properties":{`,
    '}}}}',
  ],
  'a tool’s parameters': [
    '/v1/responses',
    `"input":"a",${brief},"tools":[{"type":"function","name":"a","parameters":{"type":"object","properties":{`,
    '}}}]',
  ],
  'a chat body': ['/v1/chat/completions', '"messages":[{"role":"user","content":"a"}],"max_tokens":1,', ''],
  'chat metadata': ['/v1/chat/completions', '"messages":[{"role":"user","content":"a"}],"metadata":{', '}'],
  'a message tool input': [
    '/v1/messages',
    '"max_tokens":1,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"a","input":{',
    '}}]}]',
  ],
  'ollama options': ['/api/chat', '"stream":false,"messages":[{"role":"user","content":"a"}],"options":{', '}'],
  'ollama arguments': [
    '/api/chat',
    '"stream":false,"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"a","arguments":{',
    '}}}]}]',
  ],
  'ollama format': [
    '/api/chat',
    '"stream":false,"messages":[{"role":"user","content":"a"}],"format":{"properties":{',
    '}}',
  ],
  'conversation metadata': ['/v1/conversations', '"metadata":{', '}'],
  'batch metadata': [
    '/v1/batches',
    '"endpoint":"/v1/responses","requests":[{"custom_id":"a","body":{}}],"metadata":{',
    '}',
  ],
  feedback: ['/v1/responses/resp_none/feedback', '"rating":"up",', ''],
  'model configuration': ['/v1/configuration/models', '"write":false,"model":{"id":"a",', '}'],
};

const texts: Readonly<Record<string, Field>> = {
  input: ['/v1/responses', `${brief},"input":"`, '"'],
  'input, cut where it is too long': ['/v1/responses', `${brief},"truncation":"auto","input":"`, '"'],
  instructions: ['/v1/responses', `${brief},"input":"a","instructions":"`, '"'],
  'a model': ['/v1/responses', '"input":"a","model":"', '"'],
  'a webhook': ['/v1/responses', `"input":"a",${brief},"webhook":{"url":"https://a.example.org/`, '"}'],
  'an id': ['/v1/responses', '"input":"a","previous_response_id":"', '"'],
  'a pattern': ['/v1/responses', '"input":"a","reasoning":{"checks":[{"type":"regex","pattern":"', '"}]}'],
  'a schema’s pattern': [
    '/v1/responses',
    `"input":"a",${brief},"text":{"format":{"type":"json_schema","name":"a","schema":{"type":"string","pattern":"`,
    '"}}}',
  ],
  'input to count': ['/v1/responses/input_tokens', '"input":"', '"'],
  'a chat message': ['/v1/chat/completions', '"max_tokens":1,"messages":[{"role":"user","content":"', '"}]'],
  'a message to count': ['/v1/messages/count_tokens', '"messages":[{"role":"user","content":"', '"}]'],
  'an ollama message': ['/api/chat', '"stream":false,"messages":[{"role":"user","content":"', '"}]'],
};

const elements = [
  '{}',
  '[]',
  '0',
  '"a"',
  'null',
  '{"type":"message","role":"user","content":"a"}',
  '{"role":"user","content":"a"}',
  '{"role":"x","content":[{}]}',
  '{"role":"user","content":[{"type":"input_text"},{"type":"text"}]}',
  '{"type":"function_call","call_id":"c","name":"n","arguments":"{}"}',
  '{"type":"input_text","text":"a"}',
  '{"type":"input_text"}',
  '{"type":"text","text":"a"}',
  '{"type":"item_reference","id":"msg_a"}',
  '{"type":"function","name":"a","parameters":{"anyOf":[{},{}]}}',
  '{"type":"function","function":{"name":"a"}}',
  '{"type":"regex","pattern":"(a{1,900}){0,1}(b{1,900}){0,1}"}',
  '{"custom_id":"a","body":{"input":"a"}}',
  '{"type":"string","pattern":"(a{1,900}){0,1}"}',
  '{"$ref":"#"}',
  '{"const":0}',
  '[[[[[[[[[[]]]]]]]]]]',
  '{"a":{"b":{"c":{"d":[]}}}}',
] as const;
const mapValues = ['0', '""', '{}', '[]', '{"type":"string"}', '{"pattern":"(a{1,900}){0,1}"}', `"${'v'.repeat(600)}"`];
const units = ['1', ' ', 'a', 'ab ', '😀', 'ü', '1 + 1 = ', '\\n', '<|im_end|>', '(a{1,900}){0,1}', '.*', '$$', 'あ'];

/** Some of each kind: what a review found, and its neighbours. */
export function largeBodies(bytes: number): LargeBody[] {
  const some: Array<readonly [Readonly<Record<string, Field>>, string, string]> = [
    ...Object.keys(lists).flatMap((name, index) =>
      [elements[0], elements[(index % (elements.length - 1)) + 1] ?? '0'].map((one) => [lists, name, one] as const),
    ),
    ...Object.keys(maps).map((name, index) => [maps, name, mapValues[index % mapValues.length] ?? '0'] as const),
    ...Object.keys(texts).map((name, index) => [texts, name, units[index % units.length] ?? '1'] as const),
    [lists, 'input', '{"role":"user","content":"a"}'],
    [lists, 'input content', '{"type":"input_text","text":"a"}'],
    [lists, 'annotations', '0'],
    [lists, 'annotations', '{"a":{"b":{"c":{"d":[]}}}}'],
    [lists, 'checks', '{"type":"regex","pattern":"(a{1,900}){0,1}(b{1,900}){0,1}"}'],
    [lists, 'schema anyOf', '{"type":"string","pattern":"(a{1,900}){0,1}"}'],
    [lists, 'schema anyOf', '{"const":0}'],
    [texts, 'input', '1'],
    [texts, 'input to count', '1'],
    [texts, 'input', '😀'],
  ];
  return [
    ...some.map(([kind, name, unit]) => bodyOf(kind, name, unit, bytes)),
    { name: '16 patterns of 1,000 characters', path: '/v1/responses', body: patterns() },
    { name: '128 tools with large schemas', path: '/v1/responses', body: largeTools(bytes) },
  ];
}

/** As many as are asked for, the same for the same seed. `random` gives a whole number from 0 up to, and without, its argument. */
export function* randomBodies(count: number, bytes: number, random: (below: number) => number): Generator<LargeBody> {
  const pick = <T>(from: readonly T[]): T | undefined => from[random(from.length)];
  for (let made = 0; made < count; made += 1) {
    const kind = [lists, lists, maps, texts][random(4)] ?? lists;
    const name = pick(Object.keys(kind)) ?? 'input';
    const all = kind === lists ? elements : kind === maps ? mapValues : units;
    const mixed = [pick(all), pick(all), pick(all)].filter((unit) => unit !== undefined);
    const joined = kind === lists ? mixed.join(',') : kind === maps ? (mixed[0] ?? '0') : mixed.join('');
    yield bodyOf(kind, name, joined, Math.max(2_000, Math.floor(bytes / 2 ** random(5))));
  }
}

function bodyOf(kind: Readonly<Record<string, Field>>, name: string, unit: string, bytes: number): LargeBody {
  const [path, before, after] = kind[name] ?? ['/v1/responses', '"input":"', '"'];
  const room = bytes - Buffer.byteLength(prefix + before + after) - 40;
  const content = kind === lists ? listOf(unit, room) : kind === maps ? mapOf(unit, room) : textOf(unit, room);
  return { name: `${path} ${name}: ${unit.slice(0, 60)}`, path, body: `${prefix}${before}${content}${after}}` };
}

function listOf(unit: string, room: number): string {
  return `${`${unit},`.repeat(Math.max(0, Math.floor(room / (Buffer.byteLength(unit) + 1)) - 1))}${unit}`;
}

function mapOf(unit: string, room: number): string {
  const count = Math.max(1, Math.floor(room / (unit.length + 10)));
  return Array.from({ length: count }, (_, index) => `"k${index}":${unit}`).join();
}

function textOf(unit: string, room: number): string {
  return unit.repeat(Math.max(1, Math.floor(room / Buffer.byteLength(unit))));
}

/** 15 kB that took ten seconds to read. */
function patterns(): string {
  const pattern = '(a{1,900}){0,1}'.repeat(66);
  const checks = Array.from({ length: 16 }, () => ({ type: 'regex', pattern }));
  return JSON.stringify({ model: 'MODEL', input: 'a', reasoning: { effort: 'low', checks }, max_output_tokens: 1 });
}

function largeTools(bytes: number): string {
  const properties = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [
      `p${index}`,
      { type: 'string', pattern: '^(a{1,90}|b{1,90}|[cd]{1,90})+$' },
    ]),
  );
  const tools = Array.from({ length: 128 }, (_, index) => ({
    type: 'function',
    name: `tool_${index}`,
    parameters: { type: 'object', properties },
  }));
  while (JSON.stringify(tools).length > bytes - 200) tools.pop();
  return JSON.stringify({ model: 'MODEL', input: 'a', mode: 'fast', max_output_tokens: 1, tools });
}
