import { z } from 'zod';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type {
  GenerateOptions,
  GenerateRequest,
  LanguageModel,
  ModelCapabilities,
  ModelEvent,
  Sampling,
} from '../../core/language-model.ts';
import {
  createThinkingBudget,
  estimatePrompt,
  fitPrompt,
  isNearLimit,
  reserveOf,
  tokensOfSegments,
} from '../../core/token-ledger.ts';
import type { UpstreamModel } from '../config/model-config.ts';
import { familyByName } from '../families/index.ts';
import { plain } from '../families/plain.ts';
import { defaultRetryPolicy, type RetryPolicy } from './client/backoff.ts';
import { type Clock, systemClock } from './client/clock.ts';
import { createGate, inTurn, merge } from './client/concurrency.ts';
import { capabilitiesOf, dialects } from './client/dialect.ts';
import { createUpstreamClient, type UpstreamTimeouts } from './client/upstream-client.ts';
import { UpstreamRefused, unavailable } from './client/upstream-error.ts';
import { toldForm } from './stream/messages.ts';
import { hasNoSwitch, renderPrompt, tokensOf } from './stream/raw-prompt.ts';
import { createRefusals } from './stream/refusals.ts';
import { losesLogprobs } from './stream/request-body.ts';
import { scoreContinuations } from './stream/score.ts';
import { alwaysThinking, runSample } from './thinking/run-sample.ts';
import { createOpenings, type SampleContext } from './thinking/sample-context.ts';
import { goesOn } from './thinking/sample-tokens.ts';
import { createServerBudget } from './thinking/server-budget.ts';

export type OpenaiModelOptions = {
  fetch?: typeof globalThis.fetch;
  retry?: Partial<RetryPolicy>;
  timeouts?: Partial<UpstreamTimeouts>;
  clock?: Clock;
  /** Told once of each thing that this server turns out not to do: a line for the log. */
  warn?: (message: string) => void;
};

/** llama.cpp's `/props`, as far as it is used here. */
const Slots = z.object({ total_slots: z.int().positive() });

/** A cold server may load its weights, and prefill a long prompt, before the first byte. */
const defaultTimeouts: UpstreamTimeouts = { firstByteMs: 600_000, idleMs: 120_000 };

/**
 * A model behind any OpenAI-compatible chat completions server. Nothing is sent before the first call, so the service
 * starts while its upstream is down.
 */
