import type { GenerateRequest } from '../../../core/language-model.ts';
import type { UpstreamModel } from '../../config/model-config.ts';
import type { ModelFamily } from '../../families/family.ts';
import type { Clock } from '../client/clock.ts';
import type { Dialect } from '../client/dialect.ts';
import type { Gate, Place } from '../client/gate.ts';
import type { UpstreamClient } from '../client/upstream-client.ts';
import type { RawPrompt } from '../stream/raw-prompt.ts';
import type { Refusals } from '../stream/refusals.ts';
import type { Openings } from './openings.ts';
import type { Purse } from './purse.ts';
import type { ServerBudget } from './server-budget.ts';

/** What the samples of one request have in common. */
export type SampleContext = {
  config: UpstreamModel;
  dialect: Dialect;
  family: ModelFamily;
  client: UpstreamClient;
  refusals: Refusals;
  openings: Openings;
  serverBudget: ServerBudget;
  /** Says once of a server what it can't do; continues "The server behind X …". */
  warn(what: string): void;
  clock: Clock;
  request: GenerateRequest;
  purse: Purse;
  /** Tokens that the context leaves to what a sample decodes and is fed: beside the prompt and the begun texts. */
  room: number;
  /** The prompt's tokens as far as they are known before the server says. */
  promptTokens: number;
  /** The server's rendering, asked for once. */
  render(options: { thinking: boolean }): Promise<RawPrompt>;
  /** Whether the template has no switch of the family's: it renders alike with thinking and without. @throws UpstreamRefused */
  hasNoSwitch(): Promise<boolean>;
  /** Ids of a fed text by the server's tokenizer; undefined where it has none to ask. */
  tokenise(text: string): Promise<readonly number[] | undefined>;
  gate: Gate;
  signal: AbortSignal;
  answerNow: AbortSignal | undefined;
};

/** One sample's context: it holds a place at the gate. */
export type AdmittedContext = SampleContext & { place: Place };

/** What a sample has used so far. Tokens. */
export type Tally = {
  inputTokens: number | undefined;
  cachedTokens: number;
  thinkingTokens: number;
  forcedTokens: number;
  /** Of `forcedTokens`, those that the first request's prompt holds. */
  fedInPrompt: number;
  thinkingLogprobs: { sum: number; count: number };
};

export const newTally = (): Tally => ({
  inputTokens: undefined,
  cachedTokens: 0,
  thinkingTokens: 0,
  forcedTokens: 0,
  fedInPrompt: 0,
  thinkingLogprobs: { sum: 0, count: 0 },
});
