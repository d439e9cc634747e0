import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';

/** Asks as the walker's key; whatever comes back is kept to be looked through. Gives the body's text. */
export type Ask = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object | FormData) => Promise<string>;

/** What earlier steps of the walk have made. */
export type Made = {
  response: string;
  other: string;
  failed: string;
  conversation: string;
  file: string;
  batch: string;
};

type Walk = (ask: Ask, made: Made) => Promise<unknown>;

const idOf = (text: string): string => z.looseObject({ id: z.string() }).parse(JSON.parse(text)).id;
const question = 'How much is 12 + 30?';
/** Those that read thoughts: what they found might quote one. */
const checks = ['arithmetic', 'conclusion', 'agreement', 'units', 'answer-form'].map((type) => ({ type }));
const thinking = { effort: 'medium', summary: 'detailed', checks, max_revisions: 1 };
const messages = [{ role: 'user', content: question }];
const note = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
const inputs = [
  { input: question, reasoning: thinking },
  { input: question, mode: 'fast', include: ['message.output_text.logprobs'], top_logprobs: 2 },
  { input: question, reasoning: { ...thinking, summary: 'concise' }, include: ['message.output_text.logprobs'] },
  { input: question, reasoning: { ...thinking, strategy: 'budget-forcing' }, include: ['reasoning.encrypted_content'] },
  { input: question, reasoning: { ...thinking, strategy: 'self-consistency', samples: 4 } },
  { input: question, reasoning: { ...thinking, strategy: 'verify-and-revise' } },
  { input: question, reasoning: { ...thinking, budget_tokens: 2 }, max_output_tokens: 200 },
  { input: `${question} call`, reasoning: thinking, tools: [{ type: 'function', name: 'note', parameters: note }] },
  { input: `${question} jot`, reasoning: thinking, tools: [{ type: 'custom', name: 'jot' }] },
  { input: question, mode: 'fast', max_output_tokens: 1 },
  { input: `explode ${question}`, reasoning: thinking },
  { input: question, reasoning: thinking, include: ['reasoning.text'] },
];

/** Makes what the walk goes over: each kind of response, waited for and streamed. */
export async function make(ask: Ask): Promise<Made> {
  const response = idOf(await ask('POST', '/v1/responses', inputs[0]));
  const other = idOf(await ask('POST', '/v1/responses', inputs[0]));
  for (const body of inputs.slice(1)) await ask('POST', '/v1/responses', body);
  for (const body of inputs) await ask('POST', '/v1/responses', { ...body, stream: true });
  const failed = idOf(await ask('POST', '/v1/responses', { input: `explode ${question}`, reasoning: thinking }));
  const conversation = idOf(await ask('POST', '/v1/conversations', { items: messages }));
  await ask('POST', '/v1/responses', { input: question, reasoning: thinking, conversation });
  const form = new FormData();
  const line = (custom_id: string, input: string) =>
    JSON.stringify({ custom_id, url: '/v1/responses', body: { input, reasoning: thinking } });
  form.set('purpose', 'batch');
  form.set('file', new File([[line('a', question), line('b', `explode ${question}`)].join('\n')], 'in.jsonl'));
  const file = idOf(await ask('POST', '/v1/files', form));
  const batch = idOf(await ask('POST', '/v1/batches', { input_file_id: file, endpoint: '/v1/responses' }));
  return { response, other, failed, conversation, file, batch };
}

/** The newest batch of messages. */
async function messageBatch(ask: Ask): Promise<string> {
  const { data } = z
    .looseObject({ data: z.array(z.looseObject({ id: z.string() })) })
    .parse(JSON.parse(await ask('GET', '/v1/messages/batches')));
  return data[0]?.id ?? '';
}

/** A stored chat completion that thought. */
async function storedChat(ask: Ask): Promise<string> {
  const body = { model: 'tiny', messages, reasoning_effort: 'medium', store: true };
  return idOf(await ask('POST', '/v1/chat/completions', body));
}

/**
 * How each route is asked for all that it might show. A GET without parameters needs no entry: it is asked as it is. Any other
 * route without an entry fails the test.
 */
