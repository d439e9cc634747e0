import { mediaOf, type Prompt } from '../contracts/responses/prompt.ts';
import { outputTokens, type RunningUsage, thinkingTokens } from '../contracts/responses/usage.ts';
import type { AnswerRequest, ChainUsage, ThinkingRequest, ThoughtSegment } from './language-model.ts';

/**
 * The rules of the token budget: every margin, every estimate, and how much a request, a call and a sequence may still use.
 * `token-counts.ts` counts what was used. All figures are tokens.
 */
export const tokenMargins = {
  /** Kept of `max_output_tokens` for each chain's stop-thinking sentence, which is inserted and counts. */
  handOver: 48,
  /** Kept of `max_output_tokens` for the words that are inserted where a thought ends before its minimum. */
  continuations: 96,
  /** Room for a thought after the result of a tool's call, at least. */
  thoughtAfterCall: 64,
  /** A smaller `max_output_tokens` is all kept for the answer: too little to think with. */
  leastShared: 128,
  /** What a template writes around one turn, and around a whole prompt. */
  turn: 5,
  prompt: 3,
  /** What an image or a page of a file takes with most models, so that a prompt of them does not count as an empty one. */
  media: 300,
  /** Open tag, close tag and end of turn: tokens that a server counts and that have no text. */
  controlTags: 3,
  /** The most that tags, and a template around one more turn, take. */
  markup: 8,
  /** A thinking budget that a server enforces by itself (`server-budget.ts`). */
  serverBudget: {
    /** What a request that verifies it asks for less than ours. */
    early: 8,
    /** Servers count tags and blanks that we don't, or the other way round. */
    slack: 5,
    /** Above ours by this much, a server's budget never ends a thought before ours does. */
    late: 16,
    /** A shorter budget may end by chance where the model does. */
    shortestVerified: 48,
  },
} as const;

/** An estimate may be too low by this factor: code and non-Latin scripts take more tokens than their length suggests. */
const estimateFactor = 1.5;
/** Longest text that one token of a stream is taken for; longer pieces hold several. Characters. */
const longestToken = 24;

/** Tokens of a text whose tokenizer is not available: about four Latin characters each, fewer in other scripts. */
export function estimateTokens(text: string): number {
  let units = 0;
  for (const character of text) units += (character.codePointAt(0) ?? 0) < 0x250 ? 0.25 : 0.7;
  return Math.ceil(units);
}

/** Tokens of one piece of a stream. Nearly all servers send token by token, so a piece is one unless it is longer than tokens are. */
export function tokensOfPiece(text: string): number {
  if (text === '') return 0;
  return text.length <= longestToken ? 1 : estimateTokens(text);
}

/** Tokens of a prompt whose tokenizer is not available: its texts, and what a template writes around each turn. */
export function estimatePrompt(prompt: Prompt): number {
  const turns = prompt.messages.map((message) => {
    const extra = message.role === 'assistant' ? JSON.stringify(message.toolCalls ?? '') + (message.thought ?? '') : '';
    return estimateTokens(message.content + extra) + tokenMargins.turn + mediaOf(message).length * tokenMargins.media;
  });
  const tools = prompt.tools === undefined ? 0 : estimateTokens(JSON.stringify(prompt.tools));
  return turns.reduce((sum, tokens) => sum + tokens, tools + tokenMargins.prompt);
}

/** Tokens of texts that a call continues: their own ids where they have them. */
export function tokensOfSegments(segments: readonly ThoughtSegment[]): number {
  return segments.reduce((sum, { text, tokenIds }) => sum + (tokenIds?.length || estimateTokens(text)), 0);
}

/** Tokens of an answer that thinking leaves room for in any case: all of them, unless the request names a reserve. */
export function reserveOf({ maxTokens, reserve = maxTokens }: Pick<AnswerRequest, 'maxTokens' | 'reserve'>): number {
  return reserve;
}

/** The answer's part of `max_output_tokens`, or of what the context leaves: the usual reserve, and half of a small cap. */
export function answerShare(maxOutputTokens: number | undefined, usual: number): number {
  if (maxOutputTokens === undefined) return usual;
  const least = Math.min(maxOutputTokens, tokenMargins.leastShared);
  return Math.min(usual, Math.max(least, Math.floor(maxOutputTokens / 2)));
}

