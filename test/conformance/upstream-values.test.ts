import { describe, expect, it } from 'vitest';
import type { GenerateRequest, ModelEvent } from '../../src/core/language-model.ts';
import { thinkfirst } from '../../src/models/families/thinkfirst.ts';
import { dialectNames } from '../../src/models/servers/client/dialect.ts';
import { createSlotHolders, newTally } from '../../src/models/servers/thinking/sample-context.ts';
import { connect, type Run, request, run, words } from '../support/upstream-run.ts';
import type { UpstreamServer, UpstreamServerOptions } from '../support/upstream-server.ts';

const answer = 'It is 12 + 30 = 42.';
/** The server's own values are wrong, so a right one was computed; both have the same length, so the script goes on behind it. */
const script = { thoughts: words('So 12 + 30 = 41 and 5 + 6 = 10 done.'), answer: words(answer) };
const thoughts = (text: string) => ({ thoughts: text.match(/\n|[^\S\n]?[^\s]+/g) ?? [], answer: words(answer) });

const asked = (budgetTokens = 100, more: Partial<GenerateRequest> = {}): GenerateRequest =>
  request({ thinking: { budgetTokens, computeTokens: 50 }, ...more });

const deltas = ({ events }: Pick<Run, 'events'>, sample = 0) =>
  events.filter((event) => event.type === 'thinking-delta' && event.sample === sample) as Array<
    Extract<ModelEvent, { type: 'thinking-delta' }>
  >;
const wholeThought = (result: Run, sample = 0) =>
  deltas(result, sample)
    .map(({ text }) => text)
    .join('');
const values = (result: Run, sample = 0) =>
  deltas(result, sample).flatMap(({ expression, text, forced }) => (forced && expression ? [expression + text] : []));
const stopsOf = (server: UpstreamServer) => server.completions().map(({ body }) => body['stop']);
const servers: Array<[string, UpstreamServerOptions]> = (['vllm', 'llama.cpp'] as const).flatMap((dialect) =>
  (['left out', 'left in', 'ignored'] as const).map((stops): [string, UpstreamServerOptions] => [
    `${dialect}, stop texts ${stops}`,
    { dialect, stops, script },
  ]),
);

it.each(dialectNames)('%s says whether it can', async (dialect) => {
  const { model } = await connect({ dialect, script });
  expect(model.capabilities).toMatchObject({ compute: ['vllm', 'llama.cpp'].includes(dialect) });
  expect(model.capabilities.computesByDefault).toBeUndefined();
});

it('a family that was made for it expects it', async () => {
  const { model } = await connect({ dialect: 'llama.cpp', script }, { family: thinkfirst.name });
  expect(model.capabilities.computesByDefault).toBe(true);
});