export function createOpenaiModel(config: UpstreamModel, options: OpenaiModelOptions = {}): LanguageModel {
  const dialect = dialects[config.dialect];
  const family = familyByName(config.family) ?? plain;
  const clock = options.clock ?? systemClock;
  const client = createUpstreamClient({
    modelId: config.id,
    url: config.url,
    apiKey: config.apiKey,
    fetch: options.fetch ?? globalThis.fetch,
    retry: { ...defaultRetryPolicy, ...options.retry },
    timeouts: { ...defaultTimeouts, ...options.timeouts },
    clock,
  });
  const warned = new Set<string>();
  /** `what` continues "The server behind X …"; said once. */
  function warn(what: string): void {
    if (warned.has(what)) return;
    warned.add(what);
    options.warn?.(`The server behind ${config.id} ${what}.`);
  }
  const refusals = createRefusals((feature) => warn(`does not take "${feature}": it is left out from now on`));
  const openings = createOpenings();
  const serverBudget = createServerBudget({ dialect, refusals, warn });
  const gate = createGate(config.maxParallel);
  const sentences = new Map<string, readonly number[]>();
  const closed = new AbortController();
  let slots: number | undefined;
  let slotsAsked: Promise<void> | undefined;
  const can = capabilitiesOf(dialect);
  const honours = (name: keyof Sampling) => !refusals.has(dialect.sampling[name] ?? '');
  const capabilities: ModelCapabilities = {
    ...can,
    get sampling() {
      return can.sampling?.filter(honours) ?? [];
    },
    get seed() {
      return can.seed && honours('seed');
    },
    get cacheByOwner() {
      return dialect.cacheSaltField !== undefined && !refusals.has(dialect.cacheSaltField);
    },
    /** As long as one way to go on with a thought is left. */
    get rollback() {
      return can.rollback && !(refusals.has('raw') && refusals.has('final-message'));
    },
    get batching() {
      return parallel() > 1;
    },
    get parallel() {
      return parallel();
    },
    get serverBudget() {
      return serverBudget.state();
    },
    ...(config.inputs === undefined ? {} : { inputs: config.inputs }),
    family: family.name,
    correction: family.correction,
  };
  const access = { client, dialect, family, model: config.model };

  async function* generate(asked: GenerateRequest, given: GenerateOptions): AsyncGenerator<ModelEvent, void, void> {
    assertServed(asked);
    tellLimits(asked);
    const request = dialect.tellsForm ? { ...asked, prompt: toldForm(asked.prompt, asked.answer.constraint) } : asked;
    const leaving = new AbortController();
    const signal = AbortSignal.any([given.signal, leaving.signal, closed.signal]);
    const told = slotsOf().catch(() => undefined);
    // One sample needs no answer to that; what it is will be known to whoever plans the next ones.
    if (request.samples > 1) await told;
    const renders = new Map<boolean, ReturnType<SampleContext['render']>>();
    const context: SampleContext = {
      config,
      dialect,
      family,
      client,
      refusals,
      openings,
      serverBudget,
      gate,
      warn,
      clock,
      signal,
      budget: createThinkingBudget(request.thinking?.budgetTokens ?? 0),
      ...(await fitted(request, signal)),
      answerNow: given.answerNow,
      tokenise: (text) => tokenise(text, signal),
      hasNoSwitch: () => hasNoSwitch({ ...access, signal }, request.prompt),
      render({ thinking }) {
        const known = renders.get(thinking) ?? renderPrompt({ ...access, signal }, request.prompt, { thinking });
        renders.set(thinking, known);
        return known;
      },
    };
    const samples = Array.from({ length: request.samples }, (_, sample) => admitted(context, sample));
    try {
      const events = request.deterministic ? inTurn(samples) : merge(samples, () => leaving.abort());
      for await (const event of events) {
        given.signal.throwIfAborted();
        yield event;
      }
    } catch (error) {
      given.signal.throwIfAborted();
      throw error;
    } finally {
      leaving.abort();
    }
  }

  async function* admitted(context: SampleContext, sample: number): AsyncGenerator<ModelEvent, void, void> {
    const place = await gate.enter({ signal: context.signal });
    try {
      yield* runSample({ ...context, place }, sample);
    } finally {
      place.leave();
    }
  }

  /** How many requests the server runs at a time; asked once, with the first request. */
  function slotsOf(): Promise<void> {
    slotsAsked ??= (async () => {
      if (dialect.slotsRoute === undefined) return;
      slots = Slots.safeParse(await client.look(dialect.slotsRoute, { signal: closed.signal })).data?.total_slots;
      if (slots !== undefined) gate.limit(slots);
    })();
    return slotsAsked;
  }

  /** Samples that run side by side, as far as it is known: by what the server says, or by what was seen. */
  function parallel(): number {
    if (can.batching) return config.maxParallel;
    if (slots !== undefined) return Math.min(slots, config.maxParallel);
    return Math.max(1, gate.mostStreaming());
  }

  function assertServed({ answer, thinking }: GenerateRequest): void {
    const { constraint } = answer;
    if (constraint !== undefined && !capabilities.constraints.includes(constraint.type)) {
      throw new ServiceError({
        code: 'unsupported_constraint',
        message: `${config.id} can't hold an answer to the form ${constraint.type}.`,
        param: 'text.format',
      });
    }
    if ((thinking?.prefix?.length ?? 0) > 0 && !capabilities.rollback) {
      throw new ServiceError({ code: 'unsupported_input', message: `${config.id} can't go on with a begun thought.` });
    }
  }

  /** What a request asks for, and neither the capabilities nor an event can say that it is not had. */
  function tellLimits(request: GenerateRequest): void {
    const { topLogprobs, spareLogprobs } = request.answer;
    if (topLogprobs !== undefined && !spareLogprobs && losesLogprobs(dialect, request)) {
      warn('gives no log-probabilities beside tools');
    }
    if ((request.thinking?.minimumTokens ?? 0) > 0 && !goesOn({ dialect, refusals })) {
      warn('can not go on with a thought that has ended: a minimum of thinking is not kept');
    }
  }

  async function tokenise(text: string, signal: AbortSignal): Promise<readonly number[] | undefined> {
    const known = sentences.get(text);
    if (known !== undefined || dialect.render === undefined || refusals.has('raw')) return known;
    try {
      const ids = await tokensOf({ ...access, signal }, text);
      if (text === family.handOver || text === family.continuation) sentences.set(text, ids);
      return ids;
    } catch (error) {
      if (!(error instanceof UpstreamRefused)) throw error;
      refusals.addWay('raw', error);
      return undefined;
    }
  }

  /**
   * Our estimate decides where it is far from the limit; near it the server's tokenizer is asked, if it has one. If it has none,
   * what an answer may have beyond its reserve is kept off the limit: a server refuses what doesn't fit.
   */
  async function fitted(
    request: GenerateRequest,
    signal: AbortSignal,
  ): Promise<Pick<SampleContext, 'request' | 'room' | 'promptTokens'>> {
    const load = {
      contextLength: config.contextLength,
      estimate: estimatePrompt(request.prompt),
      begun: tokensOfSegments([...(request.thinking?.prefix ?? []), ...(request.answer.prefix ?? [])]),
      budgetTokens: request.thinking?.budgetTokens ?? 0,
      answer: request.answer,
    };
    const thinks = request.thinking !== undefined;
    const exact = isNearLimit(load) ? await exactTokens(request.prompt, thinks, signal) : undefined;
    // Where thinking can't be switched off, as much again is asked for it.
    const shares = alwaysThinking({ dialect, family }) ? 2 : 1;
    const { tokens, fits, room, answerTokens } = fitPrompt(load, { exact, shares });
    if (!fits) {
      throw new ServiceError({
        code: 'context_length_exceeded',
        message: `The prompt (${tokens} tokens) and the answer's ${reserveOf(request.answer)} don't fit into the ${config.contextLength} tokens of ${config.id}.`,
        param: 'input',
      });
    }
    const answer = { ...request.answer, maxTokens: answerTokens };
    return { request: { ...request, answer }, room, promptTokens: tokens };
  }

  async function exactTokens(prompt: GenerateRequest['prompt'], thinking: boolean, signal: AbortSignal) {
    if (dialect.render === undefined || refusals.has('raw')) return undefined;
    try {
      return (await renderPrompt({ ...access, signal }, prompt, { thinking })).count;
    } catch (error) {
      if (!(error instanceof UpstreamRefused)) throw error;
      refusals.addWay('raw', error);
      return undefined;
    }
  }

  return {
    id: config.id,
    contextLength: config.contextLength,
    capabilities,
    generate,
    async score(request, { signal }) {
      if (!capabilities.score) {
        throw unavailable(config.id, 'gives no log-probabilities of given text', { retryable: false });
      }
      return scoreContinuations(
        { ...access, signal: AbortSignal.any([signal, closed.signal]), modelId: config.id, refusals },
        request,
      );
    },
    async countTokens(prompt, { thinking }) {
      return (await exactTokens(prompt, thinking, closed.signal)) ?? estimatePrompt(prompt);
    },
    async close() {
      closed.abort(unavailable(config.id, 'is not used any more', { retryable: false }));
    },
  };
}
