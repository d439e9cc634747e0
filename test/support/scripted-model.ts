import type { ThinkingStop } from '../../src/contracts/responses/reasoning.ts';
import type {
  FinishReason,
  GenerateRequest,
  LanguageModel,
  ModelCapabilities,
  ModelEvent,
  TokenLogprob,
} from '../../src/core/language-model.ts';

/** What one sample writes. A thought without `closes` never ends; its text repeats. */
export type Script = {
  thought?: string;
  closes?: boolean;
  answer: string;
  toolCalls?: Array<{ name: string; arguments: string }>;
  selfCertainty?: number;
  logprob?: number;
  /** For each token of the answer, default -0.1; null: none are given. */
  answerLogprob?: number | null;
  /** For the likeliest other token at each position, if alternatives are requested. */
  otherLogprob?: number;
  stop?: ThinkingStop;
};

export type ScriptedModel = LanguageModel & {
  readonly requests: GenerateRequest[];
  readonly decoded: () => number;
  readonly sampled: () => number;
};

/**
 * A model that follows `script` for each request and sample. Tokens are words with the preceding space, and line ends.
 * It keeps budgets, prefixes, `answerNow` and `signal` as the port requires; `clock` is called once per decoded token.
 * `sampled` are the thinking tokens that were decoded, read or not.
 */
export function createTestModel(options: {
  script(request: GenerateRequest, sample: number, call: number): Script;
  scores?(continuation: string, question: string): number;
  capabilities?: Partial<ModelCapabilities>;
  /** Called before each step; may move a clock or abort something. */
  onStep?(step: number): void;
  now?(): number;
  /** Each step decodes all samples before any of it is read, like the engine. */
  batched?: boolean;
}): ScriptedModel {
  const requests: GenerateRequest[] = [];
  const purses: Array<{ granted: number; left: number }> = [];
  let steps = 0;
  return {
    id: 'scripted',
    contextLength: 8192,
    capabilities: {
      thinking: true,
      exactBudget: true,
      rollback: true,
      constraints: [],
      logprobs: true,
      score: options.scores !== undefined,
      tools: true,
      seed: true,
      batching: true,
      compute: false,
      family: 'thinkfirst',
      correction: 'Wait, {{wrong}} is wrong. I do that step again.',
      ...options.capabilities,
    },
    requests,
    decoded: () => steps,
    sampled: () => purses.reduce((sum, { granted, left }) => sum + granted - left, 0),
    async *generate(request, { signal, answerNow }) {
      const call = requests.push(request) - 1;
      const rows = Array.from({ length: request.samples }, (_, sample) =>
        createRow(request, sample, options.script(request, sample, call)),
      );
      const granted = request.thinking?.budgetTokens ?? 0;
      const shared = { granted, left: granted };
      purses.push(shared);
      const stepOf = (row: Row): Iterable<ModelEvent> => {
        signal.throwIfAborted();
        options.onStep?.(steps);
        steps += 1;
        const late =
          request.deadlineAt !== undefined && options.now !== undefined && options.now() >= request.deadlineAt;
        const step = row.step({ shared, hurry: answerNow?.aborted ? 'user' : late ? 'deadline' : undefined });
        return options.batched ? [...step] : step;
      };
      while (rows.some((row) => !row.finished)) {
        const running = rows.filter((row) => !row.finished);
        for (const events of options.batched ? running.map(stepOf) : lazily(running, stepOf)) {
          for (const event of events) {
            yield event;
            signal.throwIfAborted();
          }
        }
      }
    },
    async score(request) {
      const last = request.prompt.messages.at(-1);
      return {
        continuations: request.continuations.map((continuation) => ({
          logprob: options.scores?.(continuation, last?.content ?? '') ?? 0,
          tokens: 1,
        })),
        usage: { inputTokens: 1, cachedTokens: 0 },
      };
    },
    countTokens: async (prompt) => tokens(prompt.messages.map((message) => message.content).join('\n')).length,
    close: async () => {},
  };
}

