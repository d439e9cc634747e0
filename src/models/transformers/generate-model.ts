import { ServiceError } from '../../contracts/service-error.ts';
import { createEventChannel } from '../event-channel.ts';
import {
  type GenerateOptions,
  type GenerateRequest,
  type LanguageModel,
  type ModelEvent,
  mayCallTools,
} from '../language-model.ts';
import { createSampler } from '../sampler.ts';
import { type CausalModel, type KeyValueCache, loadCausalModel } from './causal-model.ts';
import { generateCapabilities } from './generate-capabilities.ts';
import type { ModelFolder } from './model-folder.ts';
import { renderPrompt } from './render-prompt.ts';
import { createRow } from './row.ts';
import { createRowBans, type RowBans } from './row-bans.ts';

/** Prompt tokens that are computed in one step; a long prompt lets cancels and other requests in between. */
const prefillChunk = 128;

export type GenerateModelOptions = {
  /** Threads of onnxruntime. */
  threads: number;
  /** Epoch ms. */
  now(): number;
};

/**
 * A local model over transformers.js's `generate()`: the fallback for graphs that the batch decoder can't drive. It runs
 * any chat model that transformers.js supports, one row at a time; the samples of a request share its prefill. Requests
 * that run together take turns step by step.
 * @throws ServiceError `model_unavailable` when the weights can't be loaded
 */
export async function createGenerateModel(folder: ModelFolder, options: GenerateModelOptions): Promise<LanguageModel> {
  const causal = await loadCausalModel(folder, options);
  const bans = createRowBans(folder);
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
      const rows = { folder, causal, bans, now: options.now, emit: channel.push };
      const start = async () => {
        stopped.throwIfAborted();
        stopped.addEventListener('abort', onAbort, { once: true });
        await runRequest(rows, request, { signal: stopped, ...(answerNow && { answerNow }) });
      };
      start()
        .then(channel.end, channel.fail)
        .finally(() => stopped.removeEventListener('abort', onAbort));
      return channel.read(() => left.abort(new Error('the reader left')));
    },
    score: () => Promise.reject(unsupported('Scores of given texts')),
    countTokens: async (prompt, { thinking }) => (await renderPrompt(folder, prompt, { thinking })).length,
    async close() {
      closed.abort(new ServiceError({ code: 'model_unavailable', message: 'The model is being closed.' }));
      await causal.close();
    },
  };
}

type Rows = {
  folder: ModelFolder;
  causal: CausalModel;
  bans: { forRow(row: { tools: boolean }): RowBans };
  now(): number;
  emit(event: ModelEvent): void;
};

async function runRequest(rows: Rows, request: GenerateRequest, { signal, answerNow }: GenerateOptions): Promise<void> {
  const { folder, causal } = rows;
  if (request.answer.constraint) throw unsupported(`Answers held to a ${request.answer.constraint.type}`);
  const { thinking } = request;
  // Nothing to think with and nothing thought so far: the fast form, which the model knows better than an empty thought.
  const thinks = thinking !== undefined && (thinking.budgetTokens > 0 || (thinking.prefix?.length ?? 0) > 0);
  const { promptIds, fedTokens, open } = await renderRow(folder, request, thinks);
  refuseTooLong(folder, promptIds.length + (open ? folder.tokens.handOver.length : 0));
  let prompt: KeyValueCache | undefined;
  for (let end = prefillChunk; end < promptIds.length; end += prefillChunk) {
    prompt = await causal.run({
      ids: promptIds.slice(0, end),
      cache: prompt,
      onLogits: () => ({ token: 0, more: false }),
    });
    signal.throwIfAborted();
  }
  const purse = { left: thinking?.budgetTokens ?? 0 };
  const interrupted = () => {
    if (answerNow?.aborted) return 'user' as const;
    return request.deadlineAt !== undefined && rows.now() >= request.deadlineAt ? ('deadline' as const) : undefined;
  };
  for (let sample = 0; sample < request.samples; sample++) {
    const row = createRow({
      model: folder,
      request,
      sample,
      promptIds,
      fedTokens,
      thinking: open,
      sampler: createSampler(request.sampling, { sample, vocabularySize: folder.vocabularySize }),
      bans: rows.bans.forRow({ tools: mayCallTools(request) }),
      purse,
      interrupted,
      emit: rows.emit,
    });
    let cache = prompt;
    while (!row.finished) {
      const aborted = () => ({ token: 0, more: false });
      cache = await causal.run({
        ids: row.ids,
        cache,
        onLogits: (logits) => (signal.aborted ? aborted() : row.onLogits(logits)),
      });
      signal.throwIfAborted();
    }
  }
}

/** Prompt, thoughts and answer so far. `open`: the row begins within its thought. */
async function renderRow(
  folder: ModelFolder,
  { prompt, thinking, answer }: GenerateRequest,
  thinks: boolean,
): Promise<{ promptIds: number[]; fedTokens: number; open: boolean }> {
  const segments = (thinks && thinking?.prefix) || [];
  const promptIds = await renderPrompt(folder, prompt, { thinking: thinks, prefix: segments });
  const fed = segments.filter((segment) => segment.fed);
  const fedTokens = fed.reduce(
    (sum, { text, tokenIds }) => sum + (tokenIds ?? folder.tokenizer.encode(text)).length,
    0,
  );
  const begun = answer.prefix ?? [];
  if (begun.length === 0) return { promptIds, fedTokens, open: thinks };
  // An answer that has begun stands behind a closed thought.
  const { closing, closingAfterLine } = folder.tokens;
  if (thinks) promptIds.push(...(segments.at(-1)?.text.endsWith('\n') ? closingAfterLine : closing));
  for (const { text, tokenIds } of begun) promptIds.push(...(tokenIds ?? folder.tokenizer.encode(text)));
  return { promptIds, fedTokens, open: false };
}

function refuseTooLong(folder: ModelFolder, tokens: number): void {
  if (tokens < folder.contextLength) return;
  throw new ServiceError({
    code: 'context_length_exceeded',
    param: 'input',
    message: `The input has ${tokens} tokens; ${folder.id} takes ${folder.contextLength} with its answer.`,
  });
}

function unsupported(what: string): ServiceError {
  return new ServiceError({ code: 'unsupported_constraint', message: `${what} can't be had of this model.` });
}
