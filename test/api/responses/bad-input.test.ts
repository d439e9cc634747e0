import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ErrorEnvelope } from '../../../src/contracts/service/error-envelope.ts';
import { webhookRefusal } from '../../../src/entry/start-webhooks.ts';
import { ChecksOption } from '../../../src/reasoning/strategies/checks-option.ts';
import { createApi } from './fixture.ts';

const json = { 'content-type': 'application/json' };
const words = (count: number) => Array.from({ length: count }, () => 'word').join(' ');
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const image = { type: 'input_image', image_url: 'https://example.org/cat.png' };

type Row = { name: string; body: unknown; code: string; param: string | null; says?: RegExp };

function checkRow(name: string, check: object, param: string, row: Pick<Row, 'says'> & { code?: string }): Row {
  const body = { input: 'a', reasoning: { checks: [{ type: 'arithmetic' }, check] } };
  return { name: `of a check: ${name}`, body, code: 'invalid_value', ...row, param: `reasoning.checks[1].${param}` };
}

const rows: Row[] = [
  { name: 'no input', body: {}, code: 'missing_required_parameter', param: 'input' },
  { name: 'input null', body: { input: null }, code: 'invalid_value', param: 'input', says: /string, .*or .*array/ },
  { name: 'input a number', body: { input: 3 }, code: 'invalid_value', param: 'input' },
  ...[{}, { input: 'a' }].map((more) => ({
    name: `a prompt template with ${JSON.stringify(more)}`,
    body: { prompt: { id: 'pmpt_1' }, ...more },
    code: 'unsupported_input',
    param: 'prompt',
    says: /keeps no prompt templates/,
  })),
  {
    name: 'empty text',
    body: { input: '' },
    code: 'invalid_value',
    param: 'input',
    says: /'input': must not be empty\.$/,
  },
  { name: 'blank text', body: { input: ' \n' }, code: 'invalid_value', param: 'input' },
  { name: 'no items', body: { input: [] }, code: 'invalid_value', param: 'input' },
  {
    name: 'blank message',
    body: { input: [{ role: 'user', content: '' }] },
    code: 'invalid_value',
    param: 'input',
  },
  {
    name: 'only a system message',
    body: { input: [{ role: 'system', content: 'Be brief.' }] },
    code: 'invalid_value',
    param: 'input',
  },
  {
    name: 'unknown role',
    body: {
      input: [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
        { role: 'wizard', content: 'c' },
      ],
    },
    code: 'invalid_value',
    param: 'input[2].role',
    says: /'user', 'system', 'developer', 'assistant'/,
  },
  {
    name: 'no role',
    body: { input: [{ content: 'a' }] },
    code: 'missing_required_parameter',
    param: 'input[0].role',
  },
  {
    name: 'no content',
    body: { input: [{ role: 'user' }] },
    code: 'missing_required_parameter',
    param: 'input[0].content',
  },
  {
    name: 'unknown item',
    body: { input: [{ type: 'web_search_call', id: 'x' }] },
    code: 'invalid_value',
    param: 'input[0].type',
    says: /'function_call'/,
  },
  {
    name: 'unknown part',
    body: { input: [{ role: 'user', content: [{ type: 'input_smell' }] }] },
    code: 'invalid_value',
    param: 'input[0].content[0].type',
  },
  {
    name: 'part without text',
    body: { input: [{ role: 'user', content: [{ type: 'input_text' }] }] },
    code: 'missing_required_parameter',
    param: 'input[0].content[0].text',
  },
  {
    name: 'image',
    body: { input: [{ role: 'user', content: [{ type: 'input_text', text: 'what?' }, image] }] },
    code: 'unsupported_input',
    param: 'input[0].content[1]',
    says: /cannot see/,
  },
  {
    name: 'file',
    body: {
      input: [
        {
          role: 'user',
          content: [{ type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' }],
        },
      ],
    },
    code: 'unsupported_input',
    param: 'input[0].content[0]',
  },
  { name: 'model a number', body: { input: 'a', model: 7 }, code: 'invalid_value', param: 'model' },
  { name: 'wrong type', body: { input: 'a', stream: 'yes' }, code: 'invalid_value', param: 'stream' },
  { name: 'temperature', body: { input: 'a', temperature: -0.1 }, code: 'invalid_value', param: 'temperature' },
  {
    name: 'hot',
    body: { input: 'a', temperature: 2.1 },
    code: 'invalid_value',
    param: 'temperature',
    says: /must be at most 2\.$/,
  },
  { name: 'top_p', body: { input: 'a', top_p: 1.5 }, code: 'invalid_value', param: 'top_p' },
  { name: 'top_k', body: { input: 'a', top_k: 1.5 }, code: 'invalid_value', param: 'top_k' },
  { name: 'min_p', body: { input: 'a', min_p: -1 }, code: 'invalid_value', param: 'min_p' },
  {
    name: 'presence_penalty',
    body: { input: 'a', presence_penalty: 3 },
    code: 'invalid_value',
    param: 'presence_penalty',
  },
  {
    name: 'a bias of a word',
    body: { input: 'a', logit_bias: { fox: 1 } },
    code: 'invalid_value',
    param: 'logit_bias.fox',
  },
  { name: 'a bias beyond', body: { input: 'a', logit_bias: { 5: 101 } }, code: 'invalid_value', param: 'logit_bias.5' },
  { name: 'seed', body: { input: 'a', seed: 1e300 }, code: 'invalid_value', param: 'seed' },
  { name: 'negative', body: { input: 'a', max_output_tokens: -1 }, code: 'invalid_value', param: 'max_output_tokens' },
  { name: 'zero', body: { input: 'a', max_output_tokens: 0 }, code: 'invalid_value', param: 'max_output_tokens' },
  { name: 'absurd', body: { input: 'a', max_output_tokens: 1e12 }, code: 'invalid_value', param: 'max_output_tokens' },
  { name: 'fraction', body: { input: 'a', max_output_tokens: 1.5 }, code: 'invalid_value', param: 'max_output_tokens' },
  { name: 'mode', body: { input: 'a', mode: 'slow' }, code: 'invalid_value', param: 'mode', says: /fast.*deliberate/ },
  {
    name: 'effort',
    body: { input: 'a', reasoning: { effort: 'huge' } },
    code: 'invalid_value',
    param: 'reasoning.effort',
    says: /expected one of 'none', 'minimal', .*'auto'\.$/,
  },
  { name: 'reasoning', body: { input: 'a', reasoning: 'high' }, code: 'invalid_value', param: 'reasoning' },
  {
    name: 'budget',
    body: { input: 'a', reasoning: { budget_tokens: -2 } },
    code: 'invalid_value',
    param: 'reasoning.budget_tokens',
  },
  {
    name: 'deadline',
    body: { input: 'a', reasoning: { deadline_ms: 0 } },
    code: 'invalid_value',
    param: 'reasoning.deadline_ms',
  },
  {
    name: 'samples',
    body: { input: 'a', reasoning: { samples: 1e6 } },
    code: 'invalid_value',
    param: 'reasoning.samples',
  },
  {
    name: 'a check that is not there',
    body: { input: 'a', reasoning: { checks: [{ type: 'arithmetic' }, { type: 'json_schema' }] } },
    code: 'invalid_value',
    param: 'reasoning.checks[1].type',
    says: /expected one of 'arithmetic', .*'json-schema'/,
  },
  {
    name: 'checks',
    body: { input: 'a', reasoning: { checks: [{}] } },
    code: 'missing_required_parameter',
    param: 'reasoning.checks[0].type',
  },
  checkRow('a pattern that is missing', { type: 'regex' }, 'pattern', { code: 'missing_required_parameter' }),
  checkRow('a misspelt option', { type: 'regex', patern: '^5$' }, 'patern', {
    says: /expected one of 'pattern', 'flags'/,
  }),
  checkRow('a pattern that is none', { type: 'regex', pattern: '(' }, 'pattern', { says: /missing closing \)/ }),
  checkRow('repetitions of repetitions', { type: 'regex', pattern: '(a{1,900}){0,1}'.repeat(66) }, 'pattern', {
    says: /at most 3000 characters with its repetitions/,
  }),
  checkRow(
    'a large schema of many faults',
    { type: 'json-schema', schema: { anyOf: Array.from({ length: 20_000 }, () => ({ type: 'text' })) } },
    'schema.anyOf[0].type',
    { says: /'string'/ },
  ),
  checkRow('lookaround', { type: 'regex', pattern: '(?=5)5' }, 'pattern', {
    says: /without backreferences and lookaround/,
  }),
  checkRow('flags', { type: 'regex', pattern: '5', flags: 'g' }, 'flags', { says: /'i', 'm', 's', 'u'/ }),
  checkRow('an option of a check without any', { type: 'units', unit: 'cm' }, 'unit', { says: /unknown field/ }),
  checkRow('no schema', { type: 'json-schema' }, 'schema', { code: 'missing_required_parameter' }),
  checkRow('a bad schema', { type: 'json-schema', schema: { type: 'text' } }, 'schema.type', { says: /'string'/ }),
  checkRow('nothing expected', { type: 'expected' }, 'value', { code: 'missing_required_parameter' }),
  checkRow('a list expected', { type: 'expected', value: [4] }, 'value', { says: /string.*number.*boolean/ }),
  checkRow('log-odds as text', { type: 'self-verdict', pass_above: '1' }, 'pass_above', { says: /expected number/ }),
  checkRow('no address', { type: 'webhook' }, 'url', { code: 'missing_required_parameter' }),
  checkRow('an address that is none', { type: 'webhook', url: 'here' }, 'url', { says: /expected an address/ }),
  {
    name: 'strategy',
    body: { input: 'a', reasoning: { effort: 'low', strategy: 'guess' } },
    code: 'invalid_value',
    param: 'reasoning.strategy',
    says: /'deliberate'/,
  },
  {
    name: 'reserve beyond the context',
    body: { input: 'a', reasoning: { answer_reserve_tokens: 5000 } },
    code: 'context_length_exceeded',
    param: 'reasoning.answer_reserve_tokens',
    says: /5000.*999/,
  },
  {
    name: 'reserve beyond the output',
    body: { input: 'a', max_output_tokens: 10, reasoning: { answer_reserve_tokens: 20 } },
    code: 'conflicting_parameters',
    param: 'reasoning.answer_reserve_tokens',
    says: /max_output_tokens/,
  },
  {
    name: 'fast and an effort',
    body: { input: 'a', mode: 'fast', reasoning: { effort: 'high' } },
    code: 'conflicting_parameters',
    param: 'reasoning.effort',
    says: /'mode' and 'reasoning.effort'/,
  },
  { name: 'metadata', body: { input: 'a', metadata: { k: 1 } }, code: 'invalid_value', param: 'metadata.k' },
  {
    name: '17 pairs',
    body: { input: 'a', metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])) },
    code: 'invalid_value',
    param: 'metadata',
    says: /16/,
  },
  { name: 'stop', body: { input: 'a', stop: ['ok', ''] }, code: 'invalid_value', param: 'stop[1]' },
  { name: 'include', body: { input: 'a', include: ['all'] }, code: 'invalid_value', param: 'include[0]' },
  {
    name: 'tool type',
    body: { input: 'a', tools: [{ type: 'web_search' }], tool_choice: 'required' },
    code: 'invalid_value',
    param: 'tools[0].type',
  },
  {
    name: 'format',
    body: { input: 'a', text: { format: { type: 'xml' } } },
    code: 'invalid_value',
    param: 'text.format.type',
    says: /json_schema/,
  },
  { name: 'webhook', body: { input: 'a', webhook: { url: 'x' } }, code: 'invalid_value', param: 'webhook.url' },
  { name: 'NUL', body: { input: 'a\0b' }, code: 'invalid_value', param: 'input', says: /NUL/ },
  { name: 'NUL in a name', body: { input: 'a', 'x\0': 1 }, code: 'invalid_value', param: null },
  {
    name: 'half a surrogate pair',
    body: { input: [{ role: 'user', content: 'a\ud800' }] },
    code: 'invalid_value',
    param: 'input[0].content',
  },
  {
    name: 'longer than the context',
    body: { input: words(1000) },
    code: 'context_length_exceeded',
    param: 'input',
    says: /1000 tokens.*1000 tokens/,
  },
];

