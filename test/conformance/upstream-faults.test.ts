import { expect, it } from 'vitest';
import { dialectNames } from '../../src/models/servers/client/dialect.ts';
import { connect, impatientClock, request, run, script, thinking } from '../support/upstream-run.ts';

const thought = script.thoughts.join('');
const answer = script.answer.join('');
const key = 'sk-very-secret-1234567890';

it('tries again after 429 and waits for as long as Retry-After says', async () => {
  const clock = impatientClock();
  const faults = [{ kind: 'status', status: 429, headers: { 'retry-after': '3' } }] as const;
  const { model, server } = await connect({ dialect: 'vllm', script, faults }, { clock });
  expect(await run(model, thinking(100))).toMatchObject({ thought, answer });
  expect(clock.waits).toEqual([3000]);
  expect(server.completions()).toHaveLength(2);
});

it.each([500, 502, 503, 504, 408])('tries again after %i, with a growing wait', async (status) => {
  const clock = impatientClock();
  const faults = [
    { kind: 'status', status },
    { kind: 'status', status },
    { kind: 'status', status },
  ] as const;
  const { model } = await connect({ dialect: 'llama.cpp', script, faults }, { clock });
  expect(await run(model, request())).toMatchObject({ answer });
  expect(clock.waits).toEqual([250, 500, 1000]);
});

it.each(dialectNames)('%s: tries again when the connection is reset before the first token', async (dialect) => {
  const { model, server } = await connect({ dialect, script, faults: [{ kind: 'reset', chunks: 0 }] });
  expect(await run(model, thinking(100))).toMatchObject({ thought, answer });
  expect(server.completions()).toHaveLength(2);
});

it('gives up after the attempts of its policy, says so and asks no more', async () => {
  const clock = impatientClock();
  const faults = Array.from(
    { length: 9 },
    () => ({ kind: 'status', status: 503, body: { error: { message: `at /srv/secret ${key}` } } }) as const,
  );
  const { model, server } = await connect(
    { dialect: 'plain', script, faults },
    { clock, apiKey: key, retry: { attempts: 3 } },
  );
  const failure = await run(model, request()).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'model_unavailable', status: 503, retryable: true });
  expect(String(failure)).not.toContain(key);
  expect(String(failure)).not.toContain('127.0.0.1');
  expect(server.completions()).toHaveLength(3);
});

it('hands a Retry-After that is too long to its caller at once', async () => {
  const faults = [{ kind: 'status', status: 429, headers: { 'retry-after': '900' } }] as const;
  const { model, server } = await connect({ dialect: 'ollama', script, faults });
  await expect(run(model, request())).rejects.toMatchObject({ code: 'model_unavailable', retryAfterSeconds: 900 });
  expect(server.completions()).toHaveLength(1);
});

it('a thought that its server ends because it repeats one token is closed and answered', async () => {
  const repeated = { delta: { reasoning: '0' }, times: 31 };
  const { model, server } = await connect({
    dialect: 'ollama',
    script,
    faults: [{ kind: 'cut', chunks: 4, repeated }],
  });
  const result = await run(model, thinking(100));
  expect(result).toMatchObject({ answer, finish: { reason: 'stop', thinkingStop: 'loop' } });
  expect(server.completions()).toHaveLength(2);
});

it('an answer that its server ends because it repeats one token is kept, as one that was cut', async () => {
  const repeated = { delta: { content: ' 0' }, times: 31 };
  const { model, server } = await connect({
    dialect: 'ollama',
    script,
    faults: [{ kind: 'cut', chunks: 0, repeated }],
  });
  expect(await run(model, request())).toMatchObject({ answer: `0${' 0'.repeat(30)}`, finish: { reason: 'length' } });
  expect(server.completions()).toHaveLength(1);
});

it('a stream that ends without a finish reason and does not repeat itself is an error', async () => {
  const repeated = { delta: { reasoning: '0' }, times: 20 };
  const { model } = await connect({ dialect: 'ollama', script, faults: [{ kind: 'cut', chunks: 4, repeated }] });
  await expect(run(model, thinking(100))).rejects.toMatchObject({ code: 'model_unavailable', retryable: true });
});

