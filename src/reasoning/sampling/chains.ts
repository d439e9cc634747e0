import { checks } from '../../checks/index.ts';
import type { CheckOutcome } from '../../checks/run-checks.ts';
import type { Constraint } from '../../contracts/responses/constraint.ts';
import type { TraceStep } from '../../contracts/responses/trace.ts';
import { repeatsItself } from '../../core/repetition.ts';
import { usageField } from '../../core/token-counts.ts';
import type { StrategyContext } from '../strategy.ts';
import { type Candidate, failedValue, isCut, readValue, replaces, withKept } from './candidate.ts';
import { type SampleAnswer, segmentsOf } from './sample.ts';

/** The chains of one request: what they came to so far. */
export type Chains = {
  /** The first chain is greedy. */
  greedyFirst: boolean;
  /** The latest candidate of each chain, and of the draft (null), that stands. */
  standing: Map<number | null, Candidate>;
  /** How often each chain was revised. */
  revisions: Map<number, number>;
};

/** Begins with what an earlier attempt has finished. */
export function createChains(
  { finishedSteps, answer }: Pick<StrategyContext, 'finishedSteps' | 'answer'>,
  { question, greedyFirst }: { question: string; greedyFirst: boolean },
): Chains {
  const candidates = candidatesOf(finishedSteps, { question, constraint: answer.constraint, greedyFirst });
  return {
    greedyFirst,
    standing: new Map(candidates.map((one) => [one.sample, one])),
    revisions: revisionsOf(finishedSteps),
  };
}

function revisionsOf(steps: readonly TraceStep[]): Map<number, number> {
  const made = new Map<number, number>();
  for (const { phase, sample, stop_reason } of steps) {
    // The search for a line is part of the revision that continues from it.
    if (phase === 'revise' && sample !== null && stop_reason !== 'line') made.set(sample, (made.get(sample) ?? 0) + 1);
  }
  return made;
}

/** The candidates of finished steps; where a chain was revised, the last that stands. */
function candidatesOf(
  steps: readonly TraceStep[],
  from: { question: string; constraint?: Constraint | undefined; greedyFirst: boolean },
): Candidate[] {
  const all: Candidate[] = [];
  for (const step of steps) {
    if (step.phase === 'check') {
      const at = all.findLastIndex(({ sample }) => sample === step.sample);
      const asked = all[at];
      if (asked !== undefined)
        all[at] = { ...asked, slowChecked: true, checks: [...asked.checks, ...outcomesOf(step)] };
      continue;
    }
    if ((step.phase !== 'draft' && step.phase !== 'think' && step.phase !== 'revise') || !step.answer_text?.trim())
      continue;
    // A fast answer that auto has stopped is not an answer.
    if (step.decided !== undefined && step.stop_reason === 'length') continue;
    const { answer_cut: cut, answer_stop: stopText } = step;
    const answer: SampleAnswer = {
      text: step.answer_text,
      logprobs: [],
      toolCalls: [],
      ...(stopText !== undefined && { stopText }),
    };
    const found = outcomesOf(step);
    const candidate: Candidate = {
      sample: step.sample,
      origin: {
        phase: step.phase,
        greedy: from.greedyFirst && step.phase !== 'draft' && step.sample === 0,
        thoughtCut: step.phase !== 'draft' && isCut(step.stop_reason ?? undefined),
      },
      segments: segmentsOf(step),
      told: undefined,
      answer,
      value: readValue(answer, from),
      checks: found,
      failedLines: step.checks.filter((check) => check.judges === 'line' && check.verdict === 'fail').length,
      // The fast answer of auto has been given to the caller's checks already.
      slowChecked: found.some(({ slow }) => slow),
      end: {
        // Of earlier versions, only the steps of chains that did not think say so.
        cut: cut ?? (step.stop_reason === 'length' ? 'max_output_tokens' : undefined),
        repeats: repeatsItself(answer.text),
      },
      confidence: step.confidence ?? undefined,
      thoughtLogprob: (step.usage?.thinking ?? 0) === 0 ? undefined : (step.confidence ?? undefined),
      answerLogprob: step.answer_confidence,
      thoughtTokens: step.usage?.thinking,
      counted: { phase: usageField(step.phase, 'answer'), tokens: step.usage?.answer ?? 0 },
    };
    // A revision without a prompt of its own went on from a part of its chain.
    const revises =
      step.phase === 'revise' && step.prompt === null
        ? all.findLast(({ sample }) => sample === step.sample)
        : undefined;
    all.push(revises === undefined ? candidate : withKept(candidate, revises));
  }
  const standing = new Map<number | null, Candidate>();
  for (const candidate of all.map((one) => withSlowChecks(one, all))) {
    const earlier = standing.get(candidate.sample);
    const stands = earlier === undefined || replaces(candidate, earlier, [...standing.values()]);
    if (stands) standing.set(candidate.sample, candidate);
  }
  return [...standing.values()];
}

/** What the slow checks said of another candidate's answer holds for the same text: they were asked once. */
export function withSlowChecks(candidate: Candidate, others: readonly Candidate[]): Candidate {
  if (candidate.slowChecked || failedValue(candidate) !== undefined) return candidate;
  const known = others.find((other) => other.slowChecked && other.answer.text === candidate.answer.text);
  if (known === undefined) return candidate;
  const slow = known.checks.filter((check) => check.slow);
  return { ...candidate, slowChecked: true, checks: [...candidate.checks, ...slow] };
}

function outcomesOf(step: TraceStep): CheckOutcome[] {
  return step.checks.map((check) => ({
    ...check,
    confirms: check.confirms ?? false,
    slow: checks.get(check.name)?.slow === true,
  }));
}