const strategies = [
  { name: 'deliberate', description: '', options: ErrorEnvelope },
  { name: 'best-of-n', description: '', options: z.object({ checks: ChecksOption }) },
];

async function errorOf(response: Response) {
  expect(response.headers.get('x-request-id')).toBeTruthy();
  return ErrorEnvelope.parse(await response.json()).error;
}

describe('POST /v1/responses refuses', () => {
  test.each(rows)('$name', async ({ body, code, param, says }) => {
    const { ask, queue, logged } = createApi({ strategies });
    const response = await ask(body);
    const error = await errorOf(response);
    expect({ status: response.status, code: error.code, param: error.param }).toEqual({ status: 400, code, param });
    expect(error.type).toBe('invalid_request_error');
    expect(error.message).toMatch(says ?? /\w/);
    expect((await queue.list({ owner: null, limit: 1 })).jobs).toEqual([]);
    expect(logged).toEqual([]);
  });

  test.each(['http://169.254.169.254/latest', 'http://localhost:1', 'http://[::127.0.0.1]/', 'ftp://example.org', 'x'])(
    'a caller’s check at %s, as a webhook there',
    async (url) => {
      const refusal = (named: string) => webhookRefusal(named, { THINKFIRST_PRIVATE_CALLBACKS: false });
      const settings = {
        shared: false,
        of: async () => ({ url: null, secret: '' }),
        set: async () => {},
        rotate: async () => {},
      };
      const deliveries = {
        of: async () => [],
        list: async () => ({ data: [], hasMore: false }),
        forget: async () => {},
      };
      const { ask } = createApi({ strategies, webhooks: { settings, deliveries, refusal } });
      const refused = async (body: object) => {
        const response = await ask({ input: 'a', background: true, ...body });
        expect(response.status).toBe(400);
        return errorOf(response);
      };
      const checks = [{ type: 'arithmetic' }, { type: 'webhook', url }];
      expect(await refused({ reasoning: { checks } })).toMatchObject({ param: 'reasoning.checks[1].url' });
      expect(await refused({ webhook: { url } })).toMatchObject({ param: 'webhook.url' });
    },
  );

  test.each<[string, { reasoning?: object; [field: string]: unknown }, number]>([
    ['/v1/chat/completions', { messages: [{ role: 'user', content: 'a' }] }, 400],
    ['/v1/messages', { messages: [{ role: 'user', content: 'a' }], max_tokens: 9 }, 400],
    ['/api/chat', { messages: [{ role: 'user', content: 'a' }] }, 400],
    ['/v1/responses/input_tokens', { input: 'a' }, 400],
    ['/v1/responses', { input: 'a', mode: 'fast' }, 400],
    ['/v1/responses', { input: 'a', reasoning: { strategy: 'best-of-n' } }, 400],
    ['/v1/responses', { input: 'a', reasoning: { checks: [{ type: 'regex', pattern: '^5$', flags: 'i' }] } }, 200],
  ])('a check’s options at %s with %j: %i', async (path, body, status) => {
    const { post } = createApi({ strategies });
    const reasoning = { checks: [{ type: 'regex', pattern: '(' }], ...body.reasoning };
    const response = await post(path, { model: 'tiny', background: true, ...body, reasoning });
    expect(response.status).toBe(status);
    if (status === 400) expect(await response.text()).toMatch(/reasoning\.checks\[0\]\.pattern/);
  });

  test('an unknown check is refused by its place', async () => {
    const { ask } = createApi({ strategies });
    const checks = [{ type: 'units' }, { type: 'spelling' }];
    expect(await errorOf(await ask({ input: 'a', reasoning: { checks } }))).toMatchObject({
      param: 'reasoning.checks[1].type',
    });
  });

  /** As src/edge.ts knows them: by what an API process has published. */
  test.each(
    rows.filter(
      ({ name }) => /check/.test(name) && !/pattern that is none|repetitions|lookaround|(bad|large) schema/.test(name),
    ),
  )('at the edge as well: $name', async ({ body, code, param }) => {
    const published = strategies.map((one) => ({
      ...one,
      options: z.fromJSONSchema(z.toJSONSchema(one.options, { io: 'input' })),
    }));
    const { ask } = createApi({ strategies: published });
    expect(await errorOf(await ask(body))).toMatchObject({ code, param });
    const said = await errorOf(await ask({ input: 'a', reasoning: { checks: [{ type: 'regexp' }] } }));
    expect(said.message).toMatch(/expected one of 'arithmetic', .*'regex'/);
    const fine = [{ type: 'regex', pattern: '5' }, { type: 'units' }];
    expect((await ask({ input: 'a', background: true, reasoning: { checks: fine } })).status).toBe(200);
  });

  test.each([
    ['unknown', 'nothing'],
    ['unknown suffix', 'tiny:turbo'],
    ['only a suffix', ':fast'],
  ])('an %s model with 404', async (_name, model) => {
    const response = await createApi().ask({ input: 'a', model });
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ code: 'model_not_found', param: 'model', type: 'not_found_error' });
  });

  test.each([
    ['broken JSON', '{"input":', 'invalid_json'],
    ['no body', '', 'invalid_json'],
    ['an array', '[]', 'invalid_json'],
    ['null', 'null', 'invalid_json'],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), 'invalid_json'],
    ['a body of a thousand levels', nested(1000), 'invalid_value'],
    ['a body of 100,000 levels', nested(100_000), 'invalid_value'],
  ])('%s', async (_name, body, code) => {
    const response = await createApi().ask(undefined, { body, headers: json });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).code).toBe(code);
  });

  test.each([
    ['text/plain', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a compressed body', { ...json, 'content-encoding': 'gzip' }],
  ])('%s with 415', async (_name, headers) => {
    const response = await createApi().ask(undefined, { body: '{"input":"a"}', headers });
    expect(response.status).toBe(415);
    expect((await errorOf(response)).code).toBe('unsupported_media_type');
  });

  test('a body over the limit with 413, by its length and without one', async () => {
    const { ask } = createApi();
    const body = JSON.stringify({ input: 'a'.repeat(1_048_577) });
    const known = await ask(undefined, { body, headers: { ...json, 'content-length': String(body.length) } });
    const chunks = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body));
        controller.close();
      },
    });
    const streamed: RequestInit & { duplex: 'half' } = { body: chunks, headers: json, duplex: 'half' };
    const unknown = await ask(undefined, streamed);
    expect([known.status, unknown.status]).toEqual([413, 413]);
    expect((await errorOf(known)).code).toBe('body_too_large');
    expect((await errorOf(unknown)).code).toBe('body_too_large');
  });
});

