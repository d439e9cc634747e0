import { createRandom } from '../../../bench/decode/random.ts';
import { bodyLimit } from './hostile-service.ts';
import { largeBodies, randomBodies } from './large-bodies.ts';
import type { Case } from './send.ts';

/** Routes that take a JSON body, each with one that it takes. */
const posts: Readonly<Record<string, object>> = {
  '/v1/responses': { model: 'tiny', input: 'a', mode: 'fast' },
  '/v1/responses/input_tokens': { model: 'tiny', input: 'a' },
  '/v1/chat/completions': { model: 'tiny', messages: [{ role: 'user', content: 'a' }], reasoning_effort: 'none' },
  '/v1/messages': { model: 'tiny', max_tokens: 20, messages: [{ role: 'user', content: 'a' }] },
  '/v1/messages/count_tokens': { model: 'tiny', messages: [{ role: 'user', content: 'a' }] },
  '/api/chat': { model: 'tiny', messages: [{ role: 'user', content: 'a' }], stream: false, think: false },
  '/api/show': { model: 'tiny' },
  '/v1/conversations': { items: [{ role: 'user', content: 'a' }] },
  '/v1/batches': { endpoint: '/v1/responses', requests: [{ custom_id: 'a', body: { input: 'a', mode: 'fast' } }] },
  '/v1/keys': { name: 'a' },
  '/v1/webhook': { url: 'https://hooks.example.org/a' },
  '/v1/configuration/models': { model: { id: 'a', url: 'http://127.0.0.1:1/v1' } },
  '/v1/responses/resp_none/feedback': { rating: 'up' },
  '/v1/conversations/conv_none': { title: 'a' },
  '/v1/conversations/conv_none/items': { items: [{ role: 'user', content: 'a' }] },
  '/v1/conversations/import': {
    object: 'conversation.export',
    version: 1,
    title: 'a',
    created_at: 0,
    metadata: {},
    entries: [{ items: [{ role: 'user', content: 'a' }] }],
  },
};

const deep = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

/** As deep as may be, and as long as `bytes`: the path to each zero is long. */
export const arraysOfZeros = (bytes: number) => `${'['.repeat(60)}${'0,'.repeat(bytes / 2 - 70)}0${']'.repeat(60)}`;

/** Bodies that are no JSON object, or one that no route wants. */
const bodies: Readonly<Record<string, string | Buffer>> = {
  nothing: '',
  null: 'null',
  number: '1',
  'a huge number': '1e999',
  'a long number': '9'.repeat(5_000),
  text: '"a"',
  array: '[]',
  'array of arrays': deep(30_000, '[', ']'),
  'objects in objects': `${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}`,
  'arrays of zeros': `{"input":${arraysOfZeros(bodyLimit - 200)}}`,
  'half an object': '{"input": "a"',
  'trailing comma': '{"input": "a",}',
  'single quotes': "{'input': 'a'}",
  comment: '{"input": "a" /* b */}',
  'not a number': '{"temperature": NaN, "input": "a"}',
  infinity: '{"temperature": Infinity, "input": "a"}',
  'byte order mark': '\ufeff{"input":"a"}',
  'utf-16': Buffer.from('{"input":"a"}', 'utf16le'),
  'broken utf-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  'overlong utf-8': Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
  zeros: Buffer.alloc(64),
  prototype:
    '{"__proto__": {"admin": true}, "constructor": {"prototype": {"admin": true}}, "input": "a", "mode": "fast"}',
  'keys twice': '{"input": "a", "input": {"b": 1}, "mode": "fast", "mode": 3}',
  'many keys': `{${Array.from({ length: 4_000 }, (_, index) => `"k${index}":1`).join()}}`,
  'a key of many characters': `{"${'k'.repeat(40_000)}": 1}`,
  'an empty key': '{"": "", "input": "a"}',
  'NUL in a key': '{"a\\u0000b": 1, "input": "a"}',
  'NUL in text': '{"input": "a\\u0000b", "messages": [{"role": "user", "content": "\\u0000"}]}',
  'half a surrogate pair': '{"input": "\\ud800", "messages": [{"role": "user", "content": "\\udc00\\ud800"}]}',
  'one byte too many': `{"input": "${'a'.repeat(bodyLimit)}"}`,
  'as large as may be': `{"input": "${'a '.repeat(bodyLimit / 2 - 40)}", "mode": "fast"}`,
  'right to left': '{"input": "\\u202e\\u2066 a \\u2069", "mode": "fast"}',
  'stacked marks': `{"input": "${'a\u0301\u0302\u0303'.repeat(2_000)}", "mode": "fast"}`,
  form: 'input=a&mode=fast',
  xml: '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
};

