import { sameAnswer, showAnswer } from '../../answers/normalise.ts';
import type { Repair } from '../../checks/check.ts';
import type { CheckOutcome } from '../../checks/run-checks.ts';
import { isProof } from '../../checks/thought-lines.ts';
import type { Prompt } from '../../contracts/responses/prompt.ts';
import type { ThoughtSegment } from '../../core/language-model.ts';
import { type Budget, reserveOf } from '../../core/token-ledger.ts';
import { mustStop } from '../deadline.ts';
import type { Prompts } from '../prompts.ts';
import { chainAnswer, naturalTokens } from '../run-state.ts';
import { type Candidate, failedLine, failedValue, goesFurther, replaces, withKept } from '../sampling/candidate.ts';
import { greedy, sampled } from '../sampling/draw.ts';
import { type Judging, runJudged } from '../sampling/judged-samples.ts';
import type { SampleRun } from '../sampling/run-samples.ts';
import { thoughtText } from '../sampling/sample.ts';
import type { StrategyContext, StrategyEvent } from '../strategy.ts';
import { fedTokens, searchLine } from './line-search.ts';
import { type RolledBack, rollBack } from './roll-back.ts';

/** A revision needs this part of a chain's natural length at least: less would only be cut. */
const leastPart = 0.25;
/** If a line was wrong twice, the model is sure of its mistake: only a higher temperature gives another line. */
const hotTemperature = 1;

/** `repair`: if a check knows the correct line, it replaces the wrong one. */
export type ReviseOptions = { repair: boolean };

type Revising = Judging & { budget: Budget; prompts: Prompts };

/**
 * Revises a failed chain, at most `max_revisions` times, from its first wrong line. If the check knows the correct line,
 * that is inserted in its place (like a calculator's result, arXiv 2110.14168); otherwise the family's correction sentence
 * is inserted and the line is sampled again; if the model can't continue a thought, the prompt says what failed. A revision
 * replaces its chain only if no check finds it wrong, or if another chain agrees with it (arXiv 2404.17140: small models need
 * the verifier). A revision that gives an answer which a check has already found wrong is the last one.
 */
export async function* revise(
  revising: Revising,
  sample: number,
  options: ReviseOptions,
): AsyncGenerator<StrategyEvent, void, void> {
  const { budget, state } = revising;
  const { context } = state;
  const { standing, revisions } = revising.chains;
  const allowed = context.effective.max_revisions;
  const made = new Set<string>();
  /** What is revised: the chain as it stands, or a revision of it whose first wrong line comes later. */
  let candidate = standing.get(sample);
  /** The chain as it stood, and its revisions. */
  const given = candidate === undefined ? [] : [candidate];
  while ((revisions.get(sample) ?? 0) < allowed) {
    if (candidate === undefined || !roomLeft(revising)) return;
    const number = (revisions.get(sample) ?? 0) + 1;
    revisions.set(sample, number);
    const plan = yield* planRevision(revising, candidate, number, options);
    if (plan === undefined) {
      // No check failed, or the line could not be corrected: more tries would be the same.
      revisions.set(sample, allowed);
      return;
    }
    const fed = await fedTokens(context, plan.thinking.prefix ?? []);
    if (!roomLeft(revising, fed)) return;
    // A greedy run would repeat a revision that was tried and dropped, so the next one is sampled.
    const key = JSON.stringify([plan.prompt.messages, thoughtText({ segments: plan.thinking.prefix ?? [] })]);
    const isGreedy = candidate.origin.greedy && !made.has(key);
    const thought = budget.thinking(1, fed);
    const computed = budget.computed(thought);
    made.add(key);
    const [found] = yield* runJudged(revising, {
      ...plan,
      numbers: [sample],
      phase: 'revise',
      thinking: {
        ...plan.thinking,
        budgetTokens: thought,
        ...(computed > 0 && { computeTokens: computed }),
      },
      answer: { ...chainAnswer(context), maxTokens: Math.max(1, budget.answer(1, thought + computed + fed)) },
      sampling: isGreedy ? greedy(context.sampling) : sampled(context, stream(sample, number, 0)),
    });
    const earlier = standing.get(sample);
    if (found === undefined || earlier === undefined) continue;
    const revised = plan.thinking.prefix === undefined ? found : withKept(found, candidate);
    const stands = replaces(revised, earlier, [...standing.values()]);
    if (stands) standing.set(sample, revised);
    if (stands || goesFurther(revised, candidate)) candidate = revised;
    // After a greedy revision the next one is sampled, which may still give another answer.
    else if (!isGreedy && given.some((earlier) => isRefutedAgain(revised, earlier))) {
      revisions.set(sample, allowed);
      return;
    }
    given.push(revised);
  }
}

/** A check found the same value wrong in both; without a value, the same text. */
function isRefutedAgain(revised: Candidate, earlier: Candidate): boolean {
  if (failedValue(revised) === undefined || failedValue(earlier) === undefined) return false;
  return revised.value === undefined || earlier.value === undefined
    ? revised.answer.text.trim() === earlier.answer.text.trim()
    : sameAnswer(revised.value, earlier.value);
}

function roomLeft({ budget, state: { context } }: Pick<Revising, 'budget' | 'state'>, fed = 0): boolean {
  const least = Math.max(1, naturalTokens(context) * leastPart);
  return mustStop(context) === undefined && budget.thinking(1, fed) >= least && budget.answer(1) > 0;
}

