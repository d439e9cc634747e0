/** Samples side by side, over servers that run several requests at a time, one, or refuse more; and what a broken stream costs. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TraceStep } from '../../src/contracts/responses/trace.ts';
import type { LanguageModel, ModelEvent } from '../../src/core/language-model.ts';
import type { DialectName } from '../../src/models/servers/client/dialect.ts';
import { connect, impatientClock, run, script, thinking, words } from '../support/upstream-run.ts';
import type { Fault, UpstreamServerOptions } from '../support/upstream-server.ts';
import { createService } from '../worker/service.ts';

const answer = script.answer.join('');
const thought = script.thoughts.join('');
const long = { thoughts: Array.from({ length: 300 }, (_, index) => ` step${index}`), answer: script.answer };
const samples = (events: Awaited<ReturnType<typeof run>>['events']) =>
  events.flatMap((event) => (event.type === 'finish' ? [event] : []));
const answers = (events: Awaited<ReturnType<typeof run>>['events'], count: number) =>
  Array.from({ length: count }, (_, sample) =>
    events.map((event) => (event.type === 'answer-delta' && event.sample === sample ? event.text : '')).join(''),
  );
const spent = (events: Awaited<ReturnType<typeof run>>['events']) =>
  samples(events).reduce((sum, { usage }) => sum + usage.thinkingTokens, 0);

function gate(): { promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

it('llama.cpp says how many requests it runs at a time: no more are sent, and the capabilities name them', async () => {
  const { model, server } = await connect({ dialect: 'llama.cpp', script: long, slots: 2 });
  expect(model.capabilities).toMatchObject({ batching: false, parallel: 1 });
  const { events } = await run(model, thinking(1_200, { samples: 4 }));
  expect(answers(events, 4)).toEqual([answer, answer, answer, answer]);
  expect(server.mostRunning()).toBe(2);
  expect(model.capabilities).toMatchObject({ batching: true, parallel: 2 });
});

it('llama.cpp is asked with the first request, so that the next ones are planned side by side', async () => {
  const { model, server } = await connect({ dialect: 'llama.cpp', script, slots: 3 });
  await run(model, thinking(100));
  await run(model, thinking(100));
  expect(model.capabilities).toMatchObject({ batching: true, parallel: 3 });
  expect(server.requests.filter(({ path }) => path === '/props')).toHaveLength(1);
});

it('vLLM runs as many side by side as its entry says', async () => {
  const { model } = await connect({ dialect: 'vllm', script }, { maxParallel: 7 });
  expect(model.capabilities).toMatchObject({ batching: true, parallel: 7 });
});

describe('a server that does not say', () => {
  it('is known to run two requests at a time once two have given text side by side', async () => {
    const hang = { kind: 'hang', chunks: 4 } as const;
    const { model } = await connect({ dialect: 'ollama', script, faults: [hang, hang] });
    const stop = new AbortController();
    const seen = new Set<number>();
    const onEvent = ({ sample }: { sample: number }) =>
      void (seen.add(sample).size === 2 && stop.abort(new Error('seen')));
    await expect(run(model, thinking(100, { samples: 2 }), { signal: stop.signal, onEvent })).rejects.toThrow('seen');
    expect(model.capabilities).toMatchObject({ batching: true, parallel: 2 });
  });

  it('is not, by requests that ran one after the other', async () => {
    const { model } = await connect({ dialect: 'ollama', script });
    await run(model, thinking(100, { samples: 2, deterministic: true }));
    expect(model.capabilities).toMatchObject({ batching: false, parallel: 1 });
  });
});

it.each([16, 2])('16 samples, %i at a time, give no warning of a leak', async (maxParallel) => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => void warnings.push(name);
  process.on('warning', onWarning);
  const { model } = await connect({ dialect: 'vllm', script }, { maxParallel });
  const { signal: answerNow } = new AbortController();
  await run(model, thinking(1_000, { samples: 16 }), { answerNow });
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

it.each(['vllm', 'ollama', 'plain'] as const)(
  '%s: a server that refuses a second request with 429 gets them one after the other, and the budget is kept',
  async (dialect) => {
    const spelling = dialect === 'plain' ? { spelling: 'tags' as const } : {};
    const { model, server } = await connect({ dialect, script: long, refusesMore: true, ...spelling });
    const { events } = await run(model, thinking(1_000, { samples: 3 }));
    expect(answers(events, 3)).toEqual([answer, answer, answer]);
    expect(spent(events)).toBe(900);
    expect(server.mostRunning()).toBe(1);
  },
);

it.each([
  'The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.',
  'The engine has reached its prefill token backlog limit. Please try again later or on a different instance.',
])('vLLM with --max-num-queued-…: a 503 in its words is a refusal like 429: %s', async (message) => {
  const body = { error: { message, type: 'Service Unavailable', param: null, code: 503 } };
  const clock = impatientClock();
  const options = { dialect: 'vllm', script: long, refusesMore: { status: 503, body } } as const;
  const { model, server } = await connect(options, { clock });
  const { events } = await run(model, thinking(1_000, { samples: 3 }));
  expect(answers(events, 3)).toEqual([answer, answer, answer]);
  expect(server.mostRunning()).toBe(1);
  expect(clock.waits).toEqual([]);
});

it('answer now reaches a request that was refused and waits: it answers once the server has room', async () => {
  const slow = { thoughts: long.thoughts, answer: long.thoughts };
  const { model } = await connect({ dialect: 'vllm', script: slow, refusesMore: true });
  const now = new AbortController();
  let thought = 0;
  const onEvent = () => void (++thought === 100 && now.abort());
  const asked = thinking(1_000, { samples: 3, answer: { maxTokens: 400 } });
  const { events } = await run(model, asked, { answerNow: now.signal, onEvent });
  const whole = long.thoughts.join('').trim();
  expect(answers(events, 3)).toEqual([whole, whole, whole]);
  expect(samples(events).map(({ thinkingStop }) => thinkingStop)).toEqual(['user', 'user', 'user']);
});

it.each(['vllm', 'llama.cpp'] as const)(
  '%s: one of three streams breaks and its thought is gone on with',
  async (dialect) => {
    const faults = [{ kind: 'none' }, { kind: 'malformed', chunks: 5 }, { kind: 'none' }] as const;
    const { model, server } = await connect({ dialect, script, faults });
    const { events } = await run(model, thinking(100, { samples: 3 }));
    expect(answers(events, 3)).toEqual([answer, answer, answer]);
    const thoughts = [0, 1, 2].map((sample) =>
      events.map((event) => (event.type === 'thinking-delta' && event.sample === sample ? event.text : '')).join(''),
    );
    expect(thoughts).toEqual([thought, thought, thought]);
    expect(spent(events)).toBe(3 * script.thoughts.length);
    expect(server.completions()).toHaveLength(4);
  },
);

it('vLLM with its parser for Qwen3: a thought that is continued beside tools ends where its model ends it', async () => {
  const faults = [{ kind: 'malformed', chunks: 5 }] as const;
  const { model, server } = await connect({ dialect: 'vllm', script, faults, parser: 'qwen3' });
  const tools = [{ name: 'add', description: 'adds', parameters: { type: 'object', properties: {} } }];
  const asked = thinking(100, { prompt: { messages: [{ role: 'user', content: 'add' }], tools } });
  expect(await run(model, asked)).toMatchObject({ thought, answer });
  expect(server.completions()).toHaveLength(2);
});

it('a connection that breaks again and again is given up', async () => {
  const faults = Array.from({ length: 9 }, () => ({ kind: 'malformed', chunks: 3 }) as const);
  const { model, server } = await connect({ dialect: 'vllm', script, faults });
  await expect(run(model, thinking(100))).rejects.toMatchObject({ code: 'model_unavailable', retryable: true });
  expect(server.completions()).toHaveLength(3);
});

describe.each(['vllm', 'llama.cpp', 'ollama', 'lmstudio'] as const)('%s without counts', (dialect: DialectName) => {
  it('a server that gives no usage, token counts or log-probabilities: the budget is kept by what arrives', async () => {
    const { model } = await connect({ dialect, script: long, countsNothing: true, ignoresBudget: true });
    const { answer: text, finish } = await run(model, thinking(60, { answer: { maxTokens: 20 } }));
    expect(text).toBe(answer);
    expect(finish).toMatchObject({ thinkingStop: 'budget', usage: { thinkingTokens: 60 }, scores: {} });
    expect(finish?.scores).toEqual({});
    expect(finish?.usage.inputTokens).toBeGreaterThan(0);
  });
});

it('an aborted sample leaves no request behind', async () => {
  const faults = Array.from({ length: 4 }, () => ({ kind: 'hang', chunks: 4 }) as const);
  const { model, server } = await connect({ dialect: 'llama.cpp', script, faults, slots: 2 });
  const stop = new AbortController();
  const asked = run(model, thinking(1_200, { samples: 4 }), {
    signal: stop.signal,
    onEvent: () => stop.abort(new Error('agreed')),
  });
  await expect(asked).rejects.toThrow('agreed');
  expect(await Promise.all(server.completions().map(({ closedEarly }) => closedEarly))).not.toContain(false);
  expect(server.completions().length).toBeLessThanOrEqual(2);
});

describe.each(['ollama', 'vllm', 'llama.cpp'] as const)('a response over %s whose server', (dialect) => {
  const asked = { input: 'What is 3 + 4?', reasoning: { effort: 'medium', samples: 3, budget_tokens: 100 } };
  /** Thoughts of lost streams and attempts included. */
  const spentBy = ({
    usage,
  }: {
    usage?: { phases: { think: number; revise: number; discarded: number } } | null | undefined;
  }) => (usage ? usage.phases.think + usage.phases.revise + usage.phases.discarded : Number.NaN);

  it('drops one of its streams is answered, and its budget is kept', async () => {
    const faults = [{ kind: 'none' }, { kind: 'malformed', chunks: 5 }] as const;
    const { model } = await connect({ dialect, script, faults }, { id: 'tiny' });
    const { answered } = await createService(model);
    const response = await answered(asked);
    expect(response).toMatchObject({ status: 'completed', output_text: answer });
    expect(spentBy(response)).toBeLessThanOrEqual(asked.reasoning.budget_tokens);
  });

  /** The model, with the tokens of thoughts and answers that were read of it. */
  function observed(model: LanguageModel, onRead: (read: { thought: number; answer: number }) => void = () => {}) {
    const read = { thought: 0, answer: 0 };
    async function* generate(...given: Parameters<LanguageModel['generate']>) {
      for await (const event of model.generate(...given)) {
        if (event.type === 'thinking-delta' && !event.forced) read.thought += words(event.text).length;
        if (event.type === 'answer-delta') read.answer += words(event.text).length;
        onRead(read);
        yield event;
      }
    }
    return { read, model: { ...model, generate } };
  }

  describe.each([false, true])('(counts nothing: %s)', (countsNothing) => {
    it.each(['deliberate', 'budget-forcing'])(
      'drops its streams in the middle of long thoughts is answered by %s, and all that was thought is within the budget and in its usage',
      async (strategy) => {
        // A server that continues a thought is given up at the third break.
        const continues = dialect !== 'ollama';
        const fault = { kind: 'malformed', chunks: continues ? 30 : 45 } as const;
        const faults = Array.from({ length: continues ? 3 : 2 }, () => fault);
        const { model } = await connect({ dialect, script: long, faults, countsNothing }, { id: 'tiny' });
        const { read, model: tiny } = observed(model);
        const { answered } = await createService(tiny);
        const response = await answered({ ...asked, reasoning: { ...asked.reasoning, strategy, samples: 1 } });
        expect(response).toMatchObject({ status: 'completed', output_text: answer, thinking_stop: 'budget' });
        expect(read.thought).toBe(asked.reasoning.budget_tokens);
        expect(response.usage?.phases).toMatchObject({
          think: read.thought,
          discarded: 0,
          answer: words(answer).length,
        });
      },
    );

    it.each(['deliberate', 'budget-forcing'])(
      'drops its answer after a thought of the whole budget is answered by %s without another thought',
      async (strategy) => {
        const faults = [{ kind: 'none' }, { kind: 'malformed', chunks: 3 }] as const;
        const { model } = await connect({ dialect, script: long, faults, countsNothing }, { id: 'tiny' });
        const { read, model: tiny } = observed(model);
        const { answered } = await createService(tiny);
        const response = await answered({ ...asked, reasoning: { ...asked.reasoning, strategy, samples: 1 } });
        expect(response).toMatchObject({ status: 'completed', output_text: answer });
        expect(read.thought).toBeLessThanOrEqual(asked.reasoning.budget_tokens);
        const own = words(answer).length;
        const phases = { think: read.thought, discarded: read.answer - own, answer: own };
        expect(response.usage?.phases).toMatchObject(phases);
      },
    );
  });

  it('drops one of its streams: whoever does not keep the others gets no event of it', async () => {
    const drop = { kind: 'malformed', chunks: 1 + script.thoughts.length + 2 } as const;
    const { model } = await connect({ dialect, script, faults: [drop] });
    const seen: string[] = [];
    const asking = run(model, thinking(100), { onEvent: ({ type }) => void seen.push(type) });
    await expect(asking).rejects.toMatchObject({ code: 'model_unavailable', retryable: true });
    expect(seen).not.toContain('finish');
  });

  it.each([
    ['a cancellation', 'stop'],
    ['a refusal', 'refuse'],
  ])('gets %s while one of its streams has broken: that ends all, as ever', async (_, how) => {
    const drop = { kind: 'malformed', chunks: 1 + script.thoughts.length + 2 } as const;
    const refusal = { kind: 'status', status: 400, body: { error: { message: 'no' } } } as const;
    const faults = [drop, how === 'stop' ? ({ kind: 'hang', chunks: 4 } as const) : refusal];
    const { model } = await connect({ dialect, script, faults });
    const stop = new AbortController();
    const reason = new Error('cancelled by the test');
    const finished: string[] = [];
    const onEvent = (event: ModelEvent) => {
      if (event.type !== 'finish') return;
      finished.push(event.reason);
      if (how === 'stop') stop.abort(reason);
    };
    const asked = thinking(100, { samples: 2, deterministic: how === 'refuse' });
    const asking = run(model, asked, { signal: stop.signal, keepsOthers: true, onEvent });
    if (how === 'stop') await expect(asking).rejects.toBe(reason);
    else await expect(asking).rejects.toMatchObject({ code: 'invalid_value' });
    expect(finished).toEqual(['fault']);
  });

  describe('drops streams in their answers', () => {
    /** Three chains side by side, all run: the model's 8 words of thought and 4 of answer each. */
    const chains = (more: object = {}) => ({
      ...asked,
      reasoning: { ...asked.reasoning, strategy: 'self-consistency', options: { adaptive: false }, ...more },
    });
    const own = { thought: script.thoughts.length, answer: words(answer).length };
    // Role, thoughts, and half of the answer.
    const at = 1 + own.thought + 2;
    const drop: Fault = { kind: 'malformed', chunks: at };
    const none: Fault = { kind: 'none' };

    async function ask(faults: readonly Fault[], body: object, more: Partial<UpstreamServerOptions> = {}) {
      const shown = gate();
      // A reset overtakes what was sent before it, so it waits until that was read, and all that its siblings sent.
      const given = faults.map((fault) => (fault.kind === 'reset' ? { ...fault, after: shown.promise } : fault));
      // llama.cpp says how many requests it runs at a time with the first one.
      const options = { dialect, script, faults: [none, ...given], slots: 3, ...more };
      const { model, server } = await connect(options, { id: 'tiny' });
      await run(model, thinking(0));
      server.requests.length = 0;
      const { read, model: tiny } = observed(model, ({ answer }) => answer === 2 * own.answer + 2 && shown.resolve());
      const service = await createService(tiny);
      const response = await service.answered({ ...body });
      const trace = await (await service.app.request(`/v1/responses/${response.id}/trace`)).json();
      const { steps } = z.object({ steps: z.array(TraceStep) }).parse(trace);
      const chainSteps = steps.filter(({ phase }) => phase === 'think');
      return { response, server, read, workerLog: service.workerLog, chainSteps };
    }

    /** All that was read, and nothing twice. */
    const decoded = (read: { thought: number; answer: number }) => ({
      think: read.thought,
      discarded: read.answer - own.answer,
      answer: own.answer,
    });

    it.each<Fault>([
      drop,
      { kind: 'cut', chunks: at },
      { kind: 'error-event', chunks: at },
      { kind: 'reset', chunks: at },
    ])('one of three ($kind): its siblings are kept, and it is run once more', async (fault) => {
      const { response, server, read, workerLog, chainSteps } = await ask([none, none, fault], chains());
      expect(response).toMatchObject({ status: 'completed', output_text: answer, warnings: [] });
      expect(response.verdict).toMatchObject({ kind: 'agreed', agreement: { agree: 3, of: 3 } });
      expect(chainSteps.map(({ stop_reason }) => stop_reason).sort()).toEqual([
        'fault',
        'natural',
        'natural',
        'natural',
      ]);
      const [broken] = chainSteps.filter(({ stop_reason }) => stop_reason === 'fault');
      expect(broken).toMatchObject({ answer: null, summary: "Stopped: its stream from the model's server broke." });
      expect(chainSteps.filter(({ sample }) => sample === broken?.sample)).toHaveLength(2);
      expect(server.completions()).toHaveLength(4);
      expect(workerLog.join()).not.toContain('going on afresh');
      expect(response.usage?.phases).toMatchObject(decoded(read));
      expect(spentBy(response)).toBeLessThanOrEqual(asked.reasoning.budget_tokens);
    });

    it('one of three, without counts: its tokens are not granted again', async () => {
      // Enough for three chains by their natural length of 16 tokens, and not for one more after three of 12.
      const twelve = { ...script, thoughts: words('1 2 3 4 5 6 7 8 9 10 11 12') };
      const later = { ...drop, chunks: 1 + 12 + 2 } as const;
      const more = { countsNothing: true, script: twelve };
      const { response, read, chainSteps } = await ask([none, later], chains({ budget_tokens: 48 }), more);
      expect(response).toMatchObject({ status: 'completed', output_text: answer, thinking_stop: 'budget' });
      expect(chainSteps).toHaveLength(3);
      expect(response.warnings).toEqual([
        {
          field: 'reasoning.samples',
          message: "1 of 3 chains gave no answer, because the stream from the model's server broke.",
        },
      ]);
      expect(response.usage?.phases).toMatchObject(decoded(read));
      expect(read.thought).toBe(3 * 12);
    });

    it('one of three, and its repetition: the answer is that of its siblings, with a warning', async () => {
      const { response, server, read, chainSteps } = await ask([none, none, drop, drop], chains());
      expect(response).toMatchObject({ status: 'completed', output_text: answer, thinking_stop: 'natural' });
      expect(response.verdict).toMatchObject({ kind: 'agreed', agreement: { agree: 2, of: 2 } });
      expect(chainSteps.map(({ stop_reason }) => stop_reason).sort()).toEqual(['fault', 'fault', 'natural', 'natural']);
      expect(response.warnings).toMatchObject([{ field: 'reasoning.samples' }]);
      expect(server.completions()).toHaveLength(4);
      expect(response.usage?.phases).toMatchObject(decoded(read));
    });

    it('one of three where the others settle the vote: it is not run again', async () => {
      const { response, server, chainSteps } = await ask([none, drop], chains({ options: {} }));
      const settled = { thinking_stop: 'settled_vote', warnings: [] };
      expect(response).toMatchObject({ status: 'completed', output_text: answer, ...settled });
      expect(chainSteps.filter(({ stop_reason }) => stop_reason === 'fault')).toHaveLength(1);
      expect(server.completions()).toHaveLength(3);
    });

    it('two of four, one of them twice: a vote that they can not change any more is settled with a warning', async () => {
      const body = chains({ options: {}, samples: 4 });
      const { response, server } = await ask([none, none, drop, drop, drop], body);
      // Three runs in a row that broke: nothing more is asked of such a server.
      const thinking_stop = dialect === 'ollama' ? 'natural' : 'settled_vote';
      expect(response).toMatchObject({ status: 'completed', output_text: answer, thinking_stop });
      expect(response.warnings).toMatchObject([{ message: expect.stringMatching(/^2 of 4 chains gave no answer/) }]);
      expect(server.completions()).toHaveLength(5);
    });

    it('one of three, in turn: its siblings are kept', async () => {
      const { response, server, chainSteps } = await ask([none, drop], { ...chains(), deterministic: true });
      expect(response.verdict).toMatchObject({ kind: 'agreed', agreement: { agree: 3, of: 3 } });
      expect(chainSteps.filter(({ stop_reason }) => stop_reason === 'fault')).toHaveLength(1);
      expect(server.completions()).toHaveLength(4);
      expect(server.mostRunning()).toBe(1);
    });

    it('all after the first chain: the answer is that of the first, and the server is not asked for ever', async () => {
      const faults = [none, ...Array.from({ length: 20 }, () => drop)];
      // The greedy chain runs alone, then 9 that could agree, the other 6, and the first that broke again.
      const body = chains({ strategy: 'deliberate', options: {}, samples: 16, budget_tokens: 900 });
      const { response, server, read, workerLog } = await ask(faults, body);
      expect(response).toMatchObject({ status: 'completed', output_text: answer });
      expect(response.warnings).toMatchObject([{ field: 'reasoning.samples' }]);
      expect(workerLog.join()).not.toContain('going on afresh');
      expect(server.completions()).toHaveLength(dialect === 'ollama' ? 1 + 3 : 1 + 9 + 6 + 1);
      expect(response.usage?.phases).toMatchObject(decoded(read));
    });

    // Nothing says how many requests Ollama runs at a time, so its chains run one after the other.
    const sideBySide = it.skipIf(dialect === 'ollama');

    sideBySide('all three: the attempt is repeated, and what it lost counts', async () => {
      const { response, read, workerLog, chainSteps } = await ask([drop, drop, drop], chains());
      expect(response).toMatchObject({ status: 'completed', output_text: answer, warnings: [] });
      expect(workerLog.filter((line) => line.includes('going on afresh'))).toHaveLength(1);
      expect(chainSteps.map(({ stop_reason }) => stop_reason)).toEqual(['natural', 'natural', 'natural']);
      expect(response.usage?.phases).toMatchObject(decoded(read));
    });

    const only = { ...asked, reasoning: { effort: 'low', samples: 1, budget_tokens: 100 } };
    it.each([
      ['the only one', only, 3],
      ...(dialect === 'ollama' ? [] : [['all three', chains(), 9] as const]),
    ] as const)('%s, in each attempt: it fails', async (_, body, times) => {
      const { response, server, read } = await ask(
        Array.from({ length: times }, () => drop),
        body,
      );
      expect(response).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining('The server behind tiny') },
      });
      expect(server.completions()).toHaveLength(times);
      expect(spentBy(response)).toBe(read.thought + read.answer);
    });

    it('the only one: the attempt is repeated', async () => {
      const { response, read, workerLog, chainSteps } = await ask([drop], only);
      expect(response).toMatchObject({ status: 'completed', output_text: answer, warnings: [] });
      expect(workerLog.filter((line) => line.includes('going on afresh'))).toHaveLength(1);
      expect(chainSteps).toHaveLength(1);
      expect(response.usage?.phases).toMatchObject(decoded(read));
    });
  });

  it('takes one request at a time is answered, and its budget is kept', async () => {
    const { model } = await connect({ dialect, script, refusesMore: true }, { id: 'tiny' });
    const { answered } = await createService(model);
    const response = await answered(asked);
    expect(response).toMatchObject({ status: 'completed', output_text: answer });
    expect(spentBy(response)).toBeLessThanOrEqual(asked.reasoning.budget_tokens);
  });

  it('gives no usage, token counts or log-probabilities is answered, and its budget is kept', async () => {
    const { model } = await connect(
      { dialect, script: long, countsNothing: true, ignoresBudget: true },
      { id: 'tiny' },
    );
    const { answered } = await createService(model);
    const response = await answered(asked);
    expect(response).toMatchObject({ status: 'completed', output_text: answer });
    expect(spentBy(response)).toBeLessThanOrEqual(asked.reasoning.budget_tokens);
  });
});
