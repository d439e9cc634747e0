import { answerValue } from '../../answers/answer-value.ts';
import type { NormalAnswer } from '../../answers/normal-answer.ts';
import { canonical, normalise, sameAnswer } from '../../answers/normalise.ts';
import type { CheckOutcome } from '../../checks/run-checks.ts';
import type { Constraint } from '../../contracts/responses/constraint.ts';
import type { Prompt } from '../../contracts/responses/prompt.ts';
import type { IncompleteReason } from '../../contracts/responses/reasoning.ts';
import type { CheckResult } from '../../contracts/responses/trace.ts';
import type { ThoughtSegment } from '../../core/language-model.ts';
import { repeatsItself } from '../../core/repetition.ts';
import { type UsageField, usageField } from '../../core/token-counts.ts';
import type { SampleRun } from './run-samples.ts';
import { cutBy, isEmptyAnswer, type Sample, type SampleAnswer, thoughtText } from './sample.ts';

/** How an answer came to be. */
type Origin = {
  phase: SampleRun['phase'];
  /** The greedy chain, revised or not. */
  greedy: boolean;
  /** The thought before it was cut by budget, deadline, loop or the user. */
  thoughtCut: boolean;
};

/** An answer that may be chosen, with what is known of it. */
export type Candidate = {
  /** The chain's number; null for the draft. */
  sample: number | null;
  origin: Origin;
  segments: readonly ThoughtSegment[];
  /** The prompt of its thought; undefined for the request's own. */
  told: Prompt | undefined;
  answer: SampleAnswer;
  /** Undefined if no value could be read from it: it has no vote then. */
  value: NormalAnswer | undefined;
  checks: readonly CheckOutcome[];
  /** Lines that checks found wrong; of an earlier attempt's candidate only the first of each check is known. */
  failedLines: number;
  /** The slow checks were asked. */
  slowChecked: boolean;
  /** Why its answer did not come to its end, if it did not; and whether it repeats itself. */
  end: { cut: IncompleteReason | undefined; repeats: boolean };
  confidence: number | undefined;
  /** Mean log-probabilities of the thought's tokens and of the answer's, and how many tokens the whole thought has. */
  thoughtLogprob: number | undefined;
  answerLogprob: number | undefined;
  thoughtTokens: number | undefined;
  /** Where its answer's tokens are counted unless it is chosen. */
  counted: { phase: UsageField; tokens: number };
};

export function candidateOf(
  sample: Sample,
  from: {
    phase: SampleRun['phase'];
    question: string;
    constraint?: Constraint | undefined;
    checks: readonly CheckOutcome[];
    told?: Prompt;
    /** The first chain is greedy. */
    greedyFirst: boolean;
  },
): Candidate {
  const thinking = from.phase !== 'draft';
  return {
    sample: thinking ? sample.number : null,
    origin: {
      phase: from.phase,
      greedy: from.greedyFirst && thinking && sample.number === 0,
      thoughtCut: thinking && isCut(sample.thinkingStop),
    },
    segments: sample.segments,
    told: from.told,
    answer: sample.answer,
    value: readValue(sample.answer, from),
    checks: from.checks,
    failedLines: 0,
    slowChecked: false,
    end: { cut: cutBy(sample.finish), repeats: repeatsItself(sample.answer.text) },
    confidence: sample.scores.thinkingMeanLogprob ?? sample.scores.answerMeanLogprob,
    thoughtLogprob: sample.scores.thinkingMeanLogprob,
    answerLogprob: sample.scores.answerMeanLogprob,
    thoughtTokens: sample.usage.thinking,
    counted: { phase: usageField(from.phase, 'answer'), tokens: sample.usage.answer },
  };
}

/** Neither cut nor repeating itself; an answer that is either has no vote. */
export function isWhole({ end }: Pick<Candidate, 'end'>): boolean {
  return end.cut === undefined && !end.repeats;
}

export function failedValue(candidate: Pick<Candidate, 'checks'>): CheckOutcome | undefined {
  return candidate.checks.find((check) => check.judges === 'value' && check.verdict === 'fail');
}

/** The first failed line of the thought; of one line's failures, the one whose correction comes first in it. */
export function failedLine(checks: readonly CheckOutcome[]): CheckOutcome | undefined {
  const last = Number.POSITIVE_INFINITY;
  return checks
    .filter((check) => check.judges === 'line' && check.verdict === 'fail')
    .toSorted(
      (a, b) =>
        compareNumbers(a.line ?? last, b.line ?? last) || compareNumbers(a.repair?.at ?? last, b.repair?.at ?? last),
    )[0];
}