it.each([
  ['reset', 'disconnected while answering'],
  ['malformed', 'ended its answer early'],
  ['error-event', 'ended its answer early'],
] as const)('a stream that ends in %s after the first token is an error and never tried again', async (kind, words) => {
  const shown = gate();
  const { model, server } = await connect({
    dialect: 'ollama',
    script,
    faults: [{ kind, chunks: 4, after: shown.promise }],
  });
  const seen: string[] = [];
  const onEvent = ({ type }: { type: string }) => {
    seen.push(type);
    shown.resolve();
  };
  const failure = await run(model, thinking(100), { onEvent }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'model_unavailable', retryable: true });
  expect(String(failure)).toContain(words);
  expect(String(failure)).not.toMatch(/CUDA|opt\/vllm/);
  expect(seen).not.toContain('finish');
  expect(server.completions()).toHaveLength(1);
});

it.each([
  [
    'a status',
    {
      kind: 'status',
      status: 500,
      body: { error: 'model requires more system memory (9.6 GiB) than is available (3.1 GiB)' },
    },
    'is not ready: model requires more system memory (9.6 GiB) than is available (3.1 GiB).',
  ],
  [
    'its first event',
    { kind: 'error-event', chunks: 0, error: { message: 'Model was unloaded.' } },
    'Model was unloaded.',
  ],
  ['a body that is no stream', { kind: 'json', body: { error: 'Failed to load model' } }, 'Failed to load model.'],
] as const)(
  'a server that says by %s why it can not answer is quoted, after the usual attempts',
  async (_, fault, words) => {
    const { model, server } = await connect(
      { dialect: 'lmstudio', script, faults: [fault, fault] },
      { retry: { attempts: 2 } },
    );
    const failure = await run(model, request()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'model_unavailable', retryable: true });
    expect(String(failure)).toContain(words);
    expect(server.completions()).toHaveLength(2);
  },
);

it.each([
  'error parsing tool call: raw={"load": "the memory"}',
  'Failed to parse input at pos 40: I load it into memory',
  'loading of "my secret thought" failed',
])('a server that fails with %j is not quoted where its model may speak', async (message) => {
  const fault = { kind: 'status', status: 500, body: { error: { message } } } as const;
  const { model } = await connect({ dialect: 'ollama', script, faults: [fault] }, { retry: { attempts: 1 } });
  const failure = await run(model, request()).catch((error: unknown) => error);
  expect(String(failure)).toContain('is not ready');
  expect(String(failure)).not.toMatch(/memory|thought/);
});

it.each([
  [
    {
      kind: 'error-event',
      chunks: 0,
      error: { message: 'Trying to keep the first 6025 tokens when context overflows.' },
    },
    'context_length_exceeded',
  ],
  [{ kind: 'json', body: { error: { message: 'max_tokens is too large', code: 400 } } }, 'invalid_value'],
] as const)('a refusal with status 200 (%j) is %s, at once', async (fault, code) => {
  const { model, server } = await connect({ dialect: 'lmstudio', script, faults: [fault] });
  await expect(run(model, request())).rejects.toMatchObject({ code });
  expect(server.completions()).toHaveLength(1);
});

const extra = {
  type: 'extra_forbidden',
  loc: ['body', 'stream_options'],
  msg: 'Extra inputs are not permitted',
  input: {},
};

it.each([
  ['FastAPI', { detail: [extra] }],
  ['Mistral', { object: 'error', message: { detail: [extra] }, type: 'invalid_request_error' }],
])('a field that a server refuses in a list of faults, as %s has it, is left out', async (_, body) => {
  const { model, server } = await connect({
    dialect: 'plain',
    script,
    faults: [{ kind: 'status', status: 422, body }],
  });
  expect(await run(model, request())).toMatchObject({ answer });
  expect(server.completions().map((one) => 'stream_options' in one.body)).toEqual([true, false]);
});

it('a refusal in a list of faults is told with the field that it is about', async () => {
  const detail = [
    { type: 'less_than_equal', loc: ['body', 'temperature'], msg: 'Input should be at most 1', input: 2 },
  ];
  const { model } = await connect({
    dialect: 'plain',
    script,
    faults: [{ kind: 'status', status: 422, body: { detail } }],
  });
  await expect(run(model, request())).rejects.toThrow('body.temperature: Input should be at most 1');
});

it('a server that answers whole where a stream was asked for is read all the same', async () => {
  const message = { role: 'assistant', content: answer, reasoning_content: thought };
  const usage = { prompt_tokens: 9, completion_tokens: 14 };
  const body = { choices: [{ index: 0, message, finish_reason: 'stop' }], usage };
  const { model, server } = await connect({ dialect: 'lmstudio', script, faults: [{ kind: 'json', body }] });
  expect(await run(model, thinking(100))).toMatchObject({ thought, answer, finish: { reason: 'stop' } });
  expect(server.completions()).toHaveLength(1);
});

