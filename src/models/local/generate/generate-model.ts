import { ServiceError } from '../../../contracts/service/service-error.ts';
import { createEventChannel } from '../../../core/event-channel.ts';
import {
  type GenerateOptions,
  type GenerateRequest,
  type LanguageModel,
  type ModelCapabilities,
  type ModelEvent,
  mayCallTools,
} from '../../../core/language-model.ts';
import { createThoughtRepetition } from '../../../core/thought-repetition.ts';
import { createThinkingBudget } from '../../../core/token-ledger.ts';
import { createSampleSequence, type SampleSequence } from '../decoder/sample-sequence.ts';
import { answerPrompt, sequenceLimits } from '../decoder/sequence-limits.ts';
import { createSuppressedTokens, type SuppressedTokens } from '../decoder/token-masks.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import { renderPrompt } from '../folder/render-prompt.ts';
import { createSampler, withOwnSampling } from '../sampler.ts';
import { type CausalModel, type KeyValueCache, loadCausalModel } from './causal-model.ts';

/** What transformers.js's `generate()` supports: no shared prefill, no grammar masks, no scores of given texts. */
export function generateCapabilities(folder: Pick<ModelFolder, 'family'>): ModelCapabilities {
  return {
    thinking: true,
    exactBudget: true,
    rollback: true,
    constraints: [],
    logprobs: true,
    score: false,
    tools: folder.family.toolCallTags !== undefined,
    seed: true,
    batching: false,
    compute: false,
    family: folder.family.name,
    correction: folder.family.correction,
  };
}

/** Prompt tokens computed in one step; between the steps of a long prompt, cancels and other requests are handled. */
const prefillChunk = 128;

export type GenerateModelOptions = {
  /** Threads for onnxruntime. */
  threads: number;
  /** Epoch ms. */
  now(): number;
};

/**
 * A local model over transformers.js's `generate()`: the fallback for graphs that the batch decoder cannot drive. It runs
 * any chat model that transformers.js supports, one sequence at a time; the samples of a request share its prefill. Requests
 * that run together take turns step by step.
 * @throws ServiceError `model_unavailable` if the weights cannot be loaded
 */
export async function createGenerateModel(folder: ModelFolder, options: GenerateModelOptions): Promise<LanguageModel> {
  const causal = await loadCausalModel(folder, options);
  const suppressed = createSuppressedTokens(folder);
  const closed = new AbortController();
  return {
    id: folder.id,
    contextLength: folder.contextLength,
    capabilities: generateCapabilities(folder),
    generate(request, { signal, answerNow }) {
      const channel = createEventChannel<ModelEvent>();
      const left = new AbortController();
      const stopped = AbortSignal.any([signal, left.signal, closed.signal]);
      const onAbort = () => channel.fail(stopped.reason);
      const parts = { folder, causal, suppressed, now: options.now, emit: channel.push };
      const start = async () => {
        stopped.throwIfAborted();
        stopped.addEventListener('abort', onAbort, { once: true });
        await runRequest(parts, request, { signal: stopped, ...(answerNow && { answerNow }) });
      };
      start()
        .then(channel.end, channel.fail)
        .finally(() => stopped.removeEventListener('abort', onAbort));
      return channel.read(() => left.abort(new Error('the reader left')));
    },
    score: () => Promise.reject(unsupported('Scoring given text')),
    countTokens: async (prompt, { thinking }) => (await renderPrompt(folder, prompt, { thinking })).length,
    async close() {
      closed.abort(new ServiceError({ code: 'model_unavailable', message: 'The model is being closed.' }));
      await causal.close();
    },
  };
}

type RequestParts = {
  folder: ModelFolder;
  causal: CausalModel;
  suppressed: { forSequence(request: { tools: boolean }): SuppressedTokens };
  now(): number;
  emit(event: ModelEvent): void;
};

async function runRequest(
  parts: RequestParts,
  request: GenerateRequest,
  { signal, answerNow }: GenerateOptions,
): Promise<void> {
  const { folder, causal } = parts;
  if (request.answer.constraint) throw unsupported(`Constraining answers to a ${request.answer.constraint.type}`);
  const prompt = await answerPrompt(folder, request);
  const { contextLength } = folder;
  // Refuses a request that cannot fit before the prompt is computed.
  sequenceLimits({ prompt, request, tokens: folder.tokens, contextLength });
  let prefilled: KeyValueCache | undefined;
  for (let end = prefillChunk; end < prompt.ids.length; end += prefillChunk) {
    prefilled = await causal.run({
      ids: prompt.ids.slice(0, end),
      cache: prefilled,
      onLogits: () => ({ token: 0, more: false }),
    });
    signal.throwIfAborted();
  }
  const budget = createThinkingBudget(request.thinking?.budgetTokens ?? 0);
  const interrupted = () => {
    if (answerNow?.aborted) return 'user' as const;
    return request.deadlineAt !== undefined && parts.now() >= request.deadlineAt ? ('deadline' as const) : undefined;
  };
  for (let sample = 0; sample < request.samples; sample++) {
    const sequence = createSampleSequence({
      model: folder,
      request,
      sample,
      prompt,
      contextLength,
      sampler: createSampler(withOwnSampling(request.sampling, folder.sampling), {
        sample,
        vocabularySize: folder.vocabularySize,
      }),
      suppressed: parts.suppressed.forSequence({ tools: mayCallTools(request) }),
      repetition: createThoughtRepetition(),
      budget,
      interrupted,
      emit: parts.emit,
      onFinish() {},
      onFail(error) {
        throw error;
      },
    });
    sequence.onCached(0);
    let cache = prefilled;
    while (!sequence.finished) {
      cache = await causal.run({
        ids: sequence.ids,
        cache,
        onLogits: (logits) => (signal.aborted ? stop : step(sequence, logits)),
      });
      signal.throwIfAborted();
    }
  }
}

const stop = { token: 0, more: false };

/** One token further: generate() can go on by itself only if the sequence has grown by exactly that token. */
function step(sequence: SampleSequence, logits: Float32Array): { token: number; more: boolean } {
  const before = sequence.ids.length;
  sequence.onLogits(logits);
  const token = sequence.ids.at(-1);
  return token === undefined || sequence.finished || sequence.ids.length !== before + 1 ? stop : { token, more: true };
}

function unsupported(what: string): ServiceError {
  return new ServiceError({ code: 'unsupported_constraint', message: `${what} is not supported by this model.` });
}