/** Tokens of computed values that a thought of at most so many sampled tokens may be given besides: a quarter. */
export function computeAllowance(thinkingTokens: number): number {
  return Math.floor(thinkingTokens / 4);
}

/** Tokens that may be sampled within `room`, so that their computed values fit as well. */
export function thinkingWithin(room: number): number {
  return Math.floor((room * 4) / 5);
}

/**
 * The most tokens that a new request may think. Each chain has the context to itself; all chains share `max_output_tokens`, which
 * has to hold the stop-thinking sentence of one of them as well.
 * `inContext`: what the context alone allows.
 */
export function thinkingAllowed(limits: {
  contextLeft: number;
  reserve: number;
  samples: number;
  maxOutputTokens: number | undefined;
  compute: boolean;
}): { allowed: number; inContext: number } {
  const { contextLeft, reserve, samples, maxOutputTokens = Number.POSITIVE_INFINITY } = limits;
  const inContext = (contextLeft - reserve) * samples;
  const room = Math.max(0, Math.min(inContext, maxOutputTokens - reserve - tokenMargins.handOver));
  return { allowed: limits.compute && Number.isFinite(room) ? thinkingWithin(room) : room, inContext };
}

/** The largest `max_output_tokens` that leaves nothing to think with: beside the answer's share stands one stop-thinking sentence. */
export function mostWithoutThinking(share: number, compute: boolean): number {
  // Of one token, nothing is left beside a quarter of it.
  return share + tokenMargins.handOver + (compute ? 1 : 0);
}

/** Output tokens that a request can use: its thoughts with what is computed in them, a reserve for each answer that is not chosen, and the answer. */
export function usableOutput(plan: {
  thinking: number;
  otherAnswers: number;
  reserve: number;
  answerTokens: number;
}): number {
  return plan.thinking + plan.otherAnswers * plan.reserve + plan.answerTokens;
}

export type Budget = {
  /** Tokens that `rows` chains may still sample in thoughts together; answers, stop-thinking sentences, computed values and `fed` tokens are kept back. */
  thinking(rows: number, fed?: number): number;
  /** Tokens that each of `rows` answers may have after `thought` tokens of all rows: the reserve, and more where it is left. */
  answer(rows: number, thought?: number): number;
  /** Tokens of computed values that a thought of so many sampled ones may be given besides; 0 where nothing is computed. */
  computed(thought: number): number;
};

/**
 * What is left of a request's tokens. `budgetTokens` bounds sampled thoughts over all chains, verdicts and revisions; the
 * answer has a reserve of its own that thinking can't use; `maxOutputTokens` bounds all of it.
 */
export function createBudget(limits: {
  budgetTokens: number;
  answer: Pick<AnswerRequest, 'maxTokens' | 'reserve'>;
  maxOutputTokens: number | undefined;
  /** Values are computed in the thoughts. */
  compute: boolean;
  /** What was used so far, and what a stopped run may have used (`token-counts.ts`). */
  usage: { snapshot(): RunningUsage; withheld(): number };
}): Budget {
  const { maxTokens } = limits.answer;
  const left = (cap: number, used: (usage: RunningUsage) => number): number =>
    cap - used(limits.usage.snapshot()) - limits.usage.withheld();
  const outputLeft = (): number => Math.max(0, left(limits.maxOutputTokens ?? Number.POSITIVE_INFINITY, outputTokens));
  return {
    thinking(rows, fed = 0) {
      const room = outputLeft() - rows * (reserveOf(limits.answer) + tokenMargins.handOver) - fed;
      const granted = left(limits.budgetTokens, thinkingTokens);
      return Math.max(0, Math.min(granted, limits.compute ? thinkingWithin(room) : room));
    },
    answer(rows, thought) {
      if (thought === undefined) return Math.min(maxTokens, Math.floor(outputLeft() / rows));
      return Math.min(maxTokens, Math.floor((outputLeft() - thought) / rows) - tokenMargins.handOver);
    },
    computed: (thought) => (limits.compute ? computeAllowance(thought) : 0),
  };
}

/** The thinking budget of one call to a model, which its samples share. No token is sampled once it is used up. */
export type ThinkingBudget = {
  readonly left: number;
  /** Takes tokens; false, and the rest is dropped, where fewer are left. */
  take(tokens: number): boolean;
  /** Tokens taken so far. */
  readonly taken: number;
  /** Aborted when nothing is left, which stops every sample that still thinks. */
  readonly usedUp: AbortSignal;
};

