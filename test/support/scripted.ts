import { setImmediate } from 'node:timers/promises';
import type { ThinkingStop } from '../../src/contracts/responses/reasoning.ts';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import type {
  GenerateRequest,
  LanguageModel,
  ModelCapabilities,
  ModelEvent,
  ScoreRequest,
  ThoughtSegment,
} from '../../src/core/language-model.ts';
import { streamSeed } from '../../src/models/local/sampler.ts';
import { scriptedRow } from './scripted-row.ts';
import { type Script, scriptedPromptTokens, scriptedTokens } from './scripted-turn.ts';

export type ScriptedModelOptions = {
  id?: string;
  script: Script;
  contextLength?: number;
  capabilities?: Partial<ModelCapabilities>;
  /** Log-probabilities of the continuations; default: -1 for each of their tokens. */
  score?: (request: ScoreRequest) => readonly number[];
  /** Epoch ms; default: the clock of the machine. */
  now?: () => number;
};

/** What was asked of a scripted model, in order. */
export type ScriptedModel = LanguageModel & { readonly calls: readonly GenerateRequest[] };

/**
 * A model that says what a script says, token by token as a real one would: it keeps to budgets, reserve, deadline and
 * stop texts, hands over, and is cancelled within a step. It serves unit tests only: nothing in the product makes one.
 */
export function createScriptedModel(options: ScriptedModelOptions): ScriptedModel {
  const calls: GenerateRequest[] = [];
  const vocabulary = new Map<string, number>();
  const idsOf = (tokens: readonly string[]) =>
    tokens.map((token) => {
      const id = vocabulary.get(token) ?? vocabulary.size;
      vocabulary.set(token, id);
      return id;
    });
  const contextLength = options.contextLength ?? 8192;
  const now = options.now ?? Date.now;

  async function* generate(
    request: GenerateRequest,
    { signal, answerNow }: { signal: AbortSignal; answerNow?: AbortSignal },
  ): AsyncGenerator<ModelEvent> {
    signal.throwIfAborted();
    const { constraint } = request.answer;
    if (constraint && !options.capabilities?.constraints?.includes(constraint.type)) {
      throw new ServiceError({ code: 'unsupported_constraint', message: `No answer is held to a ${constraint.type}.` });
    }
    const call = calls.push(request) - 1;
    const prefix = request.thinking?.prefix ?? [];
    const inputTokens = scriptedPromptTokens(request.prompt) + countSegments(prefix.filter(({ fed }) => !fed));
    const fedTokens = countSegments(prefix.filter(({ fed }) => fed));
    if (inputTokens >= contextLength) {
      throw new ServiceError({
        code: 'context_length_exceeded',
        param: 'input',
        message: `The input has ${inputTokens} tokens; the context has ${contextLength}.`,
      });
    }
    const purse = { left: request.thinking?.budgetTokens ?? 0 };
    const interrupted = (): ThinkingStop | undefined => {
      if (answerNow?.aborted) return 'user';
      return request.deadlineAt !== undefined && now() >= request.deadlineAt ? 'deadline' : undefined;
    };
    let running = Array.from({ length: request.samples }, (_, sample) => {
      const scripted = options.script({ request, sample, call, random: randomOf(request.sampling.seed, sample) });
      return scriptedRow({ request, sample, scripted, inputTokens, fedTokens, purse, interrupted, idsOf });
    });
    while (running.length > 0) {
      const still: typeof running = [];
      for (const row of running) {
        // A turn of the event loop, as a decode step gives one.
        await setImmediate();
        signal.throwIfAborted();
        const step = row.next();
        if (step.done) continue;
        yield* step.value;
        signal.throwIfAborted();
        still.push(row);
      }
      running = still;
    }
  }

  return {
    id: options.id ?? 'scripted',
    contextLength,
    capabilities: {
      thinking: true,
      exactBudget: true,
      rollback: true,
      constraints: [],
      logprobs: true,
      score: true,
      tools: true,
      seed: true,
      batching: true,
      compute: false,
      ...options.capabilities,
    },
    calls,
    generate,
    async score(request, { signal }) {
      signal.throwIfAborted();
      const tokens = request.continuations.map((text) => scriptedTokens(text).length);
      const logprobs = options.score?.(request) ?? tokens.map((count) => -count);
      return {
        continuations: tokens.map((count, index) => ({ logprob: logprobs[index] ?? 0, tokens: count })),
        usage: { inputTokens: scriptedPromptTokens(request.prompt), cachedTokens: 0 },
      };
    },
    countTokens: async (prompt) => scriptedPromptTokens(prompt),
    close: async () => {},
  };
}

function countSegments(segments: readonly ThoughtSegment[]): number {
  return segments.reduce((sum, { text }) => sum + scriptedTokens(text).length, 0);
}

/** Numbers in [0, 1) of (seed, sample); without a seed they differ from call to call. */
function randomOf(seed: number | undefined, sample: number): () => number {
  let state = streamSeed(seed ?? Math.floor(Math.random() * 2 ** 32), sample);
  return () => {
    state = streamSeed(state, 0);
    return (state >>> 0) / 2 ** 32;
  };
}