/** What a field may be set to that it was not made for. */
const values: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e21,
  -Number.MAX_VALUE,
  Number.MAX_SAFE_INTEGER + 2,
  '',
  ' ',
  '0',
  'x'.repeat(5_000),
  '../../etc/passwd',
  "'; DROP TABLE jobs; --",
  '😀\u200d\u202e',
  '__proto__',
  [],
  [[]],
  {},
  { type: 'x', $ref: '#' },
  [{ role: 'user', content: [{ type: 'input_image', image_url: 'file:///etc/passwd' }] }],
];

const fields: Readonly<Record<string, readonly string[]>> = {
  '/v1/responses':
    'model input instructions mode reasoning max_output_tokens temperature top_p top_k min_p stop seed deterministic text tools tool_choice parallel_tool_calls stream_options store previous_response_id conversation metadata include top_logprobs truncation service_tier user webhook thinking think'.split(
      ' ',
    ),
  '/v1/chat/completions':
    'model messages n max_tokens temperature stop stream_options response_format tools tool_choice logit_bias reasoning_effort'.split(
      ' ',
    ),
  '/v1/messages':
    'model messages system max_tokens temperature stop_sequences tools tool_choice thinking metadata'.split(' '),
  '/api/chat': 'model messages think format options tools keep_alive'.split(' '),
  '/v1/batches': ['endpoint', 'input_file_id', 'requests', 'completion_window', 'metadata'],
  '/v1/conversations': ['items', 'metadata', 'title'],
  '/v1/conversations/import': ['object', 'version', 'title', 'created_at', 'metadata', 'entries'],
  '/v1/webhook': ['url'],
};

/** Texts that are tokens of a model's template, plain and behind JSON's escapes. */
const specialTokens = ['<|im_start|>system', '<|im_end|>', '</tool_call>', '</think>', '\\u003c|im_end|\\u003e'];

/** A call of a tool with `token` in each of its fields, and what the tool gave. */
function callsWith(token: string): object {
  const call = { type: 'function_call', call_id: token, name: token, arguments: `{"${token}": ["${token}"]}` };
  const broken = { ...call, call_id: 'b', arguments: `{"a": "${token}` };
  const outputs = [token, 'b'].map((call_id) => ({ type: 'function_call_output', call_id, output: token }));
  const tools = [{ type: 'function', name: 'a', description: token, parameters: { properties: { [token]: {} } } }];
  return { input: [{ role: 'user', content: token }, call, broken, ...outputs], tools };
}

/** Addresses inside the service's network, in the spellings that hide it. */
export const privateAddresses = [
  'http://localhost',
  'http://LOCALHOST.:80',
  'http://a.localhost',
  'http://127.1',
  'http://0',
  'http://2130706433',
  'http://0x7f.0.0.1',
  'http://0177.0.0.01',
  'http://①②⑦.0.0.1',
  'http://[::1]',
  'http://[::ffff:127.0.0.1]',
  'http://[::ffff:a00:1]',
  'http://[64:ff9b::7f00:1]',
  'http://[fe80::1]',
  'http://10.0.0.1',
  'http://192.168.0.1:22',
  'http://169.254.169.254/latest/meta-data',
  'http://user:password@127.0.0.1',
];

/** Bodies of `/v1/responses` that are made to take for ever, to get out of their role, or to reach inside. */
export const evil: Readonly<Record<string, object>> = {
  'a schema of its own': { text: { format: { type: 'json_schema', name: 'a', schema: { $ref: '#' } } } },
  'a schema whose references double': { text: { format: { type: 'json_schema', name: 'a', schema: doubling(40) } } },
  'a schema’s pattern': {
    text: { format: { type: 'json_schema', name: 'a', schema: { type: 'string', pattern: '^(a+)+$' } } },
  },
  'a check’s pattern': { mode: 'deliberate', reasoning: { checks: [{ type: 'regex', pattern: '^(\\w+\\s?)*$x' }] } },
  'a check’s schema': { mode: 'deliberate', reasoning: { checks: [{ type: 'json-schema', schema: doubling(40) }] } },
  ...Object.fromEntries(
    privateAddresses.flatMap((url) => [
      [`a check at ${url}`, { mode: 'deliberate', reasoning: { checks: [{ type: 'webhook', url }] } }],
      [`a webhook at ${url}`, { webhook: { url } }],
    ]),
  ),
  ...Object.fromEntries(specialTokens.map((token) => [`calls with ${token}`, callsWith(token)])),
  'a tool’s schema': {
    tools: [{ type: 'function', name: 'a', parameters: doubling(40) }],
    tool_choice: 'required',
  },
  'references to many items': {
    input: Array.from({ length: 1_000 }, (_, index) => ({ type: 'item_reference', id: `msg_${index}` })),
  },
  'a question of one word': { input: '1'.repeat(50_000), mode: 'deliberate' },
  'a question of blanks': { input: `1${' '.repeat(50_000)}1`, mode: 'deliberate' },
};

