import { emptyUsage, type RunningUsage } from '../contracts/responses/usage.ts';
import type { ChainUsage, ModelEvent, ThinkingRequest } from './language-model.ts';
import { tokenMargins, tokensOfPiece } from './token-ledger.ts';

/** Counting the tokens that were used, from the stream of a server to the `usage` of a response. All figures are tokens. */

/** What one sample has decoded and was given. */
type SampleTokens = { thinking: number; forced: number; answer: number };

/** A field of a response's `usage`. */
export type UsageField = keyof RunningUsage;

/** Running totals of one request. */
export type UsageTotals = {
  add(field: UsageField, tokens: number): void;
  /** Counts the prompt, once however many calls read it. */
  addPrompt(prompt: { inputTokens: number; cachedTokens: number }): void;
  /** A chosen answer leaves `discarded` or `draft` for `answer`, so that it is counted once. */
  move(from: UsageField, to: UsageField, tokens: number): void;
  /** Thinking that a stopped run may have done without reporting it: not counted as decoded, and never granted again. */
  withhold(tokens: number): void;
  withheld(): number;
  snapshot(): RunningUsage;
};

/** `before`: what is spent already. */
export function createUsageTotals(before: RunningUsage = emptyUsage()): UsageTotals {
  const totals = { ...before };
  let withheld = 0;
  return {
    add(field, tokens) {
      totals[field] = (totals[field] ?? 0) + tokens;
    },
    addPrompt({ inputTokens, cachedTokens }) {
      if (totals.input !== 0) return;
      totals.input += inputTokens;
      totals.cached += cachedTokens;
    },
    move(from, to, tokens) {
      totals[from] = (totals[from] ?? 0) - tokens;
      totals[to] = (totals[to] ?? 0) + tokens;
    },
    withhold(tokens) {
      withheld += tokens;
    },
    withheld: () => withheld,
    snapshot: () => ({ ...totals }),
  };
}

/**
 * What a broken attempt decoded and no finished step has. Its answer is not part of it: what was shown is continued, and counted
 * with the text.
 */
export function lostUsage(spent: RunningUsage, kept: RunningUsage): RunningUsage {
  const lost = emptyUsage();
  for (const field of lostFields) lost[field] = Math.max(0, spent[field] - kept[field]);
  return lost;
}

const lostFields = ['draft', 'think', 'check', 'revise', 'forced', 'discarded'] as const;

/** Where a sample's tokens are counted before an answer is chosen. */
export function usageField(
  phase: 'draft' | 'think' | 'revise',
  kind: keyof SampleTokens,
): 'draft' | 'think' | 'revise' | 'forced' | 'discarded' {
  if (kind === 'forced') return 'forced';
  if (phase === 'draft') return 'draft';
  return kind === 'thinking' ? phase : 'discarded';
}

/** Counts one sample's tokens by its model's events. */
export type SampleCounter = {
  readonly tokens: Readonly<SampleTokens>;
  /** Of `tokens.forced`, computed values. */
  readonly computed: number;
  /** Its thought is over: nothing more of it can come. */
  readonly thoughtEnded: boolean;
  /** Counts an event. A report replaces the count of the deltas by the model's own, since a server may send no token ids. */
  count(event: ModelEvent): void;
};

/**
 * `add` is called with each change, which is negative where the model reports less than was counted. `before`: what earlier
 * attempts spent in this sample, which is in the totals already and not in the model's report.
 */
export function createSampleCounter(
  add: (kind: keyof SampleTokens, tokens: number) => void,
  before: SampleTokens = { thinking: 0, forced: 0, answer: 0 },
): SampleCounter {
  const tokens = { ...before };
  let computed = 0;
  let thoughtEnded = false;
  const change = (kind: keyof SampleTokens, more: number): void => {
    tokens[kind] += more;
    add(kind, more);
  };
  const settle = (report: ChainUsage): void => {
    change('thinking', before.thinking + report.thinkingTokens - tokens.thinking);
    change('forced', before.forced + report.forcedTokens - tokens.forced);
    change('answer', before.answer + report.answerTokens - tokens.answer);
  };
  return {
    tokens,
    get computed() {
      return computed;
    },
    get thoughtEnded() {
      return thoughtEnded;
    },
    count(event) {
      if (event.type === 'thinking-delta') {
        if (event.expression !== undefined) computed += event.tokenIds.length;
        return change(event.forced ? 'forced' : 'thinking', event.tokenIds.length);
      }
      if (event.type === 'answer-delta') return change('answer', event.tokenIds.length);
      thoughtEnded ||= event.type === 'thinking-end' || event.type === 'finish';
      if (event.type === 'finish' || event.type === 'tool-start' || event.type === 'tool-result') settle(event.usage);
    },
  };
}

