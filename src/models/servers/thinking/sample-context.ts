import type { ServiceError } from '../../../contracts/service/service-error.ts';
import type { GenerateRequest } from '../../../core/language-model.ts';
import type { ThinkingBudget } from '../../../core/token-ledger.ts';
import type { UpstreamModel } from '../../config/model-config.ts';
import type { ModelFamily } from '../../families/family.ts';
import type { Clock } from '../client/clock.ts';
import type { Place, Semaphore } from '../client/concurrency.ts';
import type { Dialect } from '../client/dialect.ts';
import type { UpstreamClient } from '../client/upstream-client.ts';
import type { LearnedReasoningStart, ReasoningStart } from '../stream/delta-splitter.ts';
import type { RawPrompt } from '../stream/raw-prompt.ts';
import { type Refusals, unlessRefused } from '../stream/refusals.ts';
import type { ServerBudget } from './server-budget.ts';

/**
 * How this server's new turns begin, with thinking and without. A template may open the thought itself; a server that doesn't
 * take thoughts out of the content then sends one without its opening tag. Known from the configuration, else from the
 * template if the server shows it, else from the first answers, whose text is buffered until it is known.
 */
export type ReasoningStarts = {
  of(context: SampleContext, thinking: boolean): Promise<ReasoningStart>;
  /** What the text of a buffered stream turned out to be. */
  learn(thinking: boolean, reasoningStart: LearnedReasoningStart): void;
  /** Whether a new turn thinks although it is asked not to, because its template has no switch. False if the server shows no template. */
  thinksAnyway(context: SampleContext): Promise<boolean>;
  /** Whether text without any tag may still be a thought, in a turn that is asked not to think. */
  mayHideThought(context: SampleContext): boolean;
};

export function createReasoningStarts(): ReasoningStarts {
  const known = new Map<boolean, LearnedReasoningStart>();
  const learn = (thinking: boolean, reasoningStart: LearnedReasoningStart) => void known.set(thinking, reasoningStart);
  let switchless: boolean | undefined;
  return {
    learn,
    async thinksAnyway(context) {
      if (context.family.tags === undefined) return false;
      switchless ??= await seen(context, () => context.hasNoSwitch());
      return switchless ?? false;
    },
    mayHideThought({ config, dialect, family, refusals }) {
      if (dialect.thinkingSwitch !== 'reasoning-effort' || refusals.has('reasoning_effort')) return true;
      // A model that only thinks less still thinks; and a server that once left out the opening tag may do so again.
      const less = family.templateArguments.off['reasoning_effort'] !== undefined;
      return less || config.thoughtOpenedByTemplate || known.get(true) === 'inside';
    },
    async of(context, thinking) {
      // A family without think tags has a marker, or nothing.
      if (context.family.tags === undefined) return thinking ? 'tagged' : 'untagged';
      // Such a server has a field for thoughts and leaves none in the content.
      if (!thinking && context.dialect.thinkingSwitch === 'reasoning-object') return 'tagged';
      if (thinking && context.config.thoughtOpenedByTemplate) return 'inside';
      if (!known.has(thinking)) {
        const opened = await seen(context, async () => (await context.render({ thinking })).opened);
        // A thought that the template doesn't open may still come without its opening tag: its model, or a server, leaves it out.
        if (opened === true || (opened === false && !thinking)) learn(thinking, opened ? 'inside' : 'tagged');
      }
      return known.get(thinking) ?? 'held';
    },
  };
}

/** What a rendering shows; undefined where the server doesn't show any. */
async function seen(context: SampleContext, look: () => Promise<boolean>): Promise<boolean | undefined> {
  if (context.dialect.render === undefined || context.refusals.has('raw')) return undefined;
  try {
    return await unlessRefused(context.refusals, look);
  } catch (error) {
    if (context.signal.aborted) throw error;
    // Where the route fails in another way, the answer itself will say what is wrong, if anything is.
    return undefined;
  }
}

/** What the samples of one request have in common. */
export type SampleContext = {
  config: UpstreamModel;
  dialect: Dialect;
  family: ModelFamily;
  client: UpstreamClient;
  refusals: Refusals;
  reasoningStarts: ReasoningStarts;
  serverBudget: ServerBudget;
  /** Logs once what the server can't do; continues "The server behind X …". */
  warn(what: string): void;
  clock: Clock;
  request: GenerateRequest;
  /** Thinking tokens that the samples of this request share. */
  budget: ThinkingBudget;
  /** Tokens of the context for what a sample decodes and is given, after the prompt and the texts that it continues. */
  room: number;
  /** The prompt's tokens as far as they are known before the server says. */
  promptTokens: number;
  /** The server's rendering, asked for once. */
  render(options: { thinking: boolean }): Promise<RawPrompt>;
  /** Whether the template has no switch of the family's: it renders alike with thinking and without. @throws UpstreamRefused */
  hasNoSwitch(): Promise<boolean>;
  /** Which slots of the server have which sample's cache. */
  slots: SlotHolders;
  /** Text of one token of the server; undefined where it doesn't say. */
  tokenText(id: number): Promise<string | undefined>;
  /** Ids of an inserted text by the server's tokenizer; undefined where the server offers none. */
  tokenise(text: string): Promise<readonly number[] | undefined>;
  semaphore: Semaphore;
  signal: AbortSignal;
  answerNow: AbortSignal | undefined;
  /** Why samples of this request ended by a fault of their own; undefined: the first fault ends all of them. */
  faults: ServiceError[] | undefined;
};

/** One sample's context: it holds a place of the semaphore. */
export type AdmittedContext = SampleContext & { place: Place };

/**
 * Which sample each slot of a server decoded last. A sample asks for its slot again, because its cache is there; once another
 * sample was given that slot it asks for none, so that two never wait for the same one.
 */
export type SlotHolders = { took(slot: number, sample: Tally): void; of(sample: Tally): number | undefined };

export function createSlotHolders(): SlotHolders {
  const holders = new Map<number, Tally>();
  return {
    took(slot, sample) {
      for (const [other, holder] of holders) if (holder === sample) holders.delete(other);
      holders.set(slot, sample);
    },
    of: (sample) => [...holders].find(([, holder]) => holder === sample)?.[0],
  };
}

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
