import { computeAllowance, thinkingWithin } from '../contracts/responses/compute.ts';
import { thinkingTokens } from '../contracts/responses/usage.ts';
import type { AnswerRequest, ThinkingRequest } from '../core/language-model.ts';
import { outputTokens, type UsageTotals } from './phase-usage.ts';
import type { StrategyContext } from './strategy.ts';

/** Kept of `max_output_tokens` for each chain's hand-over sentence, which is fed and counts. Tokens. */
export const handOverAllowance = 48;

/** Kept of `max_output_tokens` for the words that are fed where a thought ends too early. */
export const continuationAllowance = 96;

export type Budget = {
  /** Sampled tokens that `rows` chains may still think together, their answers' reserve, hand-over, computed values and `fed` tokens kept back. */
  thinking(rows: number, fed?: number): number;
  /** Tokens that each of `rows` answers may have: its reserve, and more as far as it goes, behind `thought` tokens of all rows. */
  answer(rows: number, thought?: number): number;
  /** Tokens of computed values that a thought of so many sampled ones may be fed besides; 0 where nothing is computed. */
  computed(thought: number): number;
};

/**
 * What is left of a request's tokens. `budgetTokens` bounds sampled thoughts over all chains, verdicts and revisions; the
 * answer has a reserve of its own that thinking can't eat; `maxOutputTokens` bounds all of it.
 */
export function createBudget(limits: {
  budgetTokens: number;
  answer: Pick<AnswerRequest, 'maxTokens' | 'reserve'>;
  maxOutputTokens: number | undefined;
  /** Values are computed in the thoughts. */
  compute: boolean;
  usage: UsageTotals;
}): Budget {
  const { maxTokens, reserve = maxTokens } = limits.answer;
  const outputLeft = (): number =>
    limits.maxOutputTokens === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(0, limits.maxOutputTokens - outputTokens(limits.usage.snapshot()) - limits.usage.withheld());
  return {
    thinking(rows, fed = 0) {
      const left = limits.budgetTokens - thinkingTokens(limits.usage.snapshot()) - limits.usage.withheld();
      const room = outputLeft() - rows * (reserve + handOverAllowance) - fed;
      return Math.max(0, Math.min(left, limits.compute ? thinkingWithin(room) : room));
    },
    answer(rows, thought) {
      if (thought === undefined) return Math.min(maxTokens, Math.floor(outputLeft() / rows));
      return Math.min(maxTokens, Math.floor((outputLeft() - thought) / rows) - handOverAllowance);
    },
    computed: (thought) => (limits.compute ? computeAllowance(thought) : 0),
  };
}

/**
 * Tokens that the rows of a stopped run may have thought beyond what they had told: a model decodes ahead of its reader, and
 * nobody reads what comes after the stop. `told`: tokens of each row's thought; a row whose thought has ended has told all.
 */
export function untoldThinking(
  granted: Pick<ThinkingRequest, 'budgetTokens' | 'perSampleTokens'> | undefined,
  rows: ReadonlyArray<{ told: number; ended: boolean }>,
): number {
  if (granted === undefined) return 0;
  const left = granted.budgetTokens - rows.reduce((sum, { told }) => sum + told, 0);
  const cap = granted.perSampleTokens ?? granted.budgetTokens;
  const most = rows.reduce((sum, { told, ended }) => sum + (ended ? 0 : Math.max(0, cap - told)), 0);
  return Math.max(0, Math.min(left, most));
}

type Timed = Pick<StrategyContext, 'deadlineAt' | 'deadline' | 'now'>;

/** True once a request's time is over, that of its answer included. */
export function deadlinePassed({ deadlineAt, deadline, now }: Timed): boolean {
  return deadline?.aborted === true || (deadlineAt !== undefined && now() >= deadlineAt);
}

/** Of what is left, where no answer was timed yet; and at most, where one was. */
const answerShare = { unknown: 1 / 4, most: 1 / 2 };
/** An answer behind a thought may take longer than a draft: the hand-over comes before it. */
const answerSlack = 1.5;

/**
 * When thinking has to end so that an answer still fits before the deadline. Epoch ms; undefined without a deadline.
 * `answerMs`: what an answer to this request took, prompt included.
 */
export function thinkingDeadline({ deadlineAt, now }: Timed, answerMs: number | undefined): number | undefined {
  if (deadlineAt === undefined) return undefined;
  const left = Math.max(0, deadlineAt - now());
  const kept =
    answerMs === undefined ? left * answerShare.unknown : Math.min(left * answerShare.most, answerMs * answerSlack);
  return deadlineAt - kept;
}
