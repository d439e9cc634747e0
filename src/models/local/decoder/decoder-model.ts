import { ServiceError } from '../../../contracts/service/service-error.ts';
import { createEventChannel } from '../../../core/event-channel.ts';
import {
  type CacheScope,
  type GenerateOptions,
  type GenerateRequest,
  type LanguageModel,
  type ModelCapabilities,
  type ModelEvent,
  mayCallTools,
  type ScoreRequest,
  type ScoreResult,
} from '../../../core/language-model.ts';
import { createThoughtRepetition } from '../../../core/thought-repetition.ts';
import { createThinkingBudget, type ThinkingBudget } from '../../../core/token-ledger.ts';
import { createGrammarEngine, type GrammarEngine } from '../../../grammar/grammar-engine.ts';
import type { ChatModel, ModelFolder } from '../folder/model-folder.ts';
import { renderPrompt } from '../folder/render-prompt.ts';
import { bytesPerToken, declaredShape } from '../graph/graph-shape.ts';
import { calibrationText } from '../graph/kv-calibration.ts';
import { type KvBits, openDecoderSession } from '../graph/session.ts';
import { createSampler, withOwnSampling } from '../sampler.ts';
import { createNucleusScratch } from '../sampler-nucleus.ts';
import { createEngine, type Engine, type EngineStats } from './engine.ts';
import { createKvArena } from './kv-arena.ts';
import type { SequenceCache } from './prefix-store.ts';
import { createSampleSequence } from './sample-sequence.ts';
import { createScoreSequence } from './score-sequence.ts';
import { answerPrompt, scorePrompt } from './sequence-limits.ts';
import { createSuppressedTokens, type SuppressedTokens } from './token-masks.ts';

/** A grammar engine over a folder's vocabulary; undefined if its tokenizer does not know the bytes of a token. */
export function createFolderGrammar({
  tokenizer,
  tokens,
  vocabularySize: size,
}: Pick<ModelFolder, 'tokenizer' | 'tokens' | 'vocabularySize'>): GrammarEngine | undefined {
  const bytesOf = tokenizer.textBytesOf;
  return bytesOf && createGrammarEngine({ vocabulary: { size, bytesOf, endTokenIds: [...tokens.end] } });
}

type DecoderModelOptions = {
  folder: ModelFolder;
  /** Threads for one operator. */
  threads: number;
  /** Cap of the key/value cache, kept prefixes included. MiB. */
  kvMegabytes: number;
  /** Bits of each number in the cache; 8 if the model supports it. */
  kvBits: KvBits;
  warn(message: string): void;
  /** Epoch ms. */
  now(): number;
  /** Without it, constraints are refused. */
  grammar?: GrammarEngine;
  /** False: no token is guessed. */
  speculates?: boolean;
};

export type EngineModel = LanguageModel & { stats(): EngineStats };

export type DecoderModel = EngineModel & {
  readonly inPlace: boolean;
  /** Guessed tokens are checked several in a run; only where that changes no logits. */
  readonly speculates: boolean;
  /** One token's keys and values, in bytes. */
  readonly bytesPerToken: number;
};

/**
 * A local model over the budgeted batch decoder: one loop for all sequences of all requests. For a graph that the loop
 * cannot drive, `unsupported` has the reason; `createGenerateModel` runs those.
 * @throws ServiceError `model_unavailable` if there are no weights
 */
export async function createDecoderModel(
  options: DecoderModelOptions,
): Promise<{ model: DecoderModel } | { unsupported: string }> {
  const { folder } = options;
  const file = folder.onnx();
  if (!file) throw new ServiceError({ code: 'model_unavailable', message: `${folder.id} has no weights here.` });
  const session = await openDecoderSession({
    ...options,
    path: file.path,
    declared: declaredShape(folder.config, folder.vocabularySize),
    calibrationIds: () =>
      renderPrompt(folder, { messages: [{ role: 'user', content: calibrationText }] }, { thinking: false }),
  });
  if ('unsupported' in session) return session;
  const arena = createKvArena(session.shape, cacheTokens(session.shape, options.kvMegabytes, folder.contextLength));
  const speculates = options.speculates !== false && session.equalTogether;
  const engine = createEngine({ runner: session.runner(arena), arena, speculates });
  const { vocabularySize } = session.shape;
  const model = createEngineModel({ ...options, folder: { ...folder, vocabularySize }, engine }, () => session.close());
  return { model: { ...model, inPlace: session.inPlace, speculates, bytesPerToken: bytesPerToken(session.shape) } };
}

