import type { GenerateOptions, GenerateRequest, LanguageModel, ModelEvent } from '../../core/language-model.ts';
import { createThinkingBudget, estimatePrompt } from '../../core/token-ledger.ts';
import type { UpstreamModel } from '../config/model-config.ts';
import { inTurn, merge } from './client/concurrency.ts';
import { UpstreamRefused, unavailable } from './client/upstream-error.ts';
import { assertServed, exactTokens, fitRequest, warnOfLimits } from './fit-request.ts';
import { createModelServer, type ModelServer, type OpenaiModelOptions, serverCapabilities } from './model-server.ts';
import { hasNoSwitch, renderPrompt, textOfToken, tokensOf } from './stream/raw-prompt.ts';
import { unlessRefused } from './stream/refusals.ts';
import { scoreContinuations } from './stream/score.ts';
import { runSample } from './thinking/run-sample.ts';
import type { SampleContext } from './thinking/sample-context.ts';

/**
 * A model behind any OpenAI-compatible chat completions server. Nothing is sent before the first call, so the service
 * starts while its upstream is down.
 */
export function createOpenaiModel(config: UpstreamModel, options: OpenaiModelOptions = {}): LanguageModel {
  const server = createModelServer(config, options);
  const capabilities = serverCapabilities(server);
  const texts = { tokenise: createTokeniser(server), tokenText: createTokenTexts(server) };
  return {
    id: config.id,
    contextLength: config.contextLength,
    capabilities,
    async *generate(asked, given) {
      assertServed(server, capabilities, asked);
      warnOfLimits(server, asked);
      yield* runSamples(server, texts, asked, given);
    },
    async score(request, { signal }) {
      if (!capabilities.score) {
        throw unavailable(config.id, 'does not return log-probabilities of given text', { retryable: false });
      }
      const { refusals, closed } = server;
      const access = accessOf(server, AbortSignal.any([signal, closed]));
      return scoreContinuations({ ...access, modelId: config.id, refusals }, request);
    },
    async countTokens(prompt, { thinking }) {
      return (await exactTokens(server, prompt, { thinking, signal: server.closed })) ?? estimatePrompt(prompt);
    },
    async close() {
      server.close();
    },
  };
}

/** The samples of one request: side by side, or one after the other where they have to be alone. */
async function* runSamples(
  server: ModelServer,
  { tokenise, tokenText }: { tokenise: Tokenise; tokenText: ReturnType<typeof createTokenTexts> },
  asked: GenerateRequest,
  given: GenerateOptions,
): AsyncGenerator<ModelEvent, void, void> {
  const leaving = new AbortController();
  const signal = AbortSignal.any([given.signal, leaving.signal, server.closed]);
  const slots = server.findSlots().catch(() => undefined);
  // A single sample does not wait for that; the answer is there when the next samples are planned.
  if (asked.samples > 1) await slots;
  const fitted = await fitRequest(server, asked, signal);
  const { prompt, thinking, samples, deterministic } = fitted.request;
  const access = accessOf(server, signal);
  const renders = new Map<boolean, ReturnType<SampleContext['render']>>();
  const faults = given.keepsOthers ? [] : undefined;
  const context: SampleContext = {
    ...server,
    ...fitted,
    signal,
    budget: createThinkingBudget(thinking?.budgetTokens ?? 0),
    answerNow: given.answerNow,
    faults,
    tokenise: (text) => tokenise(text, signal),
    tokenText: (id) => tokenText(id, signal),
    hasNoSwitch: () => hasNoSwitch(access, prompt),
    render({ thinking: thinks }) {
      const known = renders.get(thinks) ?? renderPrompt(access, prompt, { thinking: thinks });
      renders.set(thinks, known);
      return known;
    },
  };
  const streams = Array.from({ length: samples }, (_, sample) => admitted(context, sample));
  try {
    const events = deterministic ? inTurn(streams) : merge(streams, () => leaving.abort());
    for await (const event of events) {
      given.signal.throwIfAborted();
      yield event;
    }
    if (context.faults?.length === samples) throw context.faults[0];
  } catch (error) {
    given.signal.throwIfAborted();
    throw error;
  } finally {
    leaving.abort();
  }
}

async function* admitted(context: SampleContext, sample: number): AsyncGenerator<ModelEvent, void, void> {
  const place = await context.semaphore.enter({ signal: context.signal });
  try {
    yield* runSample({ ...context, place }, sample);
  } finally {
    place.leave();
  }
}

const accessOf = ({ client, config, dialect, family }: ModelServer, signal: AbortSignal) => ({
  client,
  dialect,
  family,
  model: config.model,
  signal,
});

type Tokenise = (text: string, signal: AbortSignal) => Promise<readonly number[] | undefined>;

/** Ids of a text by the server's tokenizer; those of the family's own sentences are asked for once. Undefined where it has none to ask, or it fails. */
function createTokeniser(server: ModelServer): Tokenise {
  const { dialect, family, refusals } = server;
  const sentences = new Map<string, readonly number[]>();
  return async (text, signal) => {
    const known = sentences.get(text);
    if (known !== undefined || dialect.render === undefined || refusals.has('raw')) return known;
    const ids = await unlessRefused(refusals, () => tokensOf(accessOf(server, signal), text)).catch(() => {
      // They are for counting: whether the server can be used at all, the next request will say.
      signal.throwIfAborted();
      return undefined;
    });
    if (ids !== undefined && (text === family.handOver || text === family.continuation)) sentences.set(text, ids);
    return ids;
  };
}

/** Texts of the server's tokens, each asked for once. Undefined where it has no such route. */
function createTokenTexts(server: ModelServer): (id: number, signal: AbortSignal) => Promise<string | undefined> {
  const known = new Map<number, string>();
  return async (id, signal) => {
    if (server.dialect.render === undefined || known.has(id)) return known.get(id);
    try {
      const text = await textOfToken(accessOf(server, signal), id);
      known.set(id, text);
      return text;
    } catch (error) {
      if (error instanceof UpstreamRefused) return undefined;
      throw error;
    }
  };
}