describe.each(servers)('%s', (_name, options) => {
  it('a thought goes on behind its values, and the answer is not stopped', async () => {
    const { model, server } = await connect(options);
    const result = await run(model, asked());
    expect(wholeThought(result)).toBe('So 12 + 30 = 42 and 5 + 6 = 11 done.');
    expect(values(result)).toEqual(['12 + 30 42', '5 + 6 11']);
    expect(result.answer).toBe(answer);
    expect(result.finish).toMatchObject({ reason: 'stop', thinkingStop: 'natural' });
    // All words of the thought but the two values.
    expect(result.finish?.usage).toMatchObject({ thinkingTokens: 11, forcedTokens: 2 });
    expect(result.events.filter(({ type }) => type === 'finish')).toHaveLength(1);
    expect(server.completions().length).toBeLessThanOrEqual(4);
  });

  it('nothing is inserted behind another sign, or where the line has no value', async () => {
    const text =
      'if 5 + 3 == 8 or 5 + 3 === 8 then 5 + 3 => 8 or 5 + 3 <= 9 or 5 + 3 >= 7 or 5 + 3 != 7 and x = 5 and y = x.';
    const { model } = await connect({ ...options, script: thoughts(text) });
    const result = await run(model, asked());
    expect(wholeThought(result)).toBe(text);
    expect(values(result)).toEqual([]);
    expect(result.answer).toBe(answer);
  });

  it('code is left as it is, and the text behind it is computed', async () => {
    const text = 'See 1 + 1 = 3\n```\nx = 2 + 2 = 5\ny = 3 + 3 = 7\n```\nSo 4 + 4 = 9 done.';
    const { model, server } = await connect({ ...options, script: thoughts(text) });
    const result = await run(model, asked());
    expect(wholeThought(result)).toBe(text.replace('1 = 3', '1 = 2').replace('= 9', '= 8'));
    expect(values(result)).toEqual(['1 + 1 2', '4 + 4 8']);
    if (options.stops === 'left out') expect(stopsOf(server)).toContainEqual(['```', '~~~']);
  });

  it('an event of many tokens is cut at its equals sign, and a token that goes on behind it', async () => {
    const split = ['So 12 + 30 = 41 and 5', ' + 6 =\n10', ' done.'];
    const { model } = await connect({ ...options, script: { ...script, thoughts: split } });
    const result = await run(model, asked());
    expect(wholeThought(result)).toBe('So 12 + 30 = 42 and 5 + 6 = 11 done.');
    expect(result.answer).toBe(answer);
  });

  it('keeps every budget, and a value stands before the stop-thinking sentence', async () => {
    const { model } = await connect(options);
    for (let budget = 1; budget <= 11; budget++) {
      const result = await run(model, asked(budget));
      expect(result.finish?.usage.thinkingTokens).toBeLessThanOrEqual(budget);
      expect('So 12 + 30 = 42 and 5 + 6 = 11 done.'.startsWith(result.thought.split(' ')[0] ?? '')).toBe(true);
      const thought = wholeThought(result);
      expect(thought).not.toMatch(/=(?! 42| 11)/);
      expect(thought.match(/42/g) ?? []).toHaveLength(thought.includes('=') ? 1 : 0);
      expect(result.answer).toBe(answer);
      if (budget < 11) expect(result.finish?.thinkingStop).toBe('budget');
    }
  });

  it('goes on from a thought that was cut at its equals sign, or behind its value', async () => {
    const { model } = await connect(options);
    for (const begun of ['So 12 + 30 =', 'So 12 + 30 = 42', 'So 12 + 30 = 42 and 5 + 6 =']) {
      const thinking = { budgetTokens: 100, computeTokens: 50, prefix: [{ text: begun }] };
      const result = await run(model, request({ thinking }));
      expect(begun + wholeThought(result)).toBe('So 12 + 30 = 42 and 5 + 6 = 11 done.');
    }
  });

  it('a server that restarts between two values, and breaks off within the next call, changes nothing', async () => {
    const faults = [
      { kind: 'none' },
      { kind: 'reset', chunks: 0 },
      { kind: 'status', status: 503 },
      { kind: 'error-event', chunks: 2 },
    ] as const;
    const { model } = await connect({ ...options, faults });
    const result = await run(model, asked());
    expect(wholeThought(result)).toBe('So 12 + 30 = 42 and 5 + 6 = 11 done.');
    expect(result).toMatchObject({ answer, finish: { thinkingStop: 'natural' } });
    expect(result.finish?.usage).toMatchObject({ thinkingTokens: 11, forcedTokens: 2 });
  });

  it.each(['answer now', 'cancel'] as const)('%s right behind a value', async (what) => {
    const { model } = await connect(options);
    const [now, cancel] = [new AbortController(), new AbortController()];
    const onEvent = (event: ModelEvent) => {
      if (event.type !== 'thinking-delta' || event.expression === undefined) return;
      if (what === 'cancel') cancel.abort(new Error('enough'));
      else now.abort();
    };
    const running = run(model, asked(), { signal: cancel.signal, answerNow: now.signal, onEvent });
    if (what === 'cancel') await expect(running).rejects.toThrow('enough');
    else {
      const result = await running;
      expect(values(result)).toEqual(['12 + 30 42']);
      expect(result).toMatchObject({ answer, finish: { thinkingStop: 'user' } });
    }
  });

  it('inserts no more tokens of values than allowed', async () => {
    const { model } = await connect(options);
    const result = await run(model, request({ thinking: { budgetTokens: 100, computeTokens: 1 } }));
    expect(wholeThought(result)).toBe('So 12 + 30 = 42 and 5 + 6 = 10 done.');
  });

  it('with tools nothing is computed: their calls are read on the chat route', async () => {
    const { model, server } = await connect(options);
    const tools = [{ name: 'add', parameters: { type: 'object', properties: {} } }];
    const prompt = { messages: [{ role: 'user' as const, content: 'add' }], tools };
    const result = await run(model, asked(100, { prompt }));
    expect(values(result)).toEqual([]);
    expect(stopsOf(server).filter((stop) => stop !== undefined)).toEqual([]);
  });
});

it('after 64 calls the thought goes on without values', async () => {
  const sums = Array.from({ length: 70 }, (_, index) => 10 + index);
  const text = (value: (n: number, index: number) => number) =>
    sums.map((n, index) => `${n} + 1 = ${value(n, index)}`).join('\n');
  const { model, server } = await connect({ dialect: 'llama.cpp', script: thoughts(text((n) => n)) });
  const result = await run(model, request({ thinking: { budgetTokens: 900, computeTokens: 500 } }));
  expect(wholeThought(result)).toBe(text((n, index) => (index < 63 ? n + 1 : n)));
  // With the answer's.
  expect(server.completions()).toHaveLength(65);
});

