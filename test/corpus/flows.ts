import type { Json, Wire } from './wire.ts';

/** `scripted`: the model stops where a question says "hang", and can be caught in the middle. */
export type Flow = (wire: Wire, options: { model: string; scripted: boolean }) => Promise<void>;

const question = 'What is 3 + 4?';
const said = [{ role: 'user', content: question }];
/** Greedy or seeded, alone in its batch, and short. */
const fixed = { seed: 7, deterministic: true };
const short = { ...fixed, max_output_tokens: 96 };
const ended = ({ status }: Json) => !['queued', 'in_progress'].includes(status);
const schema = {
  type: 'object',
  properties: { answer: { type: 'integer' } },
  required: ['answer'],
  additionalProperties: false,
};
const weather = {
  name: 'weather',
  description: 'The weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};

const thinking = { strategy: 'budget-forcing', budget_tokens: 32, answer_reserve_tokens: 16 };

/** One request for each of these bodies, waiting. */
const bodies: Readonly<Record<string, object>> = {
  fast: { mode: 'fast' },
  deliberate: { reasoning: thinking },
  'with-summary': { reasoning: { ...thinking, summary: 'auto' }, include: ['reasoning.text'] },
  encrypted: { reasoning: thinking, include: ['reasoning.encrypted_content'], store: false },
  votes: { reasoning: { ...thinking, strategy: 'self-consistency', samples: 3, budget_tokens: 48 }, temperature: 0.8 },
  revisions: {
    input: 'What is 3 + 4? wrong',
    reasoning: { strategy: 'verify-and-revise', budget_tokens: 96, checks: [{ type: 'arithmetic' }] },
  },
  'checks-only': { reasoning: { ...thinking, checks_only: true, checks: [{ type: 'pattern', pattern: '7' }] } },
  'json-schema': { text: { format: { type: 'json_schema', name: 'sum', schema } }, mode: 'fast' },
  'json-object': { text: { format: { type: 'json_object' } }, mode: 'fast' },
  tool: { tools: [{ type: 'function', ...weather }], mode: 'fast', input: 'How is the weather in Paris?' },
  'no-tool': { tools: [{ type: 'function', ...weather }], tool_choice: 'none', mode: 'fast' },
  logprobs: { mode: 'fast', include: ['message.output_text.logprobs'], top_logprobs: 2, max_output_tokens: 4 },
  stop: { mode: 'fast', stop: ['answer'] },
  'cut-short': { mode: 'fast', max_output_tokens: 2 },
  'unhonoured-options': {
    mode: 'fast',
    logit_bias: { 5: 1 },
    truncation: 'auto',
    service_tier: 'flex',
    user: 'someone',
  },
  'instructions-and-metadata': { mode: 'fast', instructions: 'Be short.', metadata: { purpose: 'corpus' } },
};

/** Refusals that no schema can foresee. */
const refused: Readonly<Record<string, object>> = {
  'unknown-model': { model: 'none' },
  'unknown-strategy': { reasoning: { strategy: 'none' } },
  'unknown-check': { reasoning: { checks: [{ type: 'none' }] } },
  'unknown-earlier-response': { previous_response_id: 'resp_none' },
  'unknown-conversation': { conversation: 'conv_none' },
  'too-long': { input: 'word '.repeat(9_000) },
  'background-without-store': { background: true, store: false },
  'bad-schema': { text: { format: { type: 'json_schema', name: 'a', schema: { type: 'nothing' } } } },
  'private-webhook': { webhook: { url: 'http://127.0.0.1:1/' } },
  'fast-with-budget': { mode: 'fast', reasoning: { budget_tokens: 10 } },
};

const responses: Flow = async (wire) => {
  const post = (name: string, body: object) =>
    wire.send(`responses/${name}`, 'POST /v1/responses', { body: { input: question, ...short, ...body } });
  for (const [name, body] of Object.entries(bodies)) await post(name, body);
  for (const [name, body] of Object.entries(refused)) await post(`refused-${name}`, body);
  for (const name of ['fast', 'deliberate', 'tool', 'json-schema'])
    await post(`streamed-${name}`, { ...bodies[name], stream: true });
  const first = await post('turn-1', { mode: 'fast' });
  const second = await post('turn-2', { mode: 'fast', input: 'And twice that?', previous_response_id: first.id });
  await wire.send('responses/input-items', `GET /v1/responses/${second.id}/input_items`);
  await wire.send('responses/listed', 'GET /v1/responses?limit=3&status=completed');
  await wire.send('responses/compacted', 'POST /v1/responses/compact', { body: { previous_response_id: second.id } });
  await wire.send('responses/counted', 'POST /v1/responses/input_tokens', { body: { input: question } });
  await wire.send('responses/deleted', `DELETE /v1/responses/${first.id}`);
  await wire.send('responses/gone', `GET /v1/responses/${first.id}`);
  const headers = { 'idempotency-key': 'corpus' };
  for (const turn of ['made', 'repeated']) {
    await wire.send(`responses/idempotent-${turn}`, 'POST /v1/responses', {
      body: { input: question, mode: 'fast', ...short },
      headers,
    });
  }
  await wire.send('responses/idempotent-other', 'POST /v1/responses', {
    body: { input: 'Other?', mode: 'fast' },
    headers,
  });
  await wire.send('responses/refused-broken-json', 'POST /v1/responses', { raw: '{"input":' });
  await wire.send('responses/refused-no-json', 'POST /v1/responses', {
    raw: 'a',
    headers: { 'content-type': 'text/plain' },
  });
};

const background: Flow = async (wire, { scripted }) => {
  const start = (name: string, body: object) =>
    wire.send(`background/${name}`, 'POST /v1/responses', {
      body: { input: question, ...short, background: true, ...body },
    });
  const { id } = await start('accepted', { reasoning: thinking });
  await wire.send('background/polled', `GET /v1/responses/${id}?wait=60`, { until: ended });
  await wire.send('background/resumed', `GET /v1/responses/${id}?stream=true&starting_after=4`);
  await wire.send('background/trace', `GET /v1/responses/${id}/trace`);
  await wire.send('background/trace-streamed', `GET /v1/responses/${id}/trace?stream=true`);
  await wire.send('background/trace-resumed', `GET /v1/responses/${id}/trace?stream=true&starting_after=2`);
  await wire.send('background/answer-now-too-late', `POST /v1/responses/${id}/answer_now`);
  await wire.send('background/cancel-too-late', `POST /v1/responses/${id}/cancel`);
  if (!scripted) return;
  const hang = { input: 'What is 3 + 4? Then hang.', reasoning: thinking };
  for (const command of ['cancel', 'answer_now']) {
    // With it the thought is logged while it is thought: its last token before it hangs is seen in the trace.
    const running = await start(`${command}-accepted`, { ...hang, include: ['reasoning.text'] });
    await wire.saw(`/v1/responses/${running.id}/trace?stream=true`, '\\n3');
    await wire.send(`background/${command}-running`, `GET /v1/responses/${running.id}`, { bodyless: true });
    await wire.send(`background/${command}`, `POST /v1/responses/${running.id}/${command}`, { bodyless: true });
    await wire.send(`background/${command}-ended`, `GET /v1/responses/${running.id}?wait=60`, { until: ended });
    await wire.send(`background/${command}-trace`, `GET /v1/responses/${running.id}/trace`);
  }
  // Long enough to come to the hang on a busy machine.
  await start('deadline', { ...hang, background: false, reasoning: { ...hang.reasoning, deadline_ms: 4_000 } });
};

const chatCompletions: Flow = async (wire, { model }) => {
  const chat = (name: string, more: object) =>
    wire.send(`chat/${name}`, 'POST /v1/chat/completions', {
      body: { model, messages: said, ...fixed, max_completion_tokens: 24, ...more },
    });
  for (const stream of [false, true]) {
    const way = stream ? 'streamed-' : '';
    await chat(`${way}fast`, { stream, reasoning_effort: 'none' });
    await chat(`${way}thinking`, {
      stream,
      reasoning_effort: 'low',
      max_completion_tokens: 192,
      stream_options: stream ? { include_usage: true } : undefined,
    });
    await chat(`${way}tool`, { stream, reasoning_effort: 'none', tools: [{ type: 'function', function: weather }] });
    await chat(`${way}logprobs`, {
      stream,
      reasoning_effort: 'none',
      logprobs: true,
      top_logprobs: 2,
      max_completion_tokens: 4,
    });
    await wire.send(`completions/${way}text`, 'POST /v1/completions', {
      body: { model, prompt: 'Three and', max_tokens: 8, stream, ...fixed },
    });
  }
  await chat('choices', { n: 2, reasoning_effort: 'none' });
  await chat('stored', { store: true, reasoning_effort: 'none', metadata: { purpose: 'corpus' } });
  await chat('json-schema', {
    reasoning_effort: 'none',
    response_format: { type: 'json_schema', json_schema: { name: 'sum', schema } },
  });
  await chat('refused-no-messages', { messages: [] });
  await chat('refused-role', { messages: [{ role: 'nobody', content: 'a' }] });
};

const messages: Flow = async (wire, { model }) => {
  const base = { model, max_tokens: 24, messages: said, ...fixed };
  const ask = (name: string, more: object) =>
    wire.send(`messages/${name}`, 'POST /v1/messages', { body: { ...base, ...more } });
  for (const stream of [false, true]) {
    const way = stream ? 'streamed-' : '';
    await ask(`${way}fast`, { stream });
    await ask(`${way}thinking`, { stream, max_tokens: 2_000, thinking: { type: 'enabled', budget_tokens: 1_024 } });
    await ask(`${way}tool`, { stream, tools: [{ name: weather.name, input_schema: weather.parameters }] });
  }
  await ask('refused-no-maximum', { max_tokens: undefined });
  await wire.send('messages/counted', 'POST /v1/messages/count_tokens', { body: { model, messages: said } });
  const requests = ['a', 'b'].map((custom_id) => ({ custom_id, params: base }));
  const { id } = await wire.send('messages/batch', 'POST /v1/messages/batches', { body: { requests } });
  await wire.send('messages/batch-ended', `GET /v1/messages/batches/${id}`, {
    until: ({ processing_status }) => processing_status === 'ended',
  });
  await wire.send('messages/batch-results', `GET /v1/messages/batches/${id}/results`);
};

const ollama: Flow = async (wire, { model }) => {
  const options = { seed: 7, temperature: 0, num_predict: 24 };
  for (const stream of [false, true]) {
    const way = stream ? 'streamed-' : '';
    await wire.send(`ollama/${way}chat`, 'POST /api/chat', { body: { model, messages: said, stream, options } });
    await wire.send(`ollama/${way}thinking`, 'POST /api/chat', {
      body: { model, messages: said, stream, options, think: 'low' },
    });
    await wire.send(`ollama/${way}generate`, 'POST /api/generate', {
      body: { model, prompt: question, stream, options, think: false },
    });
  }
  await wire.send('ollama/shown', 'POST /api/show', { body: { model } });
  await wire.send('ollama/refused-model', 'POST /api/chat', { body: { model: 'none', messages: said } });
};

const filesAndBatches: Flow = async (wire) => {
  const line = (custom_id: string, body: object) =>
    JSON.stringify({ custom_id, method: 'POST', url: '/v1/responses', body });
  const form = new FormData();
  form.set('purpose', 'batch');
  const lines = [line('a', { input: question, mode: 'fast', ...short }), line('b', { input: 5 })];
  form.set('file', new Blob([`${lines.join('\n')}\n`]), 'corpus.jsonl');
  const file = await wire.send('files/uploaded', 'POST /v1/files', { raw: form });
  await wire.send('files/content', `GET /v1/files/${file.id}/content`);
  const body = { endpoint: '/v1/responses', input_file_id: file.id, completion_window: '24h' };
  const batch = await wire.send('batches/made', 'POST /v1/batches', { body });
  const over = ({ status }: Json) => ['completed', 'failed'].includes(status);
  const done = await wire.send('batches/ended', `GET /v1/batches/${batch.id}`, { until: over });
  for (const part of ['output_file_id', 'error_file_id']) {
    if (done[part]) await wire.send(`batches/${part}`, `GET /v1/files/${done[part]}/content`);
  }
};

const conversations: Flow = async (wire) => {
  const items = [{ type: 'message', role: 'user', content: 'My name is Ann.' }];
  const { id } = await wire.send('conversations/made', 'POST /v1/conversations', {
    body: { items, metadata: { topic: 'names' } },
  });
  const body = { input: 'What is my name?', conversation: id, mode: 'fast', ...short };
  await wire.send('conversations/asked', 'POST /v1/responses', { body });
  const list = await wire.send('conversations/items', `GET /v1/conversations/${id}/items?order=asc`);
  await wire.send('conversations/item-deleted', `DELETE /v1/conversations/${id}/items/${list.data[0].id}`);
  await wire.send('conversations/changed', `POST /v1/conversations/${id}`, { body: { metadata: { topic: 'other' } } });
  const response = await wire.send('feedback/asked', 'POST /v1/responses', {
    body: { input: question, mode: 'fast', ...short },
  });
  await wire.send('feedback/given', `POST /v1/responses/${response.id}/feedback`, {
    body: { rating: 'down', corrected_text: '7' },
  });
  await wire.send('feedback/exported', 'GET /v1/feedback?format=jsonl');
};

const sockets: Flow = async (wire) => {
  const create = (body: object) => ({ type: 'response.create', input: question, mode: 'fast', ...short, ...body });
  await wire.socket('sockets/turns', [create({}), create({ input: 'wrong', reasoning: thinking, mode: 'deliberate' })]);
  await wire.socket('sockets/refused', [{ type: 'nothing' }, create({ model: 'none' })]);
};

const middleware: Flow = async (wire) => {
  await wire.send('errors/no-route', 'GET /v1/nothing');
  await wire.send('errors/wrong-method', 'PUT /v1/responses');
  await wire.send('errors/other-origin', 'POST /v1/responses', {
    body: { input: 'a' },
    headers: { origin: 'https://example.org' },
  });
  await wire.send('errors/bad-key', 'GET /v1/models', { headers: { authorization: 'Bearer nothing' } });
  await wire.send('errors/too-large', 'POST /v1/responses', {
    raw: `{"input":"${'a'.repeat(1_100_000)}"}`,
    bodyless: true,
  });
  await wire.send('pages/queues', 'GET /admin/queues', { bodyless: true });
  await wire.send('pages/reference', 'GET /docs', { bodyless: true });
};

/** The last of all: with the first key the service is closed to whoever has none. */
export const keys: Flow = async (wire) => {
  const create = (name: string, body: object, headers = {}) =>
    wire.send(`keys/${name}`, 'POST /v1/keys', { body, headers });
  const of = ({ secret }: Json) => ({ authorization: `Bearer ${secret}` });
  await create('refused-scope', { name: 'a', scopes: ['none'] });
  const admin = of(await create('admin', { name: 'admin', scopes: ['admin', 'trace:full'] }));
  await wire.send('keys/none-given', 'GET /v1/models');
  await wire.send('keys/none-given-messages', 'POST /v1/messages', { body: {} });
  const plain = await create('plain', { name: 'plain', requests_per_minute: 3, tokens_per_day: 1_000 }, admin);
  const body = { input: question, mode: 'fast', ...short };
  const { id } = await wire.send('keys/asked', 'POST /v1/responses', { body, headers: of(plain) });
  await wire.send('keys/no-trace', `GET /v1/responses/${id}/trace`, { headers: of(plain) });
  await wire.send('keys/of-another', `GET /v1/responses/${id}`, { headers: admin });
  await wire.send('keys/not-admin', 'GET /v1/keys', { headers: of(plain) });
  await wire.send('keys/too-many-requests', 'GET /v1/models', { headers: of(plain) });
  const later = await create('unconfirmed', { name: 'later', confirm: true }, admin);
  await wire.send('keys/confirmed', `POST /v1/keys/${later.id}/confirm`, { headers: admin });
  await wire.send('keys/caller', 'GET /v1/caller', { headers: admin });
  await wire.send('keys/listed', 'GET /v1/keys', { headers: admin, unordered: true });
  await wire.send('keys/revoked', `DELETE /v1/keys/${plain.id}`, { headers: admin });
  await wire.send('keys/revoked-again', `DELETE /v1/keys/${plain.id}`, { headers: admin });
};

export const flows: Readonly<Record<string, Flow>> = {
  responses,
  background,
  chatCompletions,
  messages,
  ollama,
  filesAndBatches,
  conversations,
  sockets,
  middleware,
};