export const walks: Readonly<Record<string, Walk>> = {
  'GET /v1/models/:id{.+}': (ask) => ask('GET', '/v1/models/tiny'),
  'POST /v1/configuration/models': (ask) => ask('POST', '/v1/configuration/models', { model: {} }),
  'DELETE /v1/configuration/models/:id{.+}': (ask) => ask('DELETE', '/v1/configuration/models/none'),
  'POST /v1/webhook': (ask) => ask('POST', '/v1/webhook', { url: 'https://hooks.example.org/a' }),
  'POST /v1/webhook/rotate': (ask) => ask('POST', '/v1/webhook/rotate'),
  'GET /v1/responses/:id/deliveries': (ask, { response }) => ask('GET', `/v1/responses/${response}/deliveries`),
  'POST /v1/keys': (ask) => ask('POST', '/v1/keys', { name: 'second' }),
  'POST /v1/keys/:id/confirm': (ask) => ask('POST', '/v1/keys/key_000000000000000000000000/confirm'),
  'DELETE /v1/keys/:id': (ask) => ask('DELETE', '/v1/keys/key_000000000000000000000000'),
  'POST /v1/responses': async (ask, { response }) => {
    await ask('POST', '/v1/responses', { input: 'And now?', previous_response_id: response, reasoning: thinking });
    await ask('POST', '/v1/responses', {
      input: 'And now?',
      previous_response_id: response,
      mode: 'fast',
      stream: true,
    });
  },
  'GET /v1/responses': async (ask) => {
    for (const query of ['', '?limit=100', '?status=failed', '?status=incomplete'])
      await ask('GET', `/v1/responses${query}`);
  },
  'GET /v1/responses/:id': async (ask, { response, failed }) => {
    for (const id of [response, failed]) {
      for (const query of ['', '?wait=1', '?stream=true', '?stream=true&starting_after=3']) {
        await ask('GET', `/v1/responses/${id}${query}`);
      }
    }
  },
  'DELETE /v1/responses/:id': async (ask) => {
    const id = idOf(await ask('POST', '/v1/responses', { input: question, reasoning: thinking, background: true }));
    await ask('DELETE', `/v1/responses/${id}`);
  },
  'POST /v1/responses/:id/cancel': async (ask) => {
    const id = idOf(await ask('POST', '/v1/responses', { input: question, reasoning: thinking, background: true }));
    await ask('POST', `/v1/responses/${id}/cancel`);
    await ask('GET', `/v1/responses/${id}?stream=true`);
  },
  'POST /v1/responses/:id/answer_now': async (ask) => {
    const id = idOf(await ask('POST', '/v1/responses', { input: question, reasoning: thinking, background: true }));
    await ask('POST', `/v1/responses/${id}/answer_now`);
    await ask('GET', `/v1/responses/${id}?wait=10`);
    await ask('GET', `/v1/responses/${id}/trace`);
  },
  'GET /v1/responses/:id/trace': async (ask, { response, other, failed }) => {
    for (const id of [response, other, failed]) {
      for (const query of ['', '?stream=true', '?stream=true&starting_after=1', '?stream=true&only=progress']) {
        await ask('GET', `/v1/responses/${id}/trace${query}`);
      }
    }
  },
  'POST /v1/responses/input_tokens': (ask, { response }) =>
    ask('POST', '/v1/responses/input_tokens', { input: 'And now?', previous_response_id: response }),
  'POST /v1/responses/compact': async (ask, { response }) => {
    const body = { model: 'tiny', previous_response_id: response };
    await ask('POST', '/v1/responses/compact', body);
    await ask('POST', '/v1/responses/compact', { ...body, input: [{ type: 'compaction', encrypted_content: 'v1.x' }] });
  },
  'GET /v1/responses/:id/input_items': async (ask, { response }) => {
    const body = { input: 'And now?', previous_response_id: response, mode: 'fast' };
    const id = idOf(await ask('POST', '/v1/responses', body));
    await ask('GET', `/v1/responses/${id}/input_items`);
  },
  'POST /v1/responses/:id/feedback': async (ask, { response, other }) => {
    const corrected = { rating: 'down', comment: 'no', preferred_response_id: other, corrected_text: '42' };
    await ask('POST', `/v1/responses/${response}/feedback`, corrected);
  },
  'GET /v1/feedback': async (ask, { response, other }) => {
    const given = { rating: 'up', preferred_response_id: response };
    await ask('POST', `/v1/responses/${other}/feedback`, given);
    // Earlier thoughts are in these prompts, and prompts are in the export.
    const next = {
      input: 'And now?',
      previous_response_id: response,
      reasoning: { ...thinking, context: 'all_turns' },
    };
    const [better, worse] = [
      idOf(await ask('POST', '/v1/responses', next)),
      idOf(await ask('POST', '/v1/responses', next)),
    ];
    await ask('POST', `/v1/responses/${worse}/feedback`, { rating: 'down', preferred_response_id: better });
    for (const id of [better, worse]) await ask('GET', `/v1/responses/${id}/input_items`);
    for (const format of ['jsonl', 'dpo', 'kto']) await ask('GET', `/v1/feedback?format=${format}`);
  },
  'POST /v1/conversations': (ask) => ask('POST', '/v1/conversations', {}),
  'GET /v1/conversations': async (ask) => {
    for (const query of ['', '?q=12', '?q=secret']) await ask('GET', `/v1/conversations${query}`);
  },
  'POST /v1/conversations/import': async (ask, { conversation }) => {
    const exported = JSON.parse(await ask('GET', `/v1/conversations/${conversation}/export`));
    const imported = idOf(await ask('POST', '/v1/conversations/import', exported));
    await ask('GET', `/v1/conversations/${imported}/items`);
  },
  'GET /v1/conversations/:id/export': async (ask, { conversation }) => {
    for (const format of ['json', 'markdown']) {
      await ask('GET', `/v1/conversations/${conversation}/export?format=${format}`);
    }
  },
  'GET /v1/conversations/:id/turns': (ask, { conversation }) => ask('GET', `/v1/conversations/${conversation}/turns`),
  'GET /v1/conversations/:id': (ask, { conversation }) => ask('GET', `/v1/conversations/${conversation}`),
  'POST /v1/conversations/:id': (ask, { conversation }) =>
    ask('POST', `/v1/conversations/${conversation}`, { metadata: {} }),
  'DELETE /v1/conversations/:id': async (ask) => {
    await ask('DELETE', `/v1/conversations/${idOf(await ask('POST', '/v1/conversations', {}))}`);
  },
  'GET /v1/conversations/:id/items': (ask, { conversation }) => ask('GET', `/v1/conversations/${conversation}/items`),
  'GET /v1/conversations/:id/items/:item': async (ask, { conversation }) => {
    const id = idOf(await ask('POST', '/v1/responses', { input: question, reasoning: thinking, conversation }));
    for (const kind of ['msg', 'rs']) {
      await ask('GET', `/v1/conversations/${conversation}/items/${id.replace('resp', kind)}`);
    }
  },
  'DELETE /v1/conversations/:id/items/:item': async (ask, { response }) => {
    const id = idOf(await ask('POST', '/v1/conversations', {}));
    await ask('DELETE', `/v1/conversations/${id}/items/${response.replace('resp', 'rs')}`);
  },
  'POST /v1/conversations/:id/items': (ask, { conversation }) =>
    ask('POST', `/v1/conversations/${conversation}/items`, { items: messages }),
  'POST /v1/chat/completions': async (ask) => {
    const body = { model: 'tiny', messages, reasoning_effort: 'medium', logprobs: true, top_logprobs: 2 };
    await ask('POST', '/v1/chat/completions', body);
    await ask('POST', '/v1/chat/completions', { ...body, n: 2 });
    await ask('POST', '/v1/chat/completions', { ...body, stream: true });
    const broken = { ...body, messages: [{ role: 'user', content: `explode ${question}` }] };
    await ask('POST', '/v1/chat/completions', broken);
    await ask('POST', '/v1/chat/completions', { ...broken, stream: true });
  },
  'GET /v1/chat/completions': async (ask) => {
    await storedChat(ask);
    await ask('GET', '/v1/chat/completions?order=desc');
  },
  'GET /v1/chat/completions/:id': async (ask) => {
    await ask('GET', `/v1/chat/completions/${await storedChat(ask)}`);
  },
  'POST /v1/chat/completions/:id': async (ask) => {
    await ask('POST', `/v1/chat/completions/${await storedChat(ask)}`, { metadata: { a: 'b' } });
  },
  'DELETE /v1/chat/completions/:id': async (ask) => {
    await ask('DELETE', `/v1/chat/completions/${await storedChat(ask)}`);
  },
  'GET /v1/chat/completions/:id/messages': async (ask) => {
    await ask('GET', `/v1/chat/completions/${await storedChat(ask)}/messages`);
  },
  'POST /v1/messages': async (ask) => {
    const body = { model: 'tiny', max_tokens: 500, messages, thinking: { type: 'enabled', budget_tokens: 64 } };
    await ask('POST', '/v1/messages', body);
    await ask('POST', '/v1/messages', { ...body, stream: true });
    await ask('POST', '/v1/messages', { ...body, messages: [{ role: 'user', content: 'explode' }] });
    await ask('POST', '/v1/messages', { ...body, messages: [{ role: 'user', content: 'explode' }], stream: true });
  },
  'POST /v1/messages/count_tokens': (ask) => ask('POST', '/v1/messages/count_tokens', { model: 'tiny', messages }),
  'POST /v1/messages/batches': (ask) => {
    const params = { model: 'tiny', max_tokens: 500, messages, thinking: { type: 'enabled', budget_tokens: 64 } };
    return ask('POST', '/v1/messages/batches', { requests: [{ custom_id: 'a', params }] });
  },
  'GET /v1/messages/batches/:id': async (ask) => ask('GET', `/v1/messages/batches/${await messageBatch(ask)}`),
  'POST /v1/messages/batches/:id/cancel': async (ask) =>
    ask('POST', `/v1/messages/batches/${await messageBatch(ask)}/cancel`),
  'GET /v1/messages/batches/:id/results': async (ask) => {
    const path = `/v1/messages/batches/${await messageBatch(ask)}`;
    // The worker gets its turn between two looks.
    for (let looks = 0; looks < 500 && !(await ask('GET', path)).includes('"ended"'); looks++) await setImmediate();
    await ask('GET', `${path}/results`);
  },
  'DELETE /v1/messages/batches/:id': async (ask) => ask('DELETE', `/v1/messages/batches/${await messageBatch(ask)}`),
  'POST /v1/completions': async (ask) => {
    for (const more of [{}, { stream: true }, { logprobs: 2 }]) {
      await ask('POST', '/v1/completions', { model: 'tiny', prompt: question, ...more });
    }
  },
  'POST /v1/embeddings': (ask) => ask('POST', '/v1/embeddings', { model: 'tiny', input: question }),
  'POST /api/embed': (ask) => ask('POST', '/api/embed', { model: 'tiny', input: question }),
  'POST /api/generate': async (ask) => {
    for (const more of [{}, { stream: false }, { raw: true }]) {
      await ask('POST', '/api/generate', { model: 'tiny', prompt: question, think: true, ...more });
    }
  },
  'POST /api/chat': async (ask) => {
    for (const more of [{}, { stream: false }, { think: 'high' }]) {
      await ask('POST', '/api/chat', { model: 'tiny', messages, think: true, ...more });
    }
    const broken = [{ role: 'user', content: 'explode' }];
    await ask('POST', '/api/chat', { model: 'tiny', messages: broken, think: true });
  },
  'POST /api/show': (ask) => ask('POST', '/api/show', { model: 'tiny' }),
  'POST /v1/files': (ask) => ask('POST', '/v1/files', new FormData()),
  'GET /v1/files/:id': (ask, { file }) => ask('GET', `/v1/files/${file}`),
  'GET /v1/files/:id/content': async (ask, { file, batch }) => {
    await ask('GET', `/v1/files/${file}/content`);
    const name = batch.replace(/^batch_/, '');
    // Its responses: read to their end first.
    for (const index of [0, 1]) await ask('GET', `/v1/responses/resp_${name}_${index}?wait=30`);
    for (const kind of ['out', 'err']) await ask('GET', `/v1/files/file-${kind}_${name}/content`);
  },
  'DELETE /v1/files/:id': (ask, { file }) => ask('DELETE', `/v1/files/${file}`),
  'POST /v1/batches': (ask) => {
    const requests = [{ custom_id: 'a', body: { model: 'tiny', max_tokens: 500, messages } }];
    return ask('POST', '/v1/batches', { endpoint: '/v1/messages', requests });
  },
  'GET /v1/batches/:id': (ask, { batch }) => ask('GET', `/v1/batches/${batch}`),
  'POST /v1/batches/:id/cancel': (ask, { batch }) => ask('POST', `/v1/batches/${batch}/cancel`),
};