describe('what a stop was', () => {
  const untold = { tellsNoStop: true, countsNothing: true };

  it.each(['vllm', 'llama.cpp'] as const)(
    '%s: where nothing tells it, the server is asked again and left at the sign from then on',
    async (dialect) => {
      const hides = ['/completion'];
      const { model, server } = await connect({ dialect, script, hides, ...untold });
      const result = await run(model, asked());
      expect(wholeThought(result)).toBe('So 12 + 30 = 42 and 5 + 6 = 11 done.');
      expect(result.answer).toBe(answer);
      const stops = stopsOf(server).filter((stop) => stop !== undefined);
      expect(stops.length).toBeLessThanOrEqual(2);
      server.requests.length = 0;
      await run(model, asked());
      expect(stopsOf(server).every((stop) => stop === undefined)).toBe(true);
    },
  );

  it('a server that refuses stop texts is asked without', async () => {
    const { model, server } = await connect({ dialect: 'vllm', script, refuses: ['stop'] });
    expect(wholeThought(await run(model, asked()))).toBe('So 12 + 30 = 42 and 5 + 6 = 11 done.');
    await run(model, asked());
    expect(stopsOf(server).filter((stop) => stop !== undefined)).toHaveLength(1);
  });

  it('a model that answers without a thought is not asked again in another form', async () => {
    const { model, server } = await connect({ dialect: 'llama.cpp', script: { ...script, thoughts: [] } });
    expect(await run(model, asked())).toMatchObject({ thought: '', answer, finish: { thinkingStop: 'natural' } });
    const [first, second] = server.completions().map(({ body }) => String(body['prompt']));
    expect(second?.startsWith(`${first}</think>`)).toBe(true);
  });

  it('a thought that ends right behind an expression has ended', async () => {
    const { model } = await connect({ dialect: 'llama.cpp', script: thoughts('So it is 12 + 30') });
    const result = await run(model, asked());
    expect(result).toMatchObject({ thought: 'So it is 12 + 30', answer, finish: { thinkingStop: 'natural' } });
  });
});

describe('the cache of llama.cpp', () => {
  it('each sample goes on in the slot that it had, and no two share one', async () => {
    const { model, server } = await connect({ dialect: 'llama.cpp', script, slots: 4 });
    const result = await run(model, asked(100, { samples: 3, sampling: { temperature: 1, seed: 7 } }));
    for (const sample of [0, 1, 2]) expect(values(result, sample)).toEqual(['12 + 30 42', '5 + 6 11']);
    const bodies = server.completions().map(({ body }) => body);
    expect(bodies.every((body) => body['cache_prompt'] === true)).toBe(true);
    const slots = bodies.flatMap((body) => (body['id_slot'] === undefined ? [] : [Number(body['id_slot'])]));
    expect(new Set(slots).size).toBe(3);
    // With one seed for all calls a chain would draw the same numbers again behind each value.
    expect(new Set(bodies.map((body) => body['seed'])).size).toBeGreaterThan(6);
  });

  it('a slot that another sample was given meanwhile is not asked for', () => {
    const slots = createSlotHolders();
    const [one, other] = [newTally(), newTally()];
    slots.took(1, one);
    slots.took(1, other);
    expect([slots.of(one), slots.of(other)]).toEqual([undefined, 1]);
    slots.took(0, other);
    expect(slots.of(other)).toBe(0);
  });
});

it('a router of llama.cpp, which has several models: each of its routes is told which one', async () => {
  const { model } = await connect({ dialect: 'llama.cpp', script, routes: true, slots: 3 });
  const result = await run(model, asked());
  expect(values(result)).toEqual(['12 + 30 42', '5 + 6 11']);
  expect(model.capabilities).toMatchObject({ compute: true, parallel: 3 });
});

it.each(['vllm', 'llama.cpp'] as const)(
  '%s: the tokenizer of a server fails behind a value, which is counted by our estimate then',
  async (dialect) => {
    let fails = false;
    const broken: typeof fetch = async (url, init) =>
      fails && String(url).endsWith('/tokenize') && String(init?.body).includes('" 42"')
        ? new Response('', { status: 502 })
        : fetch(url, init);
    const { model } = await connect({ dialect, script }, { fetch: broken });
    const onEvent = () => {
      fails = true;
    };
    const result = await run(model, asked(), { onEvent });
    expect(wholeThought(result)).toBe('So 12 + 30 = 42 and 5 + 6 = 11 done.');
    expect(result.finish?.usage).toMatchObject({ thinkingTokens: 11, forcedTokens: 2 });
  },
);

it('a gateway that hides raw prompts: the thought comes by a turn, nothing is computed, and the capabilities say so', async () => {
  const { model } = await connect({ dialect: 'vllm', script, hides: ['/tokenize'] });
  const result = await run(model, asked());
  expect(wholeThought(result)).toBe(script.thoughts.join(''));
  expect(model.capabilities.compute).toBe(false);
});
