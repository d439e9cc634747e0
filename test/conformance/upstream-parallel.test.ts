/** Samples side by side, over servers that run several requests at a time, one, or refuse more; and what a broken stream costs. */
import { describe, expect, it } from 'vitest';
import type { LanguageModel } from '../../src/core/language-model.ts';
import type { DialectName } from '../../src/models/servers/client/dialect.ts';
import { connect, run, script, thinking, words } from '../support/upstream-run.ts';
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
  function observed(model: LanguageModel) {
    const read = { thought: 0, answer: 0 };
    async function* generate(...given: Parameters<LanguageModel['generate']>) {
      for await (const event of model.generate(...given)) {
        if (event.type === 'thinking-delta' && !event.forced) read.thought += words(event.text).length;
        if (event.type === 'answer-delta') read.answer += words(event.text).length;
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