it('one sample that fails where no thought can be gone on with ends the request, and the others are let go', async () => {
  const shown = gate();
  const hang = { kind: 'hang', chunks: 3 } as const;
  const faults = [hang, { kind: 'reset', chunks: 3, after: shown.promise } as const, hang];
  const { model, server } = await connect({ dialect: 'ollama', script, faults });
  let seen = 0;
  const onEvent = () => void (++seen === 6 && shown.resolve());
  const asked = run(model, thinking(100, { samples: 3 }), { onEvent });
  await expect(asked).rejects.toMatchObject({ code: 'model_unavailable' });
  const closed = await Promise.all(server.completions().map(({ closedEarly }) => closedEarly));
  expect(closed).toEqual([true, true, true]);
});

it('a malformed chunk before the first token is tried again', async () => {
  const { model } = await connect({ dialect: 'vllm', script, faults: [{ kind: 'malformed', chunks: 0 }] });
  expect(await run(model, thinking(100))).toMatchObject({ answer });
});

it('a server that hangs is given up after the time for it, and cancel works at once', async () => {
  const faults = [
    { kind: 'hang', chunks: 0 },
    { kind: 'hang', chunks: 0 },
  ] as const;
  const { model } = await connect(
    { dialect: 'vllm', script, faults },
    { timeouts: { firstByteMs: 30, idleMs: 30 }, retry: { attempts: 1 } },
  );
  await expect(run(model, request())).rejects.toThrow('does not answer');
  const reason = new Error('cancelled by the test');
  await expect(run(model, request(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

it.each([
  ['passed while this process was paused: the answer goes on', 60_000],
  ['passed: the server counts as hung', 0],
])('the time for the next piece has %s', async (_, lateMs) => {
  let now = 0;
  const running = new Set<() => void>();
  const clock = {
    ...impatientClock(),
    now: () => now,
    after(_ms: number, callback: () => void) {
      running.add(callback);
      return () => void running.delete(callback);
    },
  };
  // Where the time is kept, the rest of the answer never comes.
  const faults = lateMs > 0 ? [] : [{ kind: 'hang', chunks: 3 } as const];
  const timeouts = { firstByteMs: 1, idleMs: 1 };
  const { model } = await connect({ dialect: 'ollama', script, faults }, { clock, timeouts });
  let isPassed = false;
  const onEvent = () => {
    if (isPassed) return;
    isPassed = true;
    now += 1 + lateMs;
    for (const callback of [...running]) callback();
  };
  const answering = run(model, thinking(100), { onEvent });
  if (lateMs > 0) expect(await answering).toMatchObject({ thought, answer });
  else await expect(answering).rejects.toThrow('does not answer');
});

it('a server that sends comments while it reads a long prompt is not hung', async () => {
  let now = 0;
  const running = new Map<() => void, number>();
  const clock = {
    ...impatientClock(),
    now: () => now,
    after(ms: number, callback: () => void) {
      running.set(callback, now + ms);
      return () => void running.delete(callback);
    },
  };
  const pass = (ms: number) => {
    now += ms;
    for (const [callback, due] of [...running]) if (due <= now) callback();
  };
  // Nine pings, each after most of the time that a server has for its first byte.
  const pings = new TransformStream<Uint8Array, Uint8Array>({
    async start(controller) {
      for (let ping = 0; ping < 9; ping += 1) {
        controller.enqueue(Buffer.from(':\n\n'));
        await new Promise((resolve) => setImmediate(resolve));
        pass(90);
      }
    },
  });
  const pinging: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    return response.body === null ? response : new Response(response.body.pipeThrough(pings), response);
  };
  const { model } = await connect(
    { dialect: 'ollama', script },
    { clock, fetch: pinging, timeouts: { firstByteMs: 100, idleMs: 100 } },
  );
  expect(await run(model, request())).toMatchObject({ answer });
});

it('a server that can not be reached leaves no timer behind', async () => {
  const timers = new Set<() => void>();
  const clock = {
    ...impatientClock(),
    after(_ms: number, callback: () => void) {
      timers.add(callback);
      return () => void timers.delete(callback);
    },
  };
  const { model } = await connect({ dialect: 'llama.cpp', script }, { url: 'http://127.0.0.1:1/v1', clock });
  const asked = request({ thinking: { budgetTokens: 100, computeTokens: 50 }, deadlineAt: Date.now() + 60_000 });
  await expect(run(model, asked)).rejects.toMatchObject({ code: 'model_unavailable' });
  expect(timers.size).toBe(0);
});

it('cancel reaches a request that waits for the first byte', async () => {
  const { model, server } = await connect({ dialect: 'vllm', script, faults: [{ kind: 'hang', chunks: 0 }] });
  const cancel = new AbortController();
  const reason = new Error('cancelled by the test');
  const running = run(model, request(), { signal: cancel.signal });
  const refused = expect(running).rejects.toBe(reason);
  while (server.completions().length === 0) await new Promise((resolve) => setImmediate(resolve));
  cancel.abort(reason);
  await refused;
});

it('close ends what runs', async () => {
  const { model } = await connect({ dialect: 'vllm', script, faults: [{ kind: 'hang', chunks: 4 }] });
  const onEvent = () => void model.close();
  await expect(run(model, thinking(100), { onEvent })).rejects.toMatchObject({ code: 'model_unavailable' });
});

it.each([
  [401, { error: { message: `Incorrect key ${key}` } }, 'model_unavailable', 'refused the key'],
  [404, { error: { message: 'The model `x` does not exist.' } }, 'model_unavailable', 'has no such model'],
  [
    400,
    { error: { message: 'temperature must be non-negative' } },
    'invalid_value',
    'temperature must be non-negative',
  ],
  [
    400,
    { object: 'error', message: "This model's maximum context length is 4096 tokens." },
    'context_length_exceeded',
    '4096',
  ],
  [
    400,
    {
      error: {
        message: 'max_tokens=5000 cannot be greater than max_model_len=4096. Please request fewer output tokens.',
      },
    },
    'context_length_exceeded',
    '4096',
  ],
  [
    400,
    {
      error: {
        type: 'exceed_context_size_error',
        message: 'the request exceeds the available context size (2048 tokens)',
      },
    },
    'context_length_exceeded',
    '2048',
  ],
  [422, { detail: `see http://internal:8000/docs with ${key}` }, 'invalid_value', 'see … with …'],
] as const)('%i %j is %s, once, without key or address', async (status, body, code, words) => {
  const { model, server } = await connect(
    { dialect: 'plain', script, faults: [{ kind: 'status', status, body }] },
    { apiKey: key },
  );
  const failure = await run(model, request()).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code });
  expect(String(failure)).toContain(words);
  expect(String(failure)).not.toMatch(/sk-very|internal:8000/);
  expect(server.completions()).toHaveLength(1);
});

it('an upstream that is not there is model_unavailable', async () => {
  const { model } = await connect({ dialect: 'plain', script }, { url: 'http://127.0.0.1:1/v1' });
  await expect(run(model, request())).rejects.toMatchObject({ code: 'model_unavailable', retryable: true });
});

/** A promise and the function that resolves it. */
function gate(): { promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

/** Each way to cut `<think>\none … eight</think>The answer is 7.` in two, and into single characters. */
it.each(['tags', 'tags-without-open'] as const)('finds %s in the content wherever they are cut', async (spelling) => {
  const marks = ['<think>\n', '</think>'];
  for (let at = 1; at < '</think>'.length; at++) {
    const cut = (text: string) =>
      marks.includes(text) ? [text.slice(0, at), text.slice(at)].filter((part) => part !== '') : [text];
    const { model } = await connect({ dialect: 'lmstudio', script, spelling, cut });
    expect(await run(model, thinking(100)), `cut at ${at}`).toMatchObject({ thought, answer });
  }
  const { model } = await connect({ dialect: 'lmstudio', script, spelling, cut: (text) => [...text] });
  expect(await run(model, thinking(200))).toMatchObject({ thought, answer });
});

it('admits no more requests at once than the entry says', async () => {
  const { model, server } = await connect(
    {
      dialect: 'vllm',
      script,
      faults: [
        { kind: 'hang', chunks: 4 },
        { kind: 'hang', chunks: 4 },
      ],
    },
    { maxParallel: 2 },
  );
  const cancel = new AbortController();
  let started = 0;
  const onEvent = ({ type }: { type: string }) =>
    type === 'thinking-delta' && ++started === 4 && cancel.abort(new Error('enough'));
  await expect(run(model, thinking(100, { samples: 5 }), { signal: cancel.signal, onEvent })).rejects.toThrow('enough');
  expect(server.completions()).toHaveLength(2);
});

it('runs the samples one after another when the request is deterministic', async () => {
  const { model } = await connect({ dialect: 'vllm', script });
  const { events } = await run(model, thinking(100, { samples: 3, deterministic: true }));
  const order = events.map(({ sample }) => sample);
  expect(order).toEqual([...order].sort());
});
