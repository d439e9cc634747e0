import { answerValue } from '../../answers/answer-value.ts';
import type { NormalAnswer } from '../../answers/normal-answer.ts';
import type { ProbeFeature } from '../../contracts/service/effort-table.ts';
import type { FinishReason, ModelEvent, TokenLogprob } from '../../core/language-model.ts';
import { tokensOfPiece } from '../../core/token-ledger.ts';
import { surprise } from '../voting/logistic.ts';

/** Tokens of a fast answer by which `auto` decides at the latest: what is longer is a text, and may be long. */
export const probeTokens = 64;

/** A fast answer as far as it has come. */
export type FastProbe = {
  text: string;
  /** Of its tokens, with the likeliest alternatives where the model gives them; empty where it gives none. */
  logprobs: readonly TokenLogprob[];
  /** Tokens; without token ids, those with log-probabilities, or else estimated, until the model reports the count at the end. */
  tokens: number;
  /** Those that count in the run's usage until the model reports them: the worker counts text without ids (`unreported-tokens.ts`). */
  counted: number;
  calls: number;
  /** Undefined while it runs. */
  finish: FinishReason | undefined;
  /** The stop text that ended it. */
  stopText?: string;
};

export const emptyProbe: FastProbe = { text: '', logprobs: [], tokens: 0, counted: 0, calls: 0, finish: undefined };

/** The probe with one more event of its sample. */
export function withEvent(probe: FastProbe, event: ModelEvent): FastProbe {
  switch (event.type) {
    case 'answer-delta':
      return {
        ...probe,
        text: probe.text + event.text,
        logprobs: [...probe.logprobs, ...event.logprobs],
        tokens: probe.tokens + (event.tokenIds.length || event.logprobs.length || tokensOfPiece(event.text)),
        counted: probe.counted + event.tokenIds.length,
      };
    case 'tool-call':
      return { ...probe, calls: probe.calls + 1 };
    case 'finish':
      return {
        ...probe,
        finish: event.reason,
        tokens: event.usage.answerTokens,
        counted: event.usage.answerTokens,
        ...(event.stopText !== undefined && { stopText: event.stopText }),
      };
    case 'thinking-delta':
    case 'thinking-end':
    case 'tool-start':
    case 'tool-result':
      return probe;
    default:
      return event satisfies never;
  }
}

/** What can be compared in it; undefined for open text. Read without a look at the question. */
export function probeValue({ text }: Pick<FastProbe, 'text'>): NormalAnswer | undefined {
  return answerValue(text, '');
}

/**
 * The numbers that `auto` decides from: of the model's own distribution, and of the form of what it said. Undefined where
 * the model gives no log-probabilities.
 */
export function probeFeatures(probe: FastProbe): Record<ProbeFeature, number | undefined> {
  const logprobs = probe.logprobs.map(({ logprob }) => logprob);
  const known = logprobs.length > 0;
  const value = probeValue(probe);
  return {
    mean_surprise: known ? surprise(logprobs.reduce((sum, one) => sum + one, 0) / logprobs.length) : undefined,
    most_surprise: known ? surprise(Math.min(...logprobs)) : undefined,
    first_margin: firstMargin(probe.logprobs[0]),
    length: Math.log(1 + probe.tokens),
    ended: Number(probe.finish === 'stop'),
    value: Number(value !== undefined),
    number: Number(value?.kind === 'number'),
  };
}

/** Nats beyond which a margin says no more. */
const mostMargin = 10;

/** How much likelier the first token was than any other. Nats. */
function firstMargin(first: TokenLogprob | undefined): number | undefined {
  const others = first?.top?.filter(({ token }) => token !== first.token) ?? [];
  if (first === undefined || others.length === 0) return undefined;
  const margin = first.logprob - Math.max(...others.map(({ logprob }) => logprob));
  return Math.max(-mostMargin, Math.min(mostMargin, margin));
}