test('a body that breaks off is the client’s fault, and no error of ours', async () => {
  const { ask, logged } = createApi();
  const body = new ReadableStream({
    pull(controller) {
      controller.error(new Error('ECONNRESET'));
    },
  });
  const init: RequestInit & { duplex: 'half' } = { body, headers: json, duplex: 'half' };
  const response = await ask(undefined, init);
  expect(response.status).toBe(400);
  expect((await errorOf(response)).code).toBe('invalid_json');
  expect(logged).toEqual([]);
});

describe('other routes refuse', () => {
  test.each([
    ['GET', '/v1/responses/resp_none', 404, 'not_found', 'id'],
    ['GET', '/v1/responses/resp_none?stream=true', 404, 'not_found', 'id'],
    ['GET', '/v1/responses/resp_none?wait=30', 404, 'not_found', 'id'],
    ['GET', '/v1/responses/resp_%00', 404, 'not_found', 'id'],
    ['GET', '/v1/responses/..%2f..%2fetc', 404, 'not_found', 'id'],
    ['GET', '/v1/responses/%ff', 404, 'not_found', 'id'],
    ['GET', `/v1/responses/resp_${'a'.repeat(500)}`, 404, 'not_found', 'id'],
    ['GET', '/v1/responses/resp_none/trace', 404, 'not_found', 'id'],
    ['DELETE', '/v1/responses/resp_none', 404, 'not_found', 'id'],
    ['POST', '/v1/responses/resp_none/cancel', 404, 'not_found', 'id'],
    ['POST', '/v1/responses/resp_none/answer_now', 404, 'not_found', 'id'],
    ['GET', '/v1/responses/resp_none?wait=-1', 400, 'invalid_value', 'wait'],
    ['GET', '/v1/responses/resp_none?wait=1e9', 400, 'invalid_value', 'wait'],
    ['GET', '/v1/responses/resp_none?wait=', 400, 'invalid_value', 'wait'],
    ['GET', '/v1/responses/resp_none?stream=maybe', 400, 'invalid_value', 'stream'],
    ['GET', '/v1/responses/resp_none?stream=true&starting_after=x', 400, 'invalid_value', 'starting_after'],
    ['GET', '/v1/responses?limit=0', 400, 'invalid_value', 'limit'],
    ['GET', '/v1/responses?limit=101', 400, 'invalid_value', 'limit'],
    ['GET', '/v1/responses?status=done', 400, 'invalid_value', 'status'],
    ['GET', '/v1/responses?after=%27%3B--', 400, 'invalid_value', 'after'],
    ['GET', '/v1/models/nothing', 404, 'model_not_found', 'model'],
    ['GET', '/v1/nothing', 404, 'not_found', null],
    ['PUT', '/v1/responses', 405, 'method_not_allowed', null],
  ])('%s %s', async (method, path, status, code, param) => {
    const { app, logged } = createApi();
    const response = await app.request(path, { method });
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code, param });
    expect(logged).toEqual([]);
  });

  test('a Last-Event-ID that is none', async () => {
    const response = await createApi().app.request('/v1/responses/resp_none', { headers: { 'last-event-id': 'x' } });
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_value', param: 'Last-Event-ID' });
  });
});

describe('too many of what is looked up or kept one by one', () => {
  test.each([
    ['/v1/responses', { input: Array.from({ length: 4_097 }, () => ({ role: 'user', content: 'a' })) }, 'input'],
    [
      '/v1/responses',
      { input: Array.from({ length: 129 }, (_, index) => ({ type: 'item_reference', id: `msg_${index}` })) },
      'input',
    ],
    [
      '/v1/chat/completions',
      { model: 'tiny', messages: Array.from({ length: 4_097 }, () => ({ role: 'user', content: 'a' })) },
      'messages',
    ],
  ])('%s refuses it, naming the field (%#)', async (path, body, param) => {
    const { post } = createApi();
    const response = await post(path, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_value', param });
  });
});