type EngineModelOptions = Pick<DecoderModelOptions, 'grammar' | 'now'> & { folder: ChatModel; engine: Engine };

/**
 * The port over a decode loop, whatever computes the logits: prompts, budgets, masks and scores are the same.
 * @param close what the loop ran on
 */
export function createEngineModel(options: EngineModelOptions, close: () => Promise<void>): EngineModel {
  const { folder, grammar, engine } = options;
  const contextLength = Math.min(folder.contextLength, engine.largestSequence);
  const open: OpenRequests = new Set();
  const context: Context = {
    ...options,
    contextLength,
    vocabularySize: folder.vocabularySize,
    suppressed: createSuppressedTokens(folder),
    scratch: createNucleusScratch(folder.vocabularySize),
  };
  return {
    id: folder.id,
    contextLength,
    capabilities: engineCapabilities(folder, grammar !== undefined),
    stats: () => engine.stats,
    generate: (request, given) => generate(context, open, request, given),
    score: (request, { signal }) => score(context, request, signal),
    async forget(response) {
      engine.forget(response);
    },
    countTokens: async (prompt, { thinking }) => (await renderPrompt(folder, prompt, { thinking })).length,
    async close() {
      const reason = new ServiceError({ code: 'model_unavailable', message: 'The model is being closed.' });
      for (const stop of [...open]) stop(reason);
      await engine.close(reason);
      await close();
    },
  };
}

/** Functions that end each unfinished request. */
type OpenRequests = Set<(reason: unknown) => void>;

function generate(
  context: Context,
  open: OpenRequests,
  request: GenerateRequest,
  { signal, answerNow, onStopped }: GenerateOptions,
): AsyncIterable<ModelEvent> {
  const budget = createThinkingBudget(request.thinking?.budgetTokens ?? 0);
  const channel = createEventChannel<ModelEvent>();
  let sequences: Array<{ cancel(): void }> = [];
  let stopped: { reason: unknown } | undefined;
  const release = () => {
    signal.removeEventListener('abort', onAbort);
    open.delete(stop);
  };
  const stop = (reason: unknown) => {
    stopped = { reason };
    for (const sequence of sequences) sequence.cancel();
    channel.fail(reason);
    release();
  };
  const onAbort = () => {
    stop(signal.reason);
    onStopped?.(budget.taken);
  };
  // Not AbortSignal.any: the model's own signal would outlive each request and hold on to it.
  signal.addEventListener('abort', onAbort, { once: true });
  open.add(stop);
  const start = async () => {
    signal.throwIfAborted();
    const begin = await prepare(context, request, { budget, answerNow });
    if (stopped) return;
    const done = () => {
      release();
      channel.end();
    };
    sequences = begin(channel.push, done, stop);
  };
  start().catch(stop);
  return channel.read(() => stop(new Error('the reader left')));
}

async function score(
  { folder, engine, contextLength, vocabularySize }: Context,
  request: ScoreRequest,
  signal: AbortSignal,
): Promise<ScoreResult> {
  const promptIds = await scorePrompt(folder, request);
  const continuations = request.continuations.map((text) => folder.tokenizer.encode(text));
  signal.throwIfAborted();
  return new Promise<ScoreResult>((resolve, reject) => {
    const onAbort = () => {
      sequence.cancel();
      reject(signal.reason);
    };
    const settled = <T>(settle: (value: T) => void) => {
      return (value: T) => {
        signal.removeEventListener('abort', onAbort);
        settle(value);
      };
    };
    const sequence = createScoreSequence({
      promptIds,
      continuations,
      vocabularySize,
      onResult: settled(resolve),
      onFail: settled(reject),
    });
    if (sequence.need > contextLength) return reject(tooLong(sequence.need, contextLength));
    signal.addEventListener('abort', onAbort, { once: true });
    engine.add([sequence], { alone: false, cache: sequenceCache(request.cacheScope, 0) });
  });
}

