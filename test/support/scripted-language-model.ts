import { setImmediate } from 'node:timers/promises';
import type { Prompt } from '../../src/contracts/responses/prompt.ts';
import type { ThinkingStop } from '../../src/contracts/responses/reasoning.ts';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import {
  type FinishReason,
  type GenerateRequest,
  type LanguageModel,
  type ModelCapabilities,
  type ModelEvent,
  mayCallTools,
  type ScoreRequest,
  type ThoughtSegment,
} from '../../src/core/language-model.ts';
import { streamSeed } from '../../src/models/local/sampler.ts';

/** What a scripted sample thinks and answers. Its tokens are words with the preceding spaces. */
export type ScriptedSample = {
  thought?: string;
  answer: string;
  /** The answer if the thought was cut; default: `answer`. */
  handedOverAnswer?: string;
  toolCalls?: ReadonlyArray<{ name: string; arguments: string }>;
  /** For each token of thought and answer; default -0.1. */
  logprob?: number;
  selfCertainty?: number;
};

/**
 * The input of a script: the request, the sample's index, the call's number, and a random number in [0, 1) for (seed,
 * sample).
 */
export type ScriptedTurn = { request: GenerateRequest; sample: number; call: number; random: () => number };

/** Returns a sample; if it throws, the call fails with that error. */
export type Script = (turn: ScriptedTurn) => ScriptedSample;

/** The tokens of a scripted model: words, each with the preceding spaces. */
export function scriptedTokens(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

/** The words of a prompt plus three for each turn, including thoughts and tools. */
function scriptedPromptTokens(prompt: Prompt): number {
  const parts = prompt.messages.map((message) => {
    const more =
      message.role === 'assistant' ? `${message.thought ?? ''} ${JSON.stringify(message.toolCalls ?? '')}` : '';
    return 3 + scriptedTokens(`${message.content} ${more}`.trim()).length;
  });
  const tools = prompt.tools ? scriptedTokens(JSON.stringify(prompt.tools)).length : 0;
  return parts.reduce((sum, count) => sum + count, tools);
}

const scriptedHandOver = '\nThat is enough.\n';
const scriptedContinuation = '\nWait,';

type RowOptions = {
  request: GenerateRequest;
  sample: number;
  scripted: ScriptedSample;
  inputTokens: number;
  fedTokens: number;
  purse: { left: number };
  interrupted(): ThinkingStop | undefined;
  idsOf(tokens: readonly string[]): number[];
};

/** One scripted sample; each `yield` is one decode step. */
function* scriptedRow(options: RowOptions): Generator<ModelEvent[], void, void> {
  const { request, sample, scripted, purse, idsOf } = options;
  const logprob = scripted.logprob ?? -0.1;
  const usage = { thinkingTokens: 0, forcedTokens: options.fedTokens, answerTokens: 0 };
  let thinkingStop: ThinkingStop | undefined;
  const forced = (text: string): ModelEvent => {
    const tokenIds = idsOf(scriptedTokens(text));
    usage.forcedTokens += tokenIds.length;
    return { type: 'thinking-delta', sample, text, tokenIds, logprobs: [], forced: true };
  };

  const { thinking } = request;
  if (thinking && !thinking.ended && (thinking.budgetTokens > 0 || thinking.prefix?.length)) {
    const cap = thinking.perSampleTokens ?? Number.POSITIVE_INFINITY;
    const words = scriptedTokens(scripted.thought ?? '');
    const stop = (): ThinkingStop | undefined =>
      options.interrupted() ?? (usage.thinkingTokens >= cap || purse.left <= 0 ? 'budget' : undefined);
    for (let next = 0; thinkingStop === undefined; ) {
      thinkingStop = stop();
      if (thinkingStop) break;
      const word = words[next++];
      if (word === undefined) {
        if (usage.thinkingTokens >= (thinking.minimumTokens ?? 0) || words.length === 0) thinkingStop = 'natural';
        else yield [forced(scriptedContinuation)];
        next = 0;
        continue;
      }
      usage.thinkingTokens += 1;
      purse.left -= 1;
      yield [
        { type: 'thinking-delta', sample, text: word, tokenIds: idsOf([word]), logprobs: [logprob], forced: false },
      ];
    }
    const end: ModelEvent = { type: 'thinking-end', sample, reason: thinkingStop };
    yield thinkingStop === 'natural' ? [end] : [forced(scriptedHandOver), end];
  }

  const text =
    thinkingStop && thinkingStop !== 'natural' ? (scripted.handedOverAnswer ?? scripted.answer) : scripted.answer;
  let reason: FinishReason = 'stop';
  let stopText: string | undefined;
  let said = (request.answer.prefix ?? []).map((segment) => segment.text).join('');
  for (const word of scriptedTokens(text.slice(said.length))) {
    usage.answerTokens += 1;
    const cut = stopAt(said + word, request.answer.stop);
    const shown = cut === undefined ? word : (said + word).slice(said.length, cut);
    said += word;
    yield [
      { type: 'answer-delta', sample, text: shown, tokenIds: idsOf([word]), logprobs: [{ token: word, logprob }] },
    ];
    if (cut !== undefined) {
      stopText = request.answer.stop?.find((stop) => said.startsWith(stop, cut));
      break;
    }
    if (usage.answerTokens >= request.answer.maxTokens) {
      reason = said.length < text.length ? 'length' : 'stop';
      break;
    }
  }
  const wanted = mayCallTools(request) ? (scripted.toolCalls ?? []) : [];
  const calls = wanted.map((call): ModelEvent => ({ type: 'tool-call', sample, ...call }));
  usage.answerTokens += calls.length;
  if (calls.length > 0) reason = 'tool-calls';
  else if (said.trim() === '') reason = 'empty';
  yield [
    ...calls,
    {
      type: 'finish',
      sample,
      reason,
      ...(stopText !== undefined && { stopText }),
      ...(thinkingStop && { thinkingStop }),
      usage: { inputTokens: options.inputTokens, cachedTokens: 0, ...usage },
      scores: {
        ...(usage.thinkingTokens > 0 && { thinkingMeanLogprob: logprob }),
        ...(usage.answerTokens > 0 && { answerMeanLogprob: logprob }),
        selfCertainty: scripted.selfCertainty ?? 10,
      },
    },
  ];
}

/** Where the earliest stop text starts; words are never held back, so a stop text should be within a word. */
function stopAt(text: string, stops: readonly string[] | undefined): number | undefined {
  const found = (stops ?? []).map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return found.length > 0 ? Math.min(...found) : undefined;
}

export type ScriptedModelOptions = {
  id?: string;
  script: Script;
  contextLength?: number;
  capabilities?: Partial<ModelCapabilities>;
  /** Log-probabilities of the continuations; default: -1 for each of their tokens. */
  score?: (request: ScoreRequest) => readonly number[];
  /** Epoch ms; default: the machine's clock. */
  now?: () => number;
};

/** The requests to a scripted model, in order. */
export type ScriptedModel = LanguageModel & { readonly calls: readonly GenerateRequest[] };

/**
 * A model that follows a script, token by token like a real one: it keeps budgets, reserve, deadline and stop texts,
 * ends thoughts with the stop-thinking prompt, and is cancelled within a step. Only for unit tests.
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
        // One turn of the event loop, like a decode step.
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

/** Random numbers in [0, 1) for (seed, sample); without a seed they differ from call to call. */
function randomOf(seed: number | undefined, sample: number): () => number {
  let state = streamSeed(seed ?? Math.floor(Math.random() * 2 ** 32), sample);
  return () => {
    state = streamSeed(state, 0);
    return (state >>> 0) / 2 ** 32;
  };
}