type Granted = Pick<ThinkingRequest, 'budgetTokens' | 'perSampleTokens'> | undefined;
type ReadSample = Pick<SampleCounter, 'thoughtEnded'> & { tokens: Pick<SampleTokens, 'thinking'> };

/** The thinking of a run that is stopped before its samples have ended, and that nobody has read. */
type StoppedRun = {
  /** For the model, which may report it before or after `withhold`, or never. */
  onStopped(thinkingTokens: number): void;
  /** First withholds all that the samples may have thought; once the model reports what they did think, the rest is granted again. */
  withhold(samples: readonly ReadSample[]): void;
};

export function createStoppedRun(usage: Pick<UsageTotals, 'withhold'>, granted: Granted): StoppedRun {
  let sampled: number | undefined;
  let release = () => {};
  return {
    onStopped(thinkingTokens) {
      sampled = thinkingTokens;
      release();
    },
    withhold(samples) {
      const unread = mostUnread(granted, samples);
      const read = samples.reduce((sum, { tokens }) => sum + tokens.thinking, 0);
      usage.withhold(unread);
      release = () => {
        if (sampled === undefined) return;
        usage.withhold(Math.min(0, sampled - read - unread));
        release = () => {};
      };
      release();
    },
  };
}

/**
 * The most that the samples of a stopped run may have thought beyond what was read: a model decodes ahead of its reader, and
 * nobody reads what comes after the stop. A sample whose thought has ended has reported all of it.
 */
export function mostUnread(granted: Granted, samples: readonly ReadSample[]): number {
  if (granted === undefined) return 0;
  const left = granted.budgetTokens - samples.reduce((sum, { tokens }) => sum + tokens.thinking, 0);
  const cap = granted.perSampleTokens ?? granted.budgetTokens;
  const most = samples.reduce(
    (sum, { tokens, thoughtEnded }) => sum + (thoughtEnded ? 0 : Math.max(0, cap - tokens.thinking)),
    0,
  );
  return Math.max(0, Math.min(left, most));
}

/** What one chunk of a server's stream says of its tokens. */
export type CountedChunk = {
  /** The server's running total, where it sends one. */
  decodedTokens: number | undefined;
  /** Tokens that it lists, by id or log-probability. */
  listed: number;
  text: string;
};

/**
 * Counts the tokens of one stream as they come: by the server's running total where it sends one, else by ids or
 * log-probabilities, else by pieces of text, which nearly all servers send token by token.
 */
export type TokenMeter = {
  /** Tokens that this chunk adds. */
  count(chunk: CountedChunk): number;
  /** No token of this stream was estimated. */
  exact(): boolean;
};

export function createTokenMeter(): TokenMeter {
  let total = 0;
  let exact = true;
  return {
    count({ decodedTokens, listed, text }) {
      const before = total;
      const estimate = tokensOfPiece(text);
      if (decodedTokens !== undefined && (exact || estimate === 0)) total = Math.max(total, decodedTokens);
      else {
        exact &&= listed > 0 || estimate === 0;
        total += listed || estimate;
      }
      return total - before;
    },
    exact: () => exact,
  };
}

/**
 * A stream's thought and answer by the server's final figures, in place of what was estimated; undefined where the estimate
 * stands. What would take the thought beyond `mostThinking` stays with the answer, so that the sum is what the server decoded.
 */
export function reconciled(
  estimated: { thinking: number; answer: number },
  reported: { decodedTokens: number; reasoningTokens: number | undefined },
  mostThinking: number,
): { thinking: number; answer: number } | undefined {
  const { thinking, answer } = estimated;
  const { decodedTokens, reasoningTokens } = reported;
  if (thinking + answer === 0) return undefined;
  // Tags and the end are tokens without text: so small a difference says that nothing was miscounted.
  const missed = decodedTokens - thinking - answer;
  if (missed >= 0 && missed <= tokenMargins.controlTags && !reasoningTokens) return undefined;
  const share = thinking / (thinking + answer);
  const known = reasoningTokens || Math.round(decodedTokens * share);
  const exact = Math.min(known, mostThinking);
  return { thinking: exact, answer: Math.max(0, decodedTokens - exact) };
}
