import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Response } from '../../src/contracts/responses/response.ts';
import { TraceEvent } from '../../src/contracts/responses/trace.ts';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { createPaceBook } from '../../src/store/pace-book.ts';
import { readEvents, sealer } from '../api/responses/fixture.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { orderFaults } from '../support/wire-order.ts';
import { createService } from './service.ts';

const thought = 'HIDDEN 40 + 2 = 42. So the answer is 42.';
const answer = 'The answer is 42.';

const scripted = (overrides: Partial<Parameters<typeof createScriptedModel>[0]> = {}) =>
  createScriptedModel({ id: 'tiny', script: () => ({ thought, answer }), ...overrides });

/** Fails the first `times` calls with `error`, each after `events` events. */
function failing(model: LanguageModel, { times, events, error }: { times: number; events: number; error: Error }) {
  let calls = 0;
  return {
    ...model,
    async *generate(...args: Parameters<LanguageModel['generate']>) {
      calls += 1;
      let left = calls <= times ? events : Number.POSITIVE_INFINITY;
      for await (const event of model.generate(...args)) {
        if (left === 0) throw error;
        left -= 1;
        yield event;
      }
    },
  };
}

const modelDied = new ServiceError({ code: 'model_unavailable', message: 'The model process died.', retryable: true });