function* lazily<From, To>(items: readonly From[], make: (item: From) => To): Generator<To, void, void> {
  for (const item of items) yield make(item);
}

type Row = {
  finished: boolean;
  step(at: { shared: { left: number }; hurry: ThinkingStop | undefined }): Generator<ModelEvent, void, void>;
};

export function tokens(text: string): string[] {
  return text.match(/\n|[^\S\n]*\S+|[^\S\n]+/g) ?? [];
}

function createRow(request: GenerateRequest, sample: number, script: Script): Row {
  const thought = request.thinking === undefined ? [] : tokens(script.thought ?? '');
  const answer = tokens(script.answer);
  const usage = { inputTokens: 5, cachedTokens: 0, thinkingTokens: 0, forcedTokens: 0, answerTokens: 0 };
  usage.forcedTokens += (request.thinking?.prefix ?? [])
    .filter((segment) => segment.fed === true)
    .reduce((sum, segment) => sum + tokens(segment.text).length, 0);
  let thinking = request.thinking !== undefined && request.thinking.ended !== true;
  let thinkingStop: ThinkingStop | undefined;
  const delta = (text: string, forced: boolean): ModelEvent => ({
    type: 'thinking-delta',
    sample,
    text,
    tokenIds: [text.length],
    logprobs: [script.logprob ?? -0.1],
    forced,
  });
  const row: Row = {
    finished: false,
    *step({ shared, hurry }) {
      if (thinking) {
        const cap = request.thinking?.perSampleTokens ?? Number.POSITIVE_INFINITY;
        const spent = usage.thinkingTokens;
        const ended = script.closes !== false && spent >= thought.length;
        const stop: ThinkingStop | undefined = ended
          ? (script.stop ?? 'natural')
          : (hurry ?? (shared.left <= 0 || spent >= cap ? 'budget' : undefined));
        if (stop === undefined) {
          usage.thinkingTokens += 1;
          shared.left -= 1;
          yield delta(thought[spent % Math.max(1, thought.length)] ?? ' hm', false);
          return;
        }
        if (!ended) {
          for (const word of tokens('\nI answer now.')) {
            usage.forcedTokens += 1;
            yield delta(word, true);
          }
        }
        thinking = false;
        thinkingStop = stop;
        yield { type: 'thinking-end', sample, reason: stop };
        return;
      }
      const word = answer[usage.answerTokens];
      if (word !== undefined && usage.answerTokens < request.answer.maxTokens) {
        usage.answerTokens += 1;
        yield {
          type: 'answer-delta',
          sample,
          text: word,
          tokenIds: [word.length],
          logprobs: script.answerLogprob === null ? [] : [scored(word, script, request)],
        };
        return;
      }
      for (const call of script.toolCalls ?? []) yield { type: 'tool-call', sample, ...call };
      row.finished = true;
      yield {
        type: 'finish',
        sample,
        reason: finishReason(script, word !== undefined),
        ...(thinkingStop === undefined ? {} : { thinkingStop }),
        usage: { ...usage },
        scores: {
          thinkingMeanLogprob: script.logprob ?? -0.1,
          ...(script.selfCertainty === undefined ? {} : { selfCertainty: script.selfCertainty }),
        },
      };
    },
  };
  return row;
}

function scored(
  token: string,
  { answerLogprob, otherLogprob = -9 }: Script,
  { answer }: GenerateRequest,
): TokenLogprob {
  const own = { token, logprob: answerLogprob ?? -0.1 };
  const top = [own, { token: ' other', logprob: otherLogprob }].slice(0, answer.topLogprobs);
  return { ...own, ...(answer.topLogprobs !== undefined && { top }) };
}

function finishReason(script: Script, cut: boolean): FinishReason {
  if ((script.toolCalls ?? []).length > 0) return 'tool-calls';
  if (cut) return 'length';
  return script.answer.trim() === '' ? 'empty' : 'stop';
}