function compareNumbers(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** A check found a line or the value wrong. */
export function needsRevision(candidate: Pick<Candidate, 'checks'> | undefined): boolean {
  return candidate !== undefined && (failedLine(candidate.checks) ?? failedValue(candidate)) !== undefined;
}

/** Some check read this line of the thought and found it right. */
export function isHeld(checks: readonly CheckOutcome[], line: number): boolean {
  return checks.some((check) => check.judges === 'line' && check.held?.includes(line) === true);
}

/**
 * A revision that went on from a kept part of its chain's thought, with the length of the whole thought: it has counted only the
 * rest itself. The kept tokens are the chain's own, by the share of its text.
 */
export function withKept(revised: Candidate, chain: Candidate): Candidate {
  const [text, whole] = [thoughtText(revised), thoughtText(chain)];
  const { thoughtTokens: rest } = revised;
  if (rest === undefined || chain.thoughtTokens === undefined || whole === '') return revised;
  let kept = 0;
  while (kept < whole.length && text[kept] === whole[kept]) kept += 1;
  return { ...revised, thoughtTokens: rest + Math.round((chain.thoughtTokens * kept) / whole.length) };
}

type Compared = Pick<Candidate, 'checks' | 'failedLines' | 'answer' | 'end'>;

/** A revision that fails worse than what it revises does not take its place, nor one whose answer did not come to its end. */
function isWorse(revised: Compared, original: Compared): boolean {
  if (isEmptyAnswer(revised.answer) || (isWhole(original) && !isWhole(revised))) return true;
  const byValue = failedValues(revised) - failedValues(original);
  return byValue > 0 || (byValue === 0 && revised.failedLines > original.failedLines);
}

/** A revision takes the place of what it revises if no check finds it wrong, or if a chain that holds gave the same answer. */
export function replaces(revised: Candidate, original: Candidate, others: readonly Candidate[]): boolean {
  if (isWorse(revised, original)) return false;
  const { value, sample } = revised;
  const agrees = (other: Candidate) =>
    other.sample !== sample &&
    other.origin.phase !== 'draft' &&
    !needsRevision(other) &&
    value !== undefined &&
    other.value !== undefined &&
    sameAnswer(value, other.value);
  return !needsRevision(revised) || others.some(agrees);
}

/** Its first wrong line comes later, so it is worth continuing from. */
export function goesFurther(revised: Compared, original: Compared): boolean {
  if (isEmptyAnswer(revised.answer) || failedValues(revised) > failedValues(original)) return false;
  const [line, before] = [revised, original].map(({ checks }) => failedLine(checks)?.line);
  return line !== undefined && before !== undefined && line > before;
}

function failedValues({ checks }: Pick<Candidate, 'checks'>): number {
  return checks.filter((check) => check.judges === 'value' && check.verdict === 'fail').length;
}

/** The checks as the trace shows them. */
export function shownChecks(checks: readonly CheckOutcome[]): CheckResult[] {
  return checks.map(({ name, verdict, judges, detail, line, wrong, confirms }) => ({
    name,
    verdict,
    judges,
    detail,
    ...(line === undefined ? {} : { line }),
    ...(wrong === undefined ? {} : { wrong }),
    ...(confirms ? { confirms } : {}),
  }));
}

/** A thought that ended so was cut by budget, deadline, loop or the user. */
export function isCut(stop: string | undefined): boolean {
  return stop === 'budget' || stop === 'deadline' || stop === 'loop' || stop === 'user';
}

/** A call of a tool is an answer too: the same call is the same answer. So is any text that is constrained to a format. */
export function readValue(
  answer: SampleAnswer,
  { question, constraint }: { question: string; constraint?: Constraint | undefined },
): NormalAnswer | undefined {
  if (answer.toolCalls.length === 0) {
    const isHeldTo = constraint !== undefined && answer.text.trim() !== '';
    return answerValue(answer.text, question) ?? (isHeldTo ? normalise(answer.text) : undefined);
  }
  const calls = answer.toolCalls.map((call) => `${call.name}(${canonicalArguments(call.arguments)})`);
  return { kind: 'json', key: calls.join('; ') };
}

function canonicalArguments(text: string): string {
  try {
    return canonical(JSON.parse(text));
  } catch {
    return text;
  }
}
