import type { AnswerVerdict } from '../../contracts/responses/answer-verdict.ts';
import type { CheckResult } from '../../contracts/responses/trace.ts';
import type { Certainty } from '../../contracts/service/effort-table.ts';
import { type Candidate, failedValue, needsRevision } from '../sampling/candidate.ts';
import { isEmptyAnswer, type Sample } from '../sampling/sample.ts';
import type { StrategyContext } from '../strategy.ts';
import { agreeing, certaintyOf, groupsOf, standingOf } from './certainty.ts';

/** The reason of a verdict if every attempt failed a check. */
export const guess = 'Every attempt failed a check; take this as a guess.';

/** The same if only answers that were cut, or repeat themselves, did not. */
export const refuted = 'A check found this answer wrong, and there was no better one; take this as a guess.';

/** The verdict on an answer that no chain gave: the chains gave none, so the model answered at once. */
export const unthoughtVerdict: AnswerVerdict = {
  kind: 'single',
  agreement: null,
  probability: null,
  because: 'No chain gave an answer, so this is a fast one.',
};

/** The verdict on a fast answer that stands for those which the chains did not give; null where it is empty too. */
export function fastVerdict(
  { answer }: Pick<Sample, 'answer'>,
  { answer: { prefix } }: Pick<StrategyContext, 'answer'>,
): AnswerVerdict | null {
  return isEmptyAnswer(answer) && prefix === undefined ? null : unthoughtVerdict;
}

/**
 * The one verdict on the answer that is given. A caller's check that confirms it comes first, then checks that every attempt
 * failed, then what the chains say.
 */
export function verdictOf(
  winner: Candidate,
  candidates: readonly Candidate[],
  certainty: Certainty | null,
  /** Chains that were begun, those that were stopped before their end included. */
  begun = 0,
): AnswerVerdict {
  const chains = candidates.filter(({ origin }) => origin.phase !== 'draft');
  const agree = agreeing(winner, chains).length;
  const isCompared = winner.value !== undefined && chains.length > 1;
  const agreement = isCompared ? { agree, of: chains.length } : null;
  const verified = verifiedBy(winner);
  if (verified !== undefined) return { ...verified, agreement };
  // The estimate knows nothing of a caller's check that found this answer wrong.
  const isRefuted = winner.checks.some(({ confirms, verdict }) => confirms && verdict === 'fail');
  const isEstimated = winner.origin.phase !== 'draft' && !isRefuted;
  const probability = isEstimated ? certaintyOf(standingOf(winner, candidates), certainty) : null;
  const shared = { agreement, probability };
  const guessed = guessOf(winner, candidates);
  if (guessed !== undefined) return { kind: 'unsure', ...shared, because: guessed };
  if (agreement !== null) return { ...shared, ...compared(winner, chains, agreement) };
  if (winner.origin.phase === 'draft' && chains.length === 0) return unthoughtVerdict;
  const because =
    winner.value === undefined
      ? 'Answers in open text are not compared with each other.'
      : winner.origin.phase === 'draft'
        ? 'The fast answer was kept; the only chain gave a different one.'
        : begun > chains.length
          ? 'One chain ended, and the others were stopped, so there is nothing to compare it with.'
          : 'One chain was run, so there is nothing to compare it with.';
  return { kind: 'single', ...shared, because };
}

/** Why the winner is only a guess: checks found every candidate wrong, or its own value, and none of the caller's confirmed it. */
export function guessOf(winner: Candidate, candidates: readonly Candidate[]): string | undefined {
  if (candidates.every((one) => needsRevision(one) && confirmedBy(one) === undefined)) return guess;
  return failedValue(winner) !== undefined && confirmedBy(winner) === undefined ? refuted : undefined;
}

type Confirming = { checks: ReadonlyArray<Pick<CheckResult, 'name' | 'verdict' | 'confirms'>> };

/** The verdict on an answer that a check of the caller's confirmed; undefined where none did. */
export function verifiedBy(answer: Confirming): AnswerVerdict | undefined {
  const confirming = confirmedBy(answer);
  if (confirming === undefined) return undefined;
  const because = `The caller's check ${confirming} confirmed this answer.`;
  return { kind: 'verified', agreement: null, probability: null, because };
}

/** The caller's check that found this answer right; undefined where another such check found it wrong. */
export function confirmedBy({ checks }: Confirming): string | undefined {
  const confirming = checks.filter(({ confirms }) => confirms);
  if (confirming.some(({ verdict }) => verdict === 'fail')) return undefined;
  return confirming.find(({ verdict }) => verdict === 'pass')?.name;
}

function compared(
  winner: Candidate,
  chains: readonly Candidate[],
  { agree, of }: { agree: number; of: number },
): Pick<AnswerVerdict, 'kind' | 'because'> {
  // An answer that a check found wrong does not compete.
  const own = agreeing(winner, chains);
  const rival = Math.max(
    0,
    ...groupsOf(chains)
      .filter(({ members }) => members.some((one) => failedValue(one) === undefined && !own.includes(one)))
      .map(({ members }) => members.length),
  );
  if (agree < 2) return { kind: 'unsure', because: `No two of ${of} chains gave this answer.` };
  if (rival >= agree) {
    const others = rival === agree ? 'as many' : `${rival}`;
    const because = `The chains disagree: ${agree} of ${of} gave this answer, ${others} gave another.`;
    return { kind: 'unsure', because };
  }
  return { kind: 'agreed', because: `${agree} of ${of} chains gave this answer.` };
}