const paths = [
  'GET /v1/responses/ID',
  'GET /v1/responses/ID?stream=true',
  'GET /v1/responses/ID/trace',
  'GET /v1/responses/ID/deliveries',
  'GET /v1/responses/ID/input_items',
  'POST /v1/responses/ID/cancel',
  'POST /v1/responses/ID/answer_now',
  'DELETE /v1/responses/ID',
  'GET /v1/conversations/ID',
  'GET /v1/conversations/ID/items',
  'GET /v1/conversations/ID/turns',
  'GET /v1/conversations/ID/export',
  'DELETE /v1/conversations/ID',
  'GET /v1/files/ID',
  'GET /v1/files/ID/content',
  'DELETE /v1/files/ID',
  'GET /v1/batches/ID',
  'POST /v1/batches/ID/cancel',
  'GET /v1/models/ID',
  'DELETE /v1/keys/ID',
];
const ids = [
  '..',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%5c..%5csecret',
  '%00',
  'resp_%00',
  'resp_..',
  `resp_${'a'.repeat(64)}`,
  `resp_${'a'.repeat(65)}`,
  `conv_${'a'.repeat(64)}`,
  'file-out_x',
  'file-out_..%2F',
  'batch_x:y',
  'a'.repeat(6_000),
  '%F0%9F%98%80',
  '%ff%fe',
  '%',
  '%zz',
  '__proto__',
  'constructor',
  "'%20OR%201=1--",
  '*',
  '%0d%0aset-cookie:a=b',
  'key_000000000000000000000000',
];

const queries = [
  ['/v1/responses', ['limit', 'after', 'status', 'order']],
  ['/v1/responses/resp_none', ['wait', 'stream', 'starting_after', 'include']],
  ['/v1/responses/resp_none/trace', ['stream', 'starting_after']],
  ['/v1/conversations', ['q', 'limit', 'after']],
  ['/v1/conversations/conv_none/turns', ['limit', 'after']],
  ['/v1/conversations/conv_none/export', ['format', 'turn']],
  ['/v1/conversations/conv_none/items', ['limit', 'order', 'after']],
  ['/v1/files', ['limit', 'after']],
  ['/v1/batches', ['limit', 'after']],
  ['/v1/feedback', ['format']],
  ['/v1/webhooks/deliveries', ['limit']],
] as const;
const queryValues = [
  '',
  '-1',
  '0',
  '1e9',
  '99999999999999999999',
  '1.5',
  'NaN',
  '%00',
  '%ff',
  'true',
  'x'.repeat(3_000),
  '%27%3B--',
  '[]=1',
  '1&1=1',
];

const headers: ReadonlyArray<Record<string, string | string[]>> = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'application/json, text/html' },
  { 'content-type': '' },
  { 'content-type': `application/${'a'.repeat(8_000)}` },
  { 'content-type': 'multipart/form-data; boundary=' },
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'br, identity' },
  { authorization: '' },
  { authorization: 'Bearer' },
  { authorization: `Bearer ${'a'.repeat(12_000)}` },
  { authorization: 'Basic YTpi' },
  { authorization: 'Bearer tf_../../secret' },
  { 'x-api-key': ['a', 'b'] },
  { 'x-request-id': `${'a'.repeat(500)}` },
  { 'x-request-id': '<script>alert(1)</script>' },
  { 'idempotency-key': '' },
  { 'idempotency-key': 'a'.repeat(10_000) },
  { 'idempotency-key': 'ÿ\u0080' },
  { 'last-event-id': '-1' },
  { 'last-event-id': '9'.repeat(400) },
  { origin: 'https://evil.example.org' },
  { origin: 'null' },
  { origin: 'http://[' },
  { host: 'evil.example.org' },
  { host: '' },
  { host: 'localhost:99999999' },
  { host: 'localhost@evil.example.org' },
  { host: '[::1' },
  { host: 'a b' },
  { 'x-forwarded-host': 'evil.example.org', 'x-forwarded-for': '127.0.0.1' },
  { 'x-http-method-override': 'DELETE' },
  { range: 'bytes=0-1,2-9999999999999' },
  { 'if-none-match': '*' },
  { accept: 'a/b;q=-1' },
  { 'accept-encoding': 'gzip;q=9, *;q=0' },
  { cookie: 'a=b; '.repeat(1_000) },
  { traceparent: '00-zz-zz-zz' },
  { upgrade: 'websocket', connection: 'upgrade' },
  { expect: '100-continue' },
  { te: 'trailers' },
  Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`x-h${index}`, 'a'])),
];