/** The number of a random stream, different for each sampling of a revision. */
function stream(sample: number, made: number, draw: number): number {
  return 1000 * made + 100 * draw + sample;
}

type RevisionPlan = Pick<SampleRun, 'prompt' | 'summary' | 'because' | 'prompted'> & {
  thinking: Pick<NonNullable<SampleRun['thinking']>, 'prefix'>;
};

/** Undefined if no check failed, or if the failure can't be revised. */
async function* planRevision(
  revising: Revising,
  candidate: Candidate,
  made: number,
  options: ReviseOptions,
): AsyncGenerator<StrategyEvent, RevisionPlan | undefined, void> {
  const { context } = revising.state;
  const line = failedLine(candidate.checks);
  const { rollback, correction } = context.model.capabilities;
  const { max_revisions: allowed } = context.effective;
  yield { type: 'phase', phase: 'revise', step: made, steps: allowed };
  const canRollBack = rollback && correction !== undefined && candidate.sample !== null;
  if (canRollBack && line?.line !== undefined && line.wrong !== undefined) {
    const back = rollBack(candidate.segments, { line: line.line, correction, wrong: line.wrong });
    if (back !== undefined) {
      // The mistake is somewhere before it, in a line that looks right: another chain is worth more than this one.
      if (isProof(back.wrongLine)) return undefined;
      const prompt = candidate.told ?? context.prompt;
      const prefix = options.repair ? await corrected(context, line, back) : undefined;
      if (prefix !== undefined) {
        const summary = 'Corrects the wrong line and continues from it.';
        return { prompt, thinking: { prefix }, summary, because: because(line) };
      }
      const about = { prompt, sample: candidate.sample ?? 0, wrongLine: back.wrongLine, because: because(line) };
      const first = sampled(context, stream(about.sample, made, 1));
      const hot = { ...sampled(context, stream(about.sample, made, 2)), temperature: hotTemperature };
      const found: ThoughtSegment[] | undefined =
        (yield* searchLine(revising, {
          ...about,
          prefix: back.corrected,
          sampling: first,
          summary: 'Retracts the wrong line and rewrites it.',
        })) ??
        (yield* searchLine(revising, {
          ...about,
          prefix: back.before,
          sampling: hot,
          summary: 'Removes the wrong line and rewrites it.',
        }));
      if (found === undefined) return undefined;
      return { prompt, thinking: { prefix: found }, summary: 'Continues from the new line.', because: because(line) };
    }
  }
  const failed = failedValue(candidate) ?? line;
  return failed === undefined ? undefined : await promptWithFailure(revising, candidate, failed, options);
}

/**
 * The thought up to its wrong line, with the correct line to insert; undefined if no check knows it, or if it is longer than
 * a chain or the answer's reserve may be: the context has room for that much.
 */
async function corrected(
  context: StrategyContext,
  { repair }: CheckOutcome,
  back: RolledBack,
): Promise<ThoughtSegment[] | undefined> {
  if (repair === undefined) return undefined;
  const prefix: ThoughtSegment[] = [...back.before, { text: rightLine(back.wrongLine, repair), fed: true }];
  return (await fedTokens(context, prefix)) > Math.min(naturalTokens(context), reserveOf(context.answer))
    ? undefined
    : prefix;
}

/** The line as the check knows it to be correct, up to where it was wrong. */
function rightLine(line: string, repair: Repair): string {
  return line.slice(0, repair.at) + repair.text;
}

/** For a thought that can't be continued: the prompt with the reason, and with the correct line if it is known. Undefined if it does not fit. */
async function promptWithFailure(
  { state: { context }, prompts }: Pick<Revising, 'state' | 'prompts'>,
  candidate: Candidate,
  failed: CheckOutcome,
  options: ReviseOptions,
): Promise<RevisionPlan | undefined> {
  const known = options.repair ? knownRight(candidate, failed) : undefined;
  const wrong =
    failed.wrong ?? (candidate.value === undefined ? candidate.answer.text.slice(0, 80) : showAnswer(candidate.value));
  const reason = sentence(failed.quoting ?? failed.detail);
  const { text, version } = prompts.fill(
    'revise',
    { wrong, reason: known === undefined ? reason : `${reason} Right is: ${sentence(known)}` },
    context.model.capabilities.family,
  );
  const prompt: Prompt = {
    ...context.prompt,
    messages: [
      ...context.prompt.messages,
      { role: 'assistant', content: candidate.answer.text },
      { role: 'user', content: text },
    ],
  };
  const tokens = await context.model.countTokens(prompt, { thinking: true });
  // After a long answer there may be no room for another.
  if (tokens + reserveOf(context.answer) > context.model.contextLength) return undefined;
  return {
    prompt,
    thinking: {},
    summary: 'Thinks again, with the failed check in the prompt.',
    because: because(failed),
    prompted: version,
  };
}

function knownRight(candidate: Candidate, { line, repair }: CheckOutcome): string | undefined {
  const wrongLine = line === undefined ? undefined : thoughtText(candidate).split('\n')[line];
  if (wrongLine === undefined || repair === undefined || isProof(wrongLine)) return undefined;
  return rightLine(wrongLine, repair);
}

function because(failed: CheckOutcome): string {
  return `${failed.name}: ${failed.quoting ?? failed.detail}`;
}

function sentence(detail: string): string {
  const text = detail.trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