describe('runResponse', () => {
  it('answers fast without thinking', async () => {
    const { answered } = await createService(scripted());
    expect(await answered({ input: 'What is 40 + 2?', mode: 'fast' })).toMatchObject({
      status: 'completed',
      output_text: answer,
      thinking_stop: null,
      answer_source: 'draft',
      usage: { output_tokens: 4, output_tokens_details: { reasoning_tokens: 0 } },
    });
  });

  it('names owner and response to the model, which forgets the response when it has ended', async () => {
    const model = scripted();
    const forgotten: string[] = [];
    const { answered } = await createService({ ...model, forget: async (response) => void forgotten.push(response) });
    const { id } = await answered({ input: 'What is 40 + 2?', reasoning: { effort: 'low' } });
    expect(new Set(model.calls.map(({ cacheScope }) => cacheScope?.response))).toEqual(new Set([id]));
    expect(new Set(model.calls.map(({ cacheScope }) => cacheScope?.owner))).toEqual(new Set(['cache of null']));
    expect(model.calls[0]?.cacheScope?.ownPrompt).toBe(true);
    await expect.poll(() => forgotten).toEqual([id]);
  });

  it('thinks, keeps the thought off the wire and counts it', async () => {
    const { ask, answered } = await createService(scripted());
    const body = { input: 'What is 40 + 2?', reasoning: { effort: 'low', strategy: 'budget-forcing' } };
    expect(await answered(body)).toMatchObject({
      status: 'completed',
      output_text: answer,
      thinking_stop: 'natural',
      usage: { output_tokens_details: { reasoning_tokens: 11 } },
    });
    const stream = await ask({ ...body, stream: true });
    const text = JSON.stringify(await readEvents(stream));
    expect(text).not.toContain('HIDDEN');
    expect(text).toContain('response.completed');
  });

  it('puts the summary before the message, on stream and in the object alike', async () => {
    const { ask } = await createService(scripted());
    const body = { input: 'What is 40 + 2?', reasoning: { effort: 'low', summary: 'auto' }, stream: true };
    const { events } = await readEvents(await ask(body));
    const items = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item);
    expect(items).toMatchObject([{ type: 'reasoning' }, { type: 'message' }]);
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { output: items } });
  });

  it('goes on from the text already shown when the model dies in the middle of an answer', async () => {
    const model = failing(scripted(), { times: 1, events: 3, error: modelDied });
    const { ask } = await createService(model);
    const { events } = await readEvents(await ask({ input: 'What is 40 + 2?', mode: 'fast', stream: true }));
    const deltas = events.filter(({ type }) => type === 'response.output_text.delta').map(({ delta }) => delta);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    expect(events.filter(({ type }) => type === 'response.in_progress')).toHaveLength(1);
    expect(deltas.slice(0, 3).join('')).toBe('The answer is');
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { output_text: deltas.join('') } });
  });

  it.each([
    ['the same thought', thought, [{ status: 'completed', content: [{ text: thought }] }]],
    [
      'another one',
      'Else.',
      [
        { status: 'incomplete', content: [{ text: 'HIDDEN' }] },
        { status: 'completed', content: [{ text: 'Else.' }] },
      ],
    ],
  ])('takes back nothing of a shown thought when the model dies, and has %s', async (_what, later, items) => {
    let calls = 0;
    const script = () => {
      calls += 1;
      return { thought: calls === 1 ? thought : later, answer };
    };
    const model = failing(scripted({ script }), { times: 1, events: 3, error: modelDied });
    const { ask } = await createService(model);
    const { events } = await readEvents(
      await ask({
        input: 'What is 40 + 2?',
        reasoning: { effort: 'low', strategy: 'budget-forcing' },
        include: ['reasoning.text'],
        stream: true,
      }),
    );
    expect(orderFaults(events)).toEqual([]);
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: { output: [...items, { type: 'message' }] },
    });
  });

  it('shows the first chain as it thinks, with what each step came to, and the winner in a further item', async () => {
    const chains = ['First the tens: 40.\nThen the ones: 2.\n', 'Let me see: 47.', '40 and 7 make 47.'];
    let chain = 0;
    const model = scripted({
      script: ({ request }) => {
        if (request.thinking === undefined) return { answer: '42' };
        const thought = chains[chain % chains.length] ?? '';
        chain += 1;
        return { thought, answer: chain === 1 ? '42' : '47' };
      },
    });
    const { ask } = await createService(model);
    const { events } = await readEvents(
      await ask({
        input: 'What is 40 + 7?',
        reasoning: { effort: 'low', strategy: 'self-consistency', samples: 3, budget_tokens: 400, summary: 'detailed' },
        include: ['reasoning.text', 'reasoning.encrypted_content'],
        stream: true,
      }),
    );
    expect(orderFaults(events)).toEqual([]);
    const [first, winner, message] = Response.parse(events.at(-1)?.['response']).output;
    expect(first).toMatchObject({ type: 'reasoning', status: 'completed', content: [{ text: chains[0] }] });
    expect(winner).toMatchObject({ type: 'reasoning', status: 'completed', summary: [] });
    expect(winner?.type === 'reasoning' && sealer.open(winner.encrypted_content ?? '', null)).toBe(
      winner?.type === 'reasoning' && winner.content?.[0]?.text,
    );
    expect(chains.slice(1)).toContain(winner?.type === 'reasoning' && winner.content?.[0]?.text);
    expect(message).toMatchObject({ type: 'message', content: [{ text: '47' }] });
    // Two steps have ended before the second chain, and were told by then.
    const told = first?.type === 'reasoning' ? first.summary.map(({ text }) => text) : [];
    expect(told.length).toBeGreaterThanOrEqual(4);
    expect(told).toEqual(told.map((text, index) => text.replace(/\d+$/, String(index))));
  });

  it('writes no more lines for those that did not ask to see thoughts, or wait for the whole', async () => {
    const long = Array.from({ length: 200 }, (_, line) => `This is line ${line}.\n`).join('');
    const lines = async (more: object) => {
      const { ask, queue } = await createService(scripted({ script: () => ({ thought: long, answer }) }));
      const reasoning = { effort: 'low', strategy: 'budget-forcing', budget_tokens: 900 };
      await (await ask({ input: 'What is 40 + 2?', reasoning, ...more })).text();
      const numbers: number[] = [];
      const { signal } = new AbortController();
      for await (const { number } of queue.events('resp_0000', { stream: 'wire', signal })) numbers.push(number);
      return numbers.length;
    };
    const include = ['reasoning.text'];
    expect(await lines({ stream: true })).toBeLessThan(20);
    expect(await lines({ include })).toBeLessThan(20);
    expect(await lines({ include, stream: true })).toBeGreaterThan(150);
    expect(await lines({ include, background: true })).toBeGreaterThan(150);
  });

  it('fails with the reason once the model has died three times', async () => {
    const model = failing(scripted(), { times: 3, events: 0, error: modelDied });
    const { answered } = await createService(model);
    expect(await answered({ input: 'What is 40 + 2?', mode: 'fast' })).toMatchObject({
      status: 'failed',
      error: { code: 'server_error', message: 'The model process died.' },
    });
  });

  it('shows nothing of an internal error', async () => {
    const model = failing(scripted(), { times: 9, events: 0, error: new Error('/secret/path') });
    const { answered } = await createService(model);
    const response = await answered({ input: 'What is 40 + 2?', mode: 'fast' });
    expect(response.status).toBe('failed');
    expect(JSON.stringify(response)).not.toContain('secret');
  });

  it('logs the code of a fault, and nothing that a message may quote of the model', async () => {
    const error = new ServiceError({ code: 'server_error', message: "the arguments of 'f' don't fit at #/HIDDEN" });
    const { answered, workerLog } = await createService(failing(scripted(), { times: 9, events: 0, error }));
    expect(await answered({ input: 'What is 40 + 2?', mode: 'fast' })).toMatchObject({ status: 'failed' });
    expect(workerLog.join()).toContain('"code":"server_error"');
    expect(workerLog.join()).not.toContain('HIDDEN');
  });

  it('keeps the usage of a response that is cancelled while it thinks', async () => {
    const api = { cancel: async (): Promise<unknown> => undefined };
    const model = scripted();
    const cancelling: LanguageModel = {
      ...model,
      async *generate(request, options) {
        let seen = 0;
        for await (const event of model.generate(request, options)) {
          yield event;
          seen += 1;
          if (seen === 3) await api.cancel();
          options.signal.throwIfAborted();
        }
      },
    };
    const { queue, answered, pace } = await createService(cancelling);
    api.cancel = () => queue.control('resp_0000', 'cancel');
    const response = await answered({
      input: 'What is 40 + 2?',
      reasoning: { effort: 'low', strategy: 'budget-forcing' },
    });
    expect(response).toMatchObject({ status: 'cancelled', output_text: '' });
    expect(response.usage?.phases.think).toBe(3);
    // How long its chain would have become is not known, only that it was longer.
    await expect.poll(async () => (await pace.of('tiny'))?.chains).toEqual([{ tokens: 3, ended: false }]);
  });

  describe('at the deadline', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
    afterEach(() => void vi.useRealTimers());

    /** Says `events` events, then nothing more while the time passes. */
    const stalling = (events: number): LanguageModel => {
      const model = scripted();
      return {
        ...model,
        async *generate(request, options) {
          let left = events;
          for await (const event of model.generate(request, options)) {
            if (left === 0) {
              vi.advanceTimersByTime(60_000);
              options.signal.throwIfAborted();
            }
            left -= 1;
            yield event;
          }
        },
      };
    };
    const late = { input: 'What is 40 + 2?', reasoning: { deadline_ms: 60_000 } };
    const cut = { status: 'incomplete', incomplete_details: { reason: 'deadline' } };

    it('gives the text that a fast answer has come to', async () => {
      const { answered } = await createService(stalling(2), { now: Date.now });
      expect(await answered({ ...late, mode: 'fast' })).toMatchObject({ ...cut, output_text: 'The answer' });
    });

    it.each(['low', 'medium'])('gives a draft that it has come to, where %s has no whole answer', async (effort) => {
      const { answered } = await createService(stalling(3), { now: Date.now });
      const response = await answered({ ...late, reasoning: { ...late.reasoning, effort } });
      expect(response).toMatchObject({ ...cut, output_text: 'The answer is', thinking_stop: null });
    });

    it('gives the whole draft where the thought hangs', async () => {
      const { answered } = await createService(stalling(8), { now: Date.now });
      const response = await answered({ ...late, reasoning: { ...late.reasoning, effort: 'medium' } });
      expect(response).toMatchObject({ status: 'completed', output_text: answer, thinking_stop: 'deadline' });
    });

    it('gives nothing of a thought that hangs', async () => {
      const { answered } = await createService(stalling(3), { now: Date.now });
      const reasoning = { ...late.reasoning, effort: 'low', strategy: 'budget-forcing' };
      const response = await answered({ ...late, reasoning });
      expect(response).toMatchObject({ ...cut, output_text: '', thinking_stop: 'deadline' });
    });
  });

  /** Runs its first call's first `events` events, then waits for `open`. */
  const held = (model: LanguageModel, events: number) => {
    const opening = new AbortController();
    const reached = new AbortController();
    const waits = (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    const holding: LanguageModel = {
      ...model,
      async *generate(request, options) {
        let left = events;
        for await (const event of model.generate(request, options)) {
          yield event;
          left -= 1;
          if (left > 0 || opening.signal.aborted) continue;
          reached.abort();
          await waits(opening.signal);
        }
      },
    };
    return { model: holding, open: () => opening.abort(), reached: waits(reached.signal) };
  };
  const chain = { input: 'What is 40 + 2?', reasoning: { effort: 'low', strategy: 'budget-forcing' } };

  it('says how long it has left once three have ended, by what those took', { timeout: 60_000 }, async () => {
    const { dependencies, ask, queue } = await createService(scripted());
    const eta = async () => {
      const gate = held(scripted(), 3);
      const { ask: askHeld, queue: own } = await createService(gate.model, { records: dependencies.records });
      await askHeld({ ...chain, background: true });
      await gate.reached;
      const progress = await vi.waitUntil(async () => (await own.get('resp_0000'))?.progress, { timeout: 20_000 });
      gate.open();
      return progress.eta_ms;
    };
    const book = createPaceBook({ records: dependencies.records, now: Date.now });
    for (let ended = 0; ended < 3; ended += 1) {
      expect(await eta()).toBeNull();
      await book.add('tiny', 'low', { run: { startedAt: 0, ms: 60_000 } });
    }
    expect(await eta()).toBeGreaterThan(30_000);
    await ask({ ...chain });
    expect(await queue.get('resp_0000')).toMatchObject({ status: 'completed' });
  });

  it('learns how long its chains are from its own responses, and fixes it with the job', {
    timeout: 60_000,
  }, async () => {
    const { pace: book, answered, queue } = await createService(scripted());
    const { reasoning: first } = await answered(chain);
    expect(first?.effective).not.toHaveProperty('natural_tokens');
    // The worker has counted the first one's chain, of 11 tokens.
    await expect.poll(async () => (await book.of('tiny'))?.chains).toEqual([{ tokens: 11, ended: true }]);
    const others = Array.from({ length: 40 }, () => ({ tokens: 300, ended: true }));
    await book.add('tiny', 'low', { chains: others });
    const { id, reasoning } = await answered(chain);
    expect(reasoning?.effective?.natural_tokens).toBe(300);
    expect((await queue.get(id))?.job.body).toMatchObject({ effective: { natural_tokens: 300 } });
    const { reasoning: fixed } = await answered({ ...chain, deterministic: true });
    expect(fixed?.effective).not.toHaveProperty('natural_tokens');
  });

  it('never falls back to no tokens when the model dies', async () => {
    const model = failing(scripted(), { times: 1, events: 3, error: modelDied });
    const { app, ask } = await createService(model);
    await ask({ ...chain });
    const { events } = await readEvents(await app.request('/v1/responses/resp_0000/trace?stream=true'));
    const tokens = events
      .map((event) => TraceEvent.parse(event))
      .flatMap((event) => (event.type === 'progress' ? [event.progress.thinking_tokens] : []));
    expect(tokens.length).toBeGreaterThan(2);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
  });

  it('counts once what it keeps, and what it lost, when a server breaks off in a later chain', async () => {
    const model = scripted();
    let calls = 0;
    let read = 0;
    const breaking: LanguageModel = {
      ...model,
      capabilities: { ...model.capabilities, parallel: 1 },
      async *generate(...args) {
        calls += 1;
        let left = calls === 2 ? 5 : Number.POSITIVE_INFINITY;
        for await (const event of model.generate(...args)) {
          if (left === 0) throw modelDied;
          left -= 1;
          if (event.type === 'thinking-delta') read += event.tokenIds.length;
          yield event;
        }
      },
    };
    const { answered } = await createService(breaking);
    // The first chain is greedy, so it runs alone; two more run side by side.
    const reasoning = { effort: 'low', strategy: 'self-consistency', samples: 3, budget_tokens: 200 };
    const response = await answered({ input: 'What is 40 + 2?', temperature: 0, reasoning });
    expect(response).toMatchObject({ status: 'completed', output_text: answer });
    expect(calls).toBe(3);
    expect(response.usage?.phases.think).toBe(read);
  });

  it('counts what a sample had thought that the vote has stopped, on a server without token ids', async () => {
    const thought = (sample: number) =>
      ({ type: 'thinking-delta', sample, text: ' w', tokenIds: [], logprobs: [], forced: false }) as const;
    const counts = { inputTokens: 9, cachedTokens: 0, thinkingTokens: 5, forcedTokens: 0, answerTokens: 1 };
    const stopped = 14;
    const voting: LanguageModel = {
      ...createScriptedModel({ id: 'tiny', script: () => ({ answer: '' }) }),
      async *generate({ samples }, { signal }) {
        const unfinished = samples > 1;
        for (let word = 0; unfinished && word < stopped; word += 1) yield thought(1);
        for (let word = 0; word < counts.thinkingTokens; word += 1) yield thought(0);
        yield { type: 'answer-delta', sample: 0, text: answer, tokenIds: [], logprobs: [] };
        yield { type: 'finish', sample: 0, reason: 'stop', usage: counts, scores: {} };
        signal.throwIfAborted();
      },
    };
    const { answered } = await createService(voting);
    const response = await answered({
      input: 'What is 40 + 2?',
      // The first chain is greedy, so it runs alone; two more run side by side.
      temperature: 0,
      reasoning: { effort: 'low', strategy: 'self-consistency', samples: 3, budget_tokens: 200 },
    });
    expect(response).toMatchObject({ status: 'completed', output_text: answer });
    expect(response.usage?.phases.think).toBe(2 * counts.thinkingTokens + stopped);
  });

  it('gives log-probabilities only where they were asked for', async () => {
    const { answered } = await createService(scripted());
    const logprobs = async (more: object) => {
      const response = await answered({ input: 'What is 40 + 2?', mode: 'fast', ...more });
      const [message] = response.output;
      const part = message?.type === 'message' ? message.content[0] : undefined;
      return part?.type === 'output_text' ? part.logprobs.length : undefined;
    };
    expect(await logprobs({})).toBe(0);
    expect(await logprobs({ include: ['message.output_text.logprobs'] })).toBe(4);
  });
});