type Context = EngineModelOptions & {
  contextLength: number;
  vocabularySize: number;
  suppressed: { forSequence(request: { tools: boolean }): SuppressedTokens };
  scratch: ReturnType<typeof createNucleusScratch>;
};

type Begin = (
  emit: (event: ModelEvent) => void,
  onDone: () => void,
  onFail: (error: unknown) => void,
) => Array<{ cancel(): void }>;

/** Renders the prompt and compiles the constraint; refuses an impossible request before any sequence is created. */
async function prepare(
  context: Context,
  request: GenerateRequest,
  { budget, answerNow }: { budget: ThinkingBudget; answerNow: AbortSignal | undefined },
): Promise<Begin> {
  const { folder, grammar, engine, contextLength, vocabularySize } = context;
  const { constraint } = request.answer;
  if (constraint && !grammar) throw unsupportedConstraint(constraint.type);
  const compiled = constraint && (await grammar?.compile(constraint));
  const prompt = await answerPrompt(folder, request);
  const interrupted = () => {
    if (answerNow?.aborted) return 'user' as const;
    return request.deadlineAt !== undefined && context.now() >= request.deadlineAt ? ('deadline' as const) : undefined;
  };
  return (emit, onDone, onFail) => {
    let unfinished = request.samples;
    const sequences = Array.from({ length: request.samples }, (_, sample) =>
      createSampleSequence({
        model: folder,
        request,
        sample,
        prompt,
        contextLength,
        sampler: createSampler(withOwnSampling(request.sampling, folder.sampling), {
          sample,
          vocabularySize,
          scratch: context.scratch,
        }),
        suppressed: context.suppressed.forSequence({ tools: mayCallTools(request) }),
        matcher: compiled?.createMatcher(),
        repetition: createThoughtRepetition(),
        budget,
        interrupted,
        emit,
        onFinish() {
          unfinished -= 1;
          if (unfinished === 0) onDone();
        },
        onFail,
      }),
    );
    engine.add(sequences, { alone: request.deterministic, cache: sequenceCache(request.cacheScope, prompt.own) });
    return sequences;
  };
}

/** `own`: how many tokens of the sequence its owner's other responses may start from. */
function sequenceCache(scope: CacheScope | undefined, own: number): SequenceCache | undefined {
  return scope && { owner: scope.owner, response: scope.response, own };
}

/** Tokens in the arena: as many as the cap allows, but no more than a few sequences of the whole context need. */
function cacheTokens(shape: Parameters<typeof bytesPerToken>[0], kvMegabytes: number, contextLength: number): number {
  const allowed = Math.floor((kvMegabytes * 2 ** 20) / bytesPerToken(shape));
  return Math.min(allowed, contextLength * 64);
}

/** What the decode loop can do with a model. */
export function engineCapabilities(
  folder: Pick<ChatModel, 'family' | 'computes'>,
  constrained: boolean,
): ModelCapabilities {
  return {
    thinking: true,
    exactBudget: true,
    rollback: true,
    constraints: constrained ? ['json_object', 'json_schema', 'regex', 'choice'] : [],
    logprobs: true,
    score: true,
    tools: folder.family.toolCallTags !== undefined,
    seed: true,
    batching: true,
    compute: true,
    ...(folder.computes && { computesByDefault: true }),
    cacheByOwner: true,
  };
}

function unsupportedConstraint(type: string): ServiceError {
  return new ServiceError({
    code: 'unsupported_constraint',
    param: 'text.format',
    message: `This model cannot constrain answers to a ${type}.`,
  });
}

function tooLong(tokens: number, contextLength: number): ServiceError {
  return new ServiceError({
    code: 'context_length_exceeded',
    param: 'input',
    message: `The input takes ${tokens} tokens; the limit is ${contextLength}.`,
  });
}