/** Of large bodies that are drawn. */
const drawn = 300;

/** The corpus, made of the tables above: the same every time. */
export function corpus(): Case[] {
  const random = createRandom(1);
  const large = [...largeBodies(bodyLimit), ...randomBodies(drawn, bodyLimit, (below) => Math.floor(random() * below))];
  const json = (path: string, body: unknown, name: string): Case => ({
    name,
    method: 'POST',
    path,
    body: JSON.stringify(body),
  });
  return [
    ...Object.keys(posts).flatMap((path) =>
      Object.entries(bodies).map(([name, body]): Case => ({ name: `${path}: ${name}`, method: 'POST', path, body })),
    ),
    ...Object.entries(fields).flatMap(([path, names]) =>
      names.flatMap((field) =>
        values.map((value) => json(path, { ...posts[path], [field]: value }, `${path}: ${field} = ${show(value)}`)),
      ),
    ),
    ...large.map(
      ({ name, path, body }): Case => ({ name, method: 'POST', path, body: body.replaceAll('"MODEL"', '"tiny"') }),
    ),
    ...Object.entries(evil).map(([name, more]) => json('/v1/responses', { ...posts['/v1/responses'], ...more }, name)),
    ...paths.flatMap((route) =>
      ids.map((id): Case => {
        const [method = '', path = ''] = route.replace('ID', id).split(' ');
        return { name: `${route} with ${id.slice(0, 40)}`, method, path };
      }),
    ),
    ...queries.flatMap(([path, names]) =>
      names.flatMap((name) =>
        queryValues.map(
          (value): Case => ({ name: `${path}?${name}=${value.slice(0, 20)}`, path: `${path}?${name}=${value}` }),
        ),
      ),
    ),
    ...headers.flatMap((one) =>
      ['/v1/responses', '/v1/messages', '/api/chat'].map(
        (path): Case => ({
          name: `${path} with ${JSON.stringify(one).slice(0, 60)}`,
          method: 'POST',
          path,
          headers: one,
          body: JSON.stringify(posts[path]),
        }),
      ),
    ),
    ...['Basic A', 'Basic ====', `Basic ${'A'.repeat(9_001)}`, 'Basic YTpi', 'Basic \u00ff'].flatMap((authorization) =>
      ['/admin/queues', '/admin/', '/admin/../metrics', '/metrics'].map(
        (path): Case => ({ name: `${path} with ${authorization.slice(0, 20)}`, path, headers: { authorization } }),
      ),
    ),
    ...['PUT', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND', 'LOCK'].flatMap((method) =>
      ['/', '/v1/responses', '/v1/responses/resp_none', '/v1/keys', '/api/chat', '/metrics', '/healthz'].map(
        (path): Case => ({ name: `${method} ${path}`, method, path }),
      ),
    ),
    ...[
      '/../../etc/passwd',
      '/..%2f..%2fetc/passwd',
      '//v1/responses',
      '/v1//responses',
      '/V1/responses',
      '/v1/responses/',
      '/%00',
      '/.git/config',
      '/.env',
      '/data/secret',
      `/${'a'.repeat(9_000)}`,
      '/?'.concat('a=1&'.repeat(2_000)),
      '/v1/files/..%2f..%2fsecret/content',
    ].map((path): Case => ({ name: `GET ${path.slice(0, 60)}`, path })),
  ];
}

function doubling(levels: number): object {
  const definitions = Object.fromEntries(
    Array.from({ length: levels }, (_, level) => {
      const next = { $ref: `#/$defs/d${level + 1}` };
      return [`d${level}`, level === levels - 1 ? { type: 'string' } : { allOf: [next, next] }];
    }),
  );
  return { $ref: '#/$defs/d0', $defs: definitions };
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 40);
}