export function createThinkingBudget(budgetTokens: number): ThinkingBudget {
  const usedUp = new AbortController();
  let left = budgetTokens;
  let taken = 0;
  const end = () => {
    left = 0;
    usedUp.abort(new Error('the thinking budget is used up'));
  };
  if (left <= 0) end();
  return {
    get left() {
      return left;
    },
    get taken() {
      return taken;
    },
    take(tokens) {
      const enough = tokens <= left;
      if (enough) {
        left -= tokens;
        taken += tokens;
      }
      if (!enough || left === 0) end();
      return enough;
    },
    usedUp: usedUp.signal,
  };
}

/**
 * How `room` of the context is shared within one sequence: the answer's reserve first, then the thought with its computed
 * values, which get at most a fifth of what is left; the answer has the rest.
 */
export function shareRoom(
  room: number,
  { thinking, answer }: { thinking: ThinkingRequest | undefined; answer: AnswerRequest },
): { thinking: number; computed: number; answer: number } {
  const wanted = Math.min(thinking?.budgetTokens ?? 0, thinking?.perSampleTokens ?? Number.POSITIVE_INFINITY);
  const left = Math.max(0, room - reserveOf(answer));
  const computed = Math.min(thinking?.computeTokens ?? 0, computeAllowance(thinkingWithin(left)));
  const sampled = Math.max(0, Math.min(wanted, left - computed));
  return { thinking: sampled, computed, answer: Math.min(answer.maxTokens, room - sampled - computed) };
}

/** A prompt whose exact length only its server knows, with what the call adds to it. */
type PromptLoad = {
  contextLength: number;
  /** Our estimate of the prompt. */
  estimate: number;
  /** Of texts that thought and answer continue. */
  begun: number;
  budgetTokens: number;
  answer: Pick<AnswerRequest, 'maxTokens' | 'reserve'>;
};

/** Whether the prompt may not fit, so that its exact length matters. */
export function isNearLimit({ contextLength, estimate, begun, budgetTokens, answer }: PromptLoad): boolean {
  return estimate * estimateFactor + begun + budgetTokens + answer.maxTokens > contextLength;
}

/**
 * What the context leaves besides a prompt: `room` for a sample, and `answerTokens` at most, which is never below the reserve.
 * `shares`: answers that one call may ask for. Without `exact` the answer's cap allows for an estimate that is too low,
 * because a server refuses what doesn't fit.
 */
export function roomBesidePrompt(
  { contextLength, estimate, begun, budgetTokens, answer }: PromptLoad,
  { exact, shares }: { exact: number | undefined; shares: number },
): { tokens: number; fits: boolean; room: number; answerTokens: number } {
  const tokens = exact ?? estimate;
  const reserve = reserveOf(answer);
  const safe = contextLength - (exact ?? Math.ceil(estimate * estimateFactor)) - begun - budgetTokens;
  return {
    tokens,
    fits: tokens + reserve <= contextLength,
    room: contextLength - tokens - begun,
    answerTokens: Math.min(answer.maxTokens, Math.max(reserve, Math.floor(safe / shares))),
  };
}

/** The part of a call's thinking budget that each of its samples has where they can't share it. */
export function shareOfSample(
  { budgetTokens, perSampleTokens = Number.POSITIVE_INFINITY }: ThinkingRequest,
  samples: number,
): number {
  return Math.min(perSampleTokens, Math.floor(budgetTokens / samples));
}

/**
 * What a turn that ends in a call (or in a program to run) has used: the call is part of the thought as far as `left` tokens
 * of the thinking budget go, the rest of it counts as answer.
 */
export function withCallAsThought(usage: ChainUsage, left: number): ChainUsage {
  const { thinkingTokens, forcedTokens, answerTokens } = usage;
  const asThought = Math.max(0, Math.min(answerTokens, left - thinkingTokens));
  return { thinkingTokens: thinkingTokens + asThought, forcedTokens, answerTokens: answerTokens - asThought };
}

/** What `room` leaves to a thought beside the answer's reserve and `inserted` tokens; negative where not even those fit. */
export function roomForThought(
  room: number,
  { answer, inserted }: { answer: Pick<AnswerRequest, 'maxTokens' | 'reserve'>; inserted: number },
): number {
  return room - reserveOf(answer) - inserted;
}
