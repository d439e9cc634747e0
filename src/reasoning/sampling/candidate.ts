import { answerValue } from '../../answers/answer-value.ts';
import type { NormalAnswer } from '../../answers/normal-answer.ts';
import { canonical, normalise, sameAnswer } from '../../answers/normalise.ts';
import type { CheckOutcome } from '../../checks/run-checks.ts';
import type { Constraint } from '../../contracts/responses/constraint.ts';
import type { Prompt } from '../../contracts/responses/prompt.ts';
import type { IncompleteReason } from '../../contracts/responses/reasoning.ts';
import type { CheckResult, TraceStep } from '../../contracts/responses/trace.ts';
import type { ThoughtSegment } from '../../core/language-model.ts';
import { repeatsItself } from '../../core/repetition.ts';
import { type UsageField, usageField } from '../../core/token-counts.ts';
import { cutBy } from './answer-live.ts';
import type { SampleRun } from './run-samples.ts';
import { isEmptyAnswer, type Sample, type SampleAnswer, segmentsOf } from './sample.ts';

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
  /** What it was thought on; undefined for the request's own prompt. */
  told: Prompt | undefined;
  answer: SampleAnswer;
  /** Undefined where nothing could be read from it: it is no ballot then. */
  value: NormalAnswer | undefined;
  checks: readonly CheckOutcome[];
  /** Lines that checks found wrong; of an earlier attempt's candidate only the first of each check is known. */
  failedLines: number;
  /** The slow checks were asked. */
  slowChecked: boolean;
  /** Why its answer did not come to its end, if it did not; and whether it repeats itself. */
  end: { cut: IncompleteReason | undefined; repeats: boolean };
  confidence: number | undefined;
  /** Mean log-probabilities of the thought's tokens and of the answer's, and how many tokens were thought. */
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

/** The candidates of an earlier attempt's finished steps; where a chain was revised, the last that stands. */
export function candidatesOf(
  steps: readonly TraceStep[],
  from: { question: string; constraint?: Constraint | undefined; greedyFirst: boolean },
): Candidate[] {
  const all: Candidate[] = [];
  for (const step of steps) {
    if (step.phase === 'check') {
      const at = all.findLastIndex(({ sample }) => sample === step.sample);
      const asked = all[at];
      if (asked !== undefined)
        all[at] = { ...asked, slowChecked: true, checks: [...asked.checks, ...outcomesOf(step, true)] };
      continue;
    }
    if ((step.phase !== 'draft' && step.phase !== 'think' && step.phase !== 'revise') || !step.answer_text) continue;
    // A draft that was stopped is no answer (strategies/auto.ts).
    if (step.phase === 'draft' && step.stop_reason === 'length') continue;
    const answer: SampleAnswer = { text: step.answer_text, logprobs: [], toolCalls: [] };
    all.push({
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
      checks: outcomesOf(step, false),
      failedLines: step.checks.filter((check) => check.judges === 'line' && check.verdict === 'fail').length,
      slowChecked: false,
      end: {
        // Otherwise the stop reason of a chain says why its thought ended.
        cut: step.stop_reason === 'length' ? 'max_output_tokens' : undefined,
        repeats: repeatsItself(answer.text),
      },
      confidence: step.confidence ?? undefined,
      thoughtLogprob: (step.usage?.thinking ?? 0) === 0 ? undefined : (step.confidence ?? undefined),
      answerLogprob: step.answer_confidence,
      thoughtTokens: step.usage?.thinking,
      counted: { phase: usageField(step.phase, 'answer'), tokens: step.usage?.answer ?? 0 },
    });
  }
  const standing = new Map<number | null, Candidate>();
  for (const candidate of all) {
    const earlier = standing.get(candidate.sample);
    const stands = earlier === undefined || replaces(candidate, earlier, [...standing.values()]);
    if (stands) standing.set(candidate.sample, candidate);
  }
  return [...standing.values()];
}

function outcomesOf({ checks }: TraceStep, slow: boolean): CheckOutcome[] {
  return checks.map((check) => ({ ...check, confirms: check.confirms ?? false, slow }));
}

/** Not cut, and not round in circles: what is either is no answer. */
export function isWhole({ end }: Pick<Candidate, 'end'>): boolean {
  return end.cut === undefined && !end.repeats;
}

export function failedValue(candidate: Pick<Candidate, 'checks'>): CheckOutcome | undefined {
  return candidate.checks.find((check) => check.judges === 'value' && check.verdict === 'fail');
}

/** The failed line that comes first in the thought; of one line's failures the one that is put right first in it. */
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

/** It is right for longer: worth to go on from, though more of what follows may be wrong. */
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

function isCut(stop: string | undefined): boolean {
  return stop === 'budget' || stop === 'deadline' || stop === 'loop' || stop === 'user';
}

/** A call of a tool is an answer too: the same call is the same answer. So is any text that is held to a form. */
function readValue(
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
