import type { AnswerKind } from '../../answers/normal-answer.ts';
import { sameAnswer } from '../../answers/normalise.ts';
import type { Certainty, CertaintyFeature } from '../../contracts/service/effort-table.ts';
import { type Candidate, isWhole } from '../sampling/candidate.ts';
import { logistic, surprise } from './logistic.ts';
import { groupByAnswer } from './vote.ts';

/** What is known of an answer at some moment of the thinking. */
export type Standing = {
  /** Undefined for open text, which can't be compared. */
  kind: AnswerKind | undefined;
  /** Chains that gave this answer, of those that have ended with one. */
  agree: number;
  of: number;
  /** Mean log-probability of the tokens of its thought and of its text; undefined where the model gives none. */
  thoughtLogprob: number | undefined;
  answerLogprob: number | undefined;
  /** Thinking tokens of its chain; undefined where they are not known. */
  thoughtTokens: number | undefined;
  /** Values were computed in its thought; undefined where that is not known. */
  computed: boolean | undefined;
  /** A check found its value or a line of its thought wrong, or those of the answer that it revises. */
  failed: boolean;
  /** Its thought was stopped and handed over to the answer. */
  handedOver: boolean;
};

/**
 * How probably an answer is right, 0 to 1, by the model's own calibration; null without one. Null for what calibration has
 * never seen, too: open text, calls of tools, and a thought that was stopped right after it began. No probability is nearer to
 * 0 or 1 than the number of questions that it was fitted on can tell (Laplace's rule of succession).
 */
export function certaintyOf(standing: Standing, certainty: Certainty | null): number | null {
  if (certainty === null || standing.kind === undefined || standing.kind === 'json') return null;
  if (wasStoppedEarly(standing, certainty)) return null;
  const probability = logistic(certaintyFeatures(standing), certainty);
  return (probability * certainty.questions + 1) / (certainty.questions + 2);
}

/**
 * Stopped before the half of a short thought (by one deviation). Calibration stops thoughts halfway, and otherwise a short thought is the
 * sign of an easy question: what was stopped after a few tokens would count as surely right.
 */
function wasStoppedEarly({ handedOver, thoughtTokens }: Standing, { features: { length } }: Certainty): boolean {
  if (!handedOver || thoughtTokens === undefined || length === undefined) return false;
  return Math.log(1 + thoughtTokens) < length.mean - length.deviation - Math.LN2;
}

/** What is known of the winner among the candidates; the draft does not count as a chain. */
export function standingOf(winner: Candidate, candidates: readonly Candidate[]): Standing {
  const chains = candidates.filter(({ origin }) => origin.phase !== 'draft');
  const { value, segments } = winner;
  const agree = agreeing(winner, chains).length;
  return {
    kind: value?.kind,
    agree,
    of: Math.max(1, chains.length),
    thoughtLogprob: winner.thoughtLogprob,
    answerLogprob: winner.answerLogprob,
    thoughtTokens: winner.thoughtTokens,
    computed: segments.some(({ expression }) => expression !== undefined),
    // What a check found wrong once is right less often than what was never found wrong, also where its revision holds.
    failed: winner.origin.phase === 'revise' || winner.checks.some(({ verdict }) => verdict === 'fail'),
    handedOver: winner.origin.thoughtCut,
  };
}

/** The chains that gave the same answer, itself included. */
export function agreeing(answer: Candidate, candidates: readonly Candidate[]): Candidate[] {
  const groups = groupsOf(candidates);
  const own = groups.find(({ members }) => members.includes(answer));
  const { value } = answer;
  return (own ?? groups.find((group) => value !== undefined && sameAnswer(group.answer, value)))?.members ?? [];
}

/**
 * Chains by answer, as the vote counts them. What is read from an answer that was cut or repeats itself may not be what it meant
 * to say: it counts only while there is no other.
 */
export function groupsOf(candidates: readonly Candidate[]): ReturnType<typeof groupByAnswer<Candidate>> {
  const whole = candidates.filter(isWhole);
  return groupByAnswer(whole.length > 0 ? whole : candidates, ({ value }) => value);
}

/** The numbers that the logistic model weighs; undefined where one is not known. */
export function certaintyFeatures(standing: Standing): Record<CertaintyFeature, number | undefined> {
  const { kind, agree, of } = standing;
  return {
    agreement: Math.log(Math.max(1, agree)),
    dissent: Math.log(1 + Math.max(0, of - agree)),
    thought_surprise: surprise(standing.thoughtLogprob),
    answer_surprise: surprise(standing.answerLogprob),
    length: standing.thoughtTokens === undefined ? undefined : Math.log(1 + standing.thoughtTokens),
    number: Number(kind === 'number'),
    either_or: Number(kind === 'truth' || kind === 'choice'),
    computed: standing.computed === undefined ? undefined : Number(standing.computed),
    failed_check: Number(standing.failed),
    handed_over: Number(standing.handedOver),
  };
}
