import { setTimeout } from 'node:timers/promises';
import { type HttpBindings, type ServerType, serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { DialectName } from '../../src/models/servers/client/dialect.ts';
import { realService, type TestService } from './start-service.ts';
import {
  type ChatTurn,
  createVocabulary,
  type DecodedToken,
  decode,
  type Place,
  placeIn,
  render,
  type Script,
} from './upstream-decoder.ts';

/** How thoughts are marked; each dialect has its own default. */
type Spelling = 'reasoning' | 'reasoning_content' | 'tags' | 'tags-without-open' | 'marker';

/** Faults, for one request each, in order. `chunks`: how many come before the fault. */
export type Fault =
  | { kind: 'none' }
  | { kind: 'status'; status: number; body?: unknown; headers?: Record<string, string> }
  /** `after`: not before the test allows it, because a reset overtakes data sent before it. */
  | { kind: 'reset'; chunks: number; after?: Promise<void> }
  | { kind: 'hang'; chunks: number }
  /** Ends without a finish reason, behind `repeated` so many times. */
  | { kind: 'cut'; chunks: number; repeated?: { delta: { reasoning: string } | { content: string }; times: number } }
  | { kind: 'malformed'; chunks: number }
  /** `error`: its own, in the words of a server. */
  | { kind: 'error-event'; chunks: number; error?: unknown }
  /** One JSON body with status 200 where a stream was asked for. */
  | { kind: 'json'; body: unknown };

export type UpstreamServerOptions = {
  dialect: DialectName;
  /** Its script, fixed or depending on the request. */
  script: Script | ((body: Record<string, unknown>) => Script);
  spelling?: Spelling;
  faults?: readonly Fault[];
  apiKey?: string;
  /** Field names that this server refuses with 400. */
  refuses?: readonly string[];
  /** Routes that a gateway hides. */
  hides?: readonly string[];
  /** Splits the text of all content pieces differently; by default a chunk is a token. */
  cut?: (text: string) => string[];
  /** Accepts the budget but does not keep it. */
  ignoresBudget?: boolean;
  /** The number of requests that it reports to run at a time; further ones are refused if `refusesMore`: with 429, or with this. */
  slots?: number;
  refusesMore?: true | { status: 503; body: unknown };
  /** Returns no usage, no token counts and no log-probabilities, whatever is requested. */
  countsNothing?: boolean;
  /** Refuses a request whose prompt and `max_tokens` exceed this number of tokens. */
  contextLength?: number;
  /** vLLM's parser for Qwen3: under `enable_thinking: false` the text begins as content, and a close tag in content is dropped. */
  parser?: 'qwen3';
  /** Thinks even if asked not to; only a closed thought in an open last message prevents it. */
  alwaysThinks?: boolean;
  /** Its template has no switch: it opens the thought always or never. */
  opens?: 'always' | 'never';
  /** What it does with `stop` in a plain completion: leaves it out of the text (the default), in it, or ignores it. */
  stops?: 'left out' | 'left in' | 'ignored';
  /** Does not say which stop text ended a completion. */
  tellsNoStop?: boolean;
  /** Awaited before each chunk of an answer: the speed of the server. */
  pace?: () => Promise<void>;
  /** Repeats a partial assistant message before continuing it, in one chunk with the first token. */
  echoes?: boolean;
  /** llama.cpp's router: has several models, and refuses whatever names none. */
  routes?: boolean;
};

type SeenRequest = {
  path: string;
  body: Record<string, unknown>;
  authorization: string | undefined;
  closedEarly: Promise<boolean>;
};

export type UpstreamServer = {
  url: string;
  requests: SeenRequest[];
  completions(): SeenRequest[];
  /** The most completions that ran at the same time. */
  mostRunning(): number;
  close(): Promise<void>;
};

/** A server of a model that thinks on and on, 20 tokens a second, until it is stopped or `hurry` is called. */
export async function startSlowServer(): Promise<UpstreamServer & { entry: object; hurry(): void }> {
  let isSlow = true;
  const server = await startUpstreamServer({
    dialect: 'vllm',
    script: { thoughts: Array.from({ length: 5_000 }, (_, step) => ` s${step}`), answer: ['The answer', ' is 7.'] },
    pace: async () => void (isSlow && (await setTimeout(50))),
  });
  return {
    ...server,
    /** In `THINKFIRST_MODELS`. */
    entry: { id: 'slow', url: server.url, model: 'any', family: 'qwen3', dialect: 'vllm', contextLength: 16_384 },
    hurry() {
      isSlow = false;
    },
  };
}

/** The real service with a model that thinks for as long as a test needs it, `slow`, behind `others`. */
export async function serviceWithSlowModel(
  others: readonly string[] = ['./models/thinkfirst-135m'],
  environment: Record<string, string> = {},
): Promise<TestService & { hurry(): void }> {
  const slow = await startSlowServer();
  const models = JSON.stringify([...others, slow.entry]);
  const service = await realService({ ...environment, THINKFIRST_MODELS: models });
  return {
    ...service,
    hurry: slow.hurry,
    async stop() {
      const code = await service.stop();
      await slow.close();
      return code;
    },
  };
}

const spellings: Record<DialectName, Spelling> = {
  vllm: 'reasoning',
  'llama.cpp': 'reasoning_content',
  ollama: 'reasoning',
  lmstudio: 'reasoning_content',
  thinkfirst: 'reasoning_content',
  plain: 'tags',
};

/** A real HTTP server on a free loopback port that speaks one dialect. */
export async function startUpstreamServer(options: UpstreamServerOptions): Promise<UpstreamServer> {
  const requests: SeenRequest[] = [];
  const faults = [...(options.faults ?? [])];
  const vocabulary = createVocabulary();
  let running = 0;
  let most = 0;
  const slots = new Set<number>();
  const app = new Hono<{ Bindings: HttpBindings }>();

  app.use(async function record(c, next) {
    const body = c.req.method === 'GET' ? {} : await c.req.json<Record<string, unknown>>();
    const { outgoing } = c.env;
    const closedEarly = new Promise<boolean>((resolve) =>
      outgoing.on('close', () => resolve(!outgoing.writableFinished)),
    );
    requests.push({ path: c.req.path, body, authorization: c.req.header('authorization'), closedEarly });
    if (options.hides?.includes(c.req.path)) return c.json({ detail: 'Not Found' }, 404);
    if (options.apiKey !== undefined && c.req.header('authorization') !== `Bearer ${options.apiKey}`) {
      return c.json({ error: { message: `bad key ${c.req.header('authorization')}` } }, 401);
    }
    const named = c.req.method === 'GET' ? c.req.query('model') : body['model'];
    if (options.routes && named === undefined) {
      return c.json({ error: { code: 400, message: 'model name is missing from the request' } }, 400);
    }
    const refused = options.refuses?.find((field) => field in body);
    if (refused !== undefined) {
      const hint = refused === 'max_tokens' ? ', use max_completion_tokens' : '';
      return c.json({ error: { message: `unknown field ${refused}${hint}`, type: 'BadRequestError' } }, 400);
    }
    return next();
  });

  app.post('/tokenize', async (c) => {
    const body = await c.req.json();
    // llama.cpp knows only `content`, and returns nothing for other fields.
    if (options.dialect === 'llama.cpp' && body.content === undefined) return c.json({ tokens: [] });
    const text = body.prompt ?? body.content ?? rendered(body, options);
    const tokens = vocabulary.encode(text);
    const strings = tokens.map((token) => vocabulary.decode([token]));
    return c.json({ count: tokens.length, tokens, ...(body.return_token_strs && { token_strs: strings }) });
  });

  app.post('/detokenize', async (c) => {
    const { tokens } = await c.req.json();
    const text = vocabulary.decode(tokens);
    return c.json(options.dialect === 'vllm' ? { prompt: text } : { content: text });
  });

  app.get('/props', (c) => (options.slots === undefined ? c.notFound() : c.json({ total_slots: options.slots })));

  app.post('/apply-template', async (c) => {
    const body = await c.req.json();
    return c.json({ prompt: rendered(body, options) });
  });

  app.post('/completion', async (c) => {
    if (options.dialect !== 'llama.cpp') return c.notFound();
    const body = await c.req.json();
    return answer(c, body, placeIn(body.prompt, false), 'own', vocabulary.encode(body.prompt).length);
  });

  app.post('/v1/completions', async (c) => {
    const body = await c.req.json();
    const text = typeof body.prompt === 'string' ? body.prompt : vocabulary.decode(body.prompt);
    if (body.prompt_logprobs !== undefined) {
      const ids: number[] = body.prompt;
      const entries = ids.map((id, index) =>
        index === 0 ? null : { [id]: { logprob: -1 / (1 + (id % 7)), rank: 1 } },
      );
      return c.json({
        choices: [{ text: 'x', prompt_logprobs: entries }],
        usage: { prompt_tokens: ids.length, completion_tokens: 1 },
      });
    }
    const constrained = ['response_format', 'structured_outputs', 'json_schema'].some((field) => field in body);
    return answer(c, body, placeIn(text, constrained), 'raw', vocabulary.encode(text).length);
  });

  app.post('/v1/chat/completions', async (c) => {
    const body = await c.req.json();
    const asked = placeOf(body, options);
    const prefilled = body.messages.at(-1)?.role === 'assistant';
    const place = { ...asked, ...(options.alwaysThinks && !prefilled && { thinking: true }) };
    return answer(c, body, place, 'chat', vocabulary.encode(render(body.messages, place.thinking)).length);
  });

  async function answer(
    c: Context,
    body: Record<string, unknown>,
    place: Place,
    route: Route,
    promptTokens: number,
  ): Promise<Response> {
    const fault = faults.shift() ?? { kind: 'none' };
    if (fault.kind === 'status') {
      const text = JSON.stringify(fault.body ?? { error: { message: 'no' } });
      return new Response(text, {
        status: fault.status,
        headers: { 'content-type': 'application/json', ...fault.headers },
      });
    }
    if (fault.kind === 'json') return c.json(fault.body as object);
    if (fault.kind === 'reset' && fault.chunks === 0) {
      c.env.incoming.socket.resetAndDestroy();
      return new Response(null);
    }
    const wanted = promptTokens + Number(body['max_tokens'] ?? 0);
    if (wanted > (options.contextLength ?? wanted)) {
      const message = `This model's maximum context length is ${options.contextLength} tokens, you asked for ${wanted}.`;
      return c.json({ error: { message } }, 400);
    }
    if (options.refusesMore && running >= (options.slots ?? 1)) {
      const busy = { status: 429 as const, body: { error: { message: 'busy' } } };
      const refusal = options.refusesMore === true ? busy : options.refusesMore;
      return c.json(refusal.body as object, refusal.status);
    }
    running++;
    most = Math.max(most, running);
    const slot = Number(body['id_slot'] ?? [0, 1, 2, 3, 4, 5, 6, 7].find((free) => !slots.has(free)));
    slots.add(slot);
    c.env.outgoing.once('close', () => {
      running--;
      slots.delete(slot);
    });
    const budget = options.ignoresBudget
      ? undefined
      : (body['thinking_token_budget'] ?? body['thinking_budget_tokens']);
    const script = typeof options.script === 'function' ? options.script(body) : options.script;
    const all = decode(drawn(script, body), place, typeof budget === 'number' ? budget : undefined);
    const tokens = all.slice(0, Number(body['max_tokens'] ?? body['max_completion_tokens'] ?? 4096));
    const chunks = chunksOf({
      tokens,
      cut: all.length > tokens.length,
      body,
      raw: route !== 'chat',
      promptTokens,
      place,
      script,
      options,
    });
    const yields = options.slots !== undefined || options.refusesMore !== undefined;
    const pace = options.pace ?? (yields ? () => new Promise<void>((resolve) => setImmediate(resolve)) : undefined);
    const sent = route === 'own' ? ownChunks(chunks, { slot, idOf: (text) => vocabulary.encode(text)[0] }) : chunks;
    return new Response(sse(sent, { fault, pace, c, done: route !== 'own' }), {
      headers: { 'content-type': 'text/event-stream' },
    });
  }

  const server = await new Promise<ServerType>((resolve) => {
    // The process's own Response stays as it is: a service in the same process would write its answers twice.
    const at = { fetch: app.fetch, hostname: '127.0.0.1', port: 0, overrideGlobalObjects: false };
    const started = serve(at, () => resolve(started));
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    completions: () => requests.filter(({ path }) => /\/completions?$/.test(path)),
    mostRunning: () => most,
    close: () =>
      new Promise((resolve) => {
        if ('closeAllConnections' in server) server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

type Rendering = {
  messages: ChatTurn[];
  chat_template_kwargs?: { enable_thinking?: boolean; reasoning_effort?: string };
};

function rendered({ messages, chat_template_kwargs: kwargs }: Rendering, { opens }: UpstreamServerOptions): string {
  const effort = kwargs?.reasoning_effort;
  const turns = effort === undefined ? messages : [{ role: 'system', content: `Reasoning: ${effort}` }, ...messages];
  return render(turns, kwargs?.enable_thinking ?? true, opens);
}

function placeOf(body: Record<string, unknown>, options: UpstreamServerOptions): Place {
  const messages = body['messages'] as ChatTurn[];
  const kwargs = (body['chat_template_kwargs'] ?? {}) as { enable_thinking?: boolean };
  const constrained = 'response_format' in body || 'structured_outputs' in body;
  const last = messages.at(-1);
  if (last?.role === 'assistant') {
    const open = options.dialect === 'vllm' ? body['continue_final_message'] === true : true;
    if (!open) throw new Error('the last message is not to be gone on with');
    return placeIn(`<|assistant|>${last.content ?? ''}`, constrained);
  }
  const off =
    kwargs.enable_thinking === false ||
    body['reasoning_effort'] === 'none' ||
    /Stop thinking now/.test(last?.content ?? '');
  const asked = options.spelling !== 'marker' || /Final answer:/.test(messages[0]?.content ?? '');
  return { thought: undefined, answer: '', thinking: !off && asked, constrained };
}

/** The script as modified by this request: its seed and its choices show in the text. */
function drawn(script: Script, body: Record<string, unknown>): Script {
  const { choice } = (body['structured_outputs'] ?? {}) as { choice?: string[] };
  const seeded = script.draws === true && body['seed'] !== undefined && body['temperature'] !== 0;
  return {
    ...script,
    ...(seeded && { thoughts: [`seed${body['seed']}`, ...script.thoughts] }),
    ...(choice !== undefined && { constrained: choice.slice(0, 1) }),
  };
}

/** `own`: llama.cpp's own route of plain completions. */
type Route = 'chat' | 'raw' | 'own';

type PlainChunk = {
  choices: Array<{ text?: string; token?: string; finish_reason?: string | null; stop_reason?: string | null }>;
  timings?: object;
};

/** Chunks as llama.cpp's `/completion` has them: the log-probabilities name the cut text of a token, its id is whole. */
function* ownChunks(
  chunks: Iterable<object>,
  { slot, idOf }: { slot: number; idOf: (text: string) => number | undefined },
): Generator<object> {
  for (const chunk of chunks as Iterable<PlainChunk>) {
    const [choice] = chunk.choices;
    if (choice === undefined) continue;
    const { text: content = '', token, finish_reason: finish } = choice;
    const { timings } = chunk;
    if (finish === undefined || finish === null) {
      const id = token === undefined ? undefined : idOf(token);
      const listed = { id, token: content, bytes: [], logprob: -0.25, top_logprobs: [] };
      const tokens = id === undefined ? [] : [id];
      yield { index: 0, content, tokens, stop: false, id_slot: -1, timings, completion_probabilities: [listed] };
    } else {
      const word = choice.stop_reason ?? '';
      const stop_type = finish === 'length' ? 'limit' : word === '' ? 'eos' : 'word';
      yield { index: 0, content: '', tokens: [], stop: true, id_slot: slot, stop_type, stopping_word: word, timings };
    }
  }
}

function* chunksOf(parts: {
  tokens: readonly DecodedToken[];
  cut: boolean;
  body: Record<string, unknown>;
  raw: boolean;
  promptTokens: number;
  place: Place;
  script: Script;
  options: UpstreamServerOptions;
}): Generator<object> {
  const { tokens, cut, body, raw, promptTokens, place, script, options } = parts;
  const spelling = options.spelling ?? spellings[options.dialect];
  const counted = options.countsNothing !== true;
  const wantsLogprobs =
    counted && body['logprobs'] !== undefined && body['logprobs'] !== false && options.dialect !== 'lmstudio';
  const total = (count: number) => ({
    prompt_tokens: promptTokens,
    completion_tokens: count,
    prompt_tokens_details: { cached_tokens: 4 },
  });
  const streamOptions = (body['stream_options'] ?? {}) as { include_usage?: boolean; continuous_usage_stats?: boolean };
  const counts = (count: number) => ({
    ...(counted && streamOptions.continuous_usage_stats && { usage: total(count) }),
    ...(counted &&
      body['timings_per_token'] === true && {
        timings: { prompt_n: promptTokens - 4, cache_n: 4, predicted_n: count },
      }),
  });
  const shape = (fields: object, logprobs: object | null, finish: string | null = null) => ({
    object: 'chat.completion.chunk',
    choices: [{ index: 0, ...(raw ? { text: '', ...fields } : { delta: fields }), logprobs, finish_reason: finish }],
  });
  if (!raw) yield { ...shape({ role: 'assistant', content: '' }, null), ...counts(0) };
  const switched = (body['chat_template_kwargs'] ?? {}) as { enable_thinking?: boolean };
  const thoughtField = options.parser === 'qwen3' && switched.enable_thinking === false ? 'content' : spelling;
  const inTags = raw || spelling === 'tags' || spelling === 'tags-without-open' || spelling === 'marker';
  if (!raw && spelling === 'tags' && place.thinking) yield* cutText('<think>\n');
  let count = 0;
  let written = '';
  let stoppedBy: string | undefined;
  const stops = raw && options.stops !== 'ignored' ? [body['stop'] ?? []].flat().map(String) : [];
  const last = raw ? undefined : (body['messages'] as ChatTurn[]).at(-1);
  let echo = options.echoes && last?.role === 'assistant' ? (last.content ?? '') : '';
  for (const { kind, text: token } of tokens) {
    count++;
    const text = kind === 'close' && spelling === 'marker' && !raw ? '\nFinal answer:' : token;
    const one = { token: text, logprob: -0.25, top_logprobs: [{ token: text, logprob: -0.25 }] };
    const listed = raw
      ? { tokens: [text], token_logprobs: [-0.25], top_logprobs: [{ [text]: -0.25 }] }
      : { content: [one] };
    const logprobs = wantsLogprobs ? listed : null;
    if (kind === 'answer' || inTags) {
      const from = written.length;
      written += text;
      stoppedBy = stops.find((stop) => written.includes(stop));
      const left = options.stops === 'left in' ? (stoppedBy ?? '') : '';
      const shown = echo + (stoppedBy === undefined ? text : written.slice(from).split(stoppedBy)[0] + left);
      const pieces = options.cut?.(shown) ?? [shown];
      echo = '';
      for (const piece of pieces)
        yield { ...shape(raw ? { text: piece, token: text } : { content: piece }, logprobs), ...counts(count) };
      if (stoppedBy !== undefined) break;
    } else if (kind === 'thinking') {
      yield { ...shape({ [thoughtField]: text }, logprobs), ...counts(count) };
    }
  }
  if (stoppedBy !== undefined) {
    const told = options.tellsNoStop ? {} : { stop_reason: stoppedBy };
    yield { ...shape({ ...told, finish_reason: 'stop' }, null, 'stop'), ...counts(count) };
    if (counted && streamOptions.include_usage) yield { choices: [], usage: total(count) };
    return;
  }
  const calls = raw || cut || body['tools'] === undefined ? [] : (script.toolCalls ?? []);
  for (const [index, call] of calls.entries()) {
    const half = Math.ceil(call.arguments.length / 2);
    const first = {
      index,
      id: `call_${index}`,
      type: 'function',
      function: { name: call.name, arguments: call.arguments.slice(0, half) },
    };
    yield shape({ tool_calls: [first] }, null);
    yield shape({ tool_calls: [{ index, function: { arguments: call.arguments.slice(half) } }] }, null);
  }
  yield { ...shape({}, null, cut ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop'), ...counts(count) };
  if (counted && streamOptions.include_usage) yield { choices: [], usage: total(count) };

  function* cutText(text: string): Generator<object> {
    for (const piece of options.cut?.(text) ?? [text]) yield shape({ content: piece }, null);
  }
}

/** `paced`: other requests are handled between its chunks, as if a chunk took time. */
function sse(
  chunks: Iterable<object>,
  { fault, pace, c, done }: { fault: Fault; pace: (() => Promise<void>) | undefined; c: Context; done: boolean },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = chunks[Symbol.iterator]();
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      const put = (text: string) => controller.enqueue(encoder.encode(text));
      if ('chunks' in fault && sent === fault.chunks) {
        if (fault.kind === 'hang') return new Promise<void>(() => {});
        if (fault.kind === 'reset') {
          await fault.after;
          c.env.incoming.socket.resetAndDestroy();
          return;
        }
        if (fault.kind === 'cut') {
          const { delta, times } = fault.repeated ?? { delta: {}, times: 0 };
          for (let count = 0; count < times; count += 1) put(`data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`);
        }
        if (fault.kind === 'malformed') put('data: {"choices":[{"delta":\n\n');
        if (fault.kind === 'error-event') {
          const { error = { message: 'CUDA out of memory at /opt/vllm', code: 500 } } = fault;
          put(`event: error\ndata: ${JSON.stringify({ error })}\n\n`);
        }
        controller.close();
        return;
      }
      await pace?.();
      const next = iterator.next();
      if (next.done) {
        if (done) put('data: [DONE]\n\n');
        controller.close();
      } else {
        put(`: keep-alive\n\ndata: ${JSON.stringify(next.value)}\n\n`);
      }
      sent++;
      return;
    },
  });
}
