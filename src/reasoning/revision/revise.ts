import { showAnswer } from '../../answers/normalise.ts';
import type { Repair } from '../../checks/check.ts';
import type { CheckOutcome } from '../../checks/run-checks.ts';
import { isProof } from '../../checks/thought-lines.ts';
import type { Prompt } from '../../contracts/responses/prompt.ts';
import type { ThoughtSegment } from '../../core/language-model.ts';
import { type Budget, reserveOf } from '../../core/token-ledger.ts';
import { mustStop } from '../deadline.ts';
import type { Prompts } from '../prompts.ts';
import { chainAnswer, naturalTokens } from '../run-state.ts';
import { type Candidate, failedLine, failedValue, goesFurther, replaces } from '../sampling/candidate.ts';
import { greedy, sampled } from '../sampling/draw.ts';
import { type Judging, runJudged } from '../sampling/judged-samples.ts';
import type { SampleRun } from '../sampling/run-samples.ts';
import { thoughtText } from '../sampling/sample.ts';
import type { StrategyContext, StrategyEvent } from '../strategy.ts';
import { fedTokens, searchLine } from './line-search.ts';
import { type RolledBack, rollBack } from './roll-back.ts';

/** A revision needs this part of a chain's natural length at least: less would only be cut. */
const leastPart = 0.25;
/** Where a line came out wrong twice, the model is sure of what is wrong: only a hotter draw gives another. */
const hotTemperature = 1;

/** `repair`: what a check knows to be right is put in the wrong line. */
export type ReviseOptions = { repair: boolean };

type Revising = Judging & { budget: Budget; prompts: Prompts };

/**
 * Puts a failed chain right, at most `max_revisions` times: back to its first wrong line, and on from there. Where the
 * check knows what is right, that is fed in its place (as a calculator is, arXiv 2110.14168); else the
 * family's correction sentence is fed and the line found anew; where that can't be, the model is told what failed. A
 * revision takes its chain's place only if no check finds it wrong, or another chain agrees with it (arXiv 2404.17140: small models
 * need the verifier).
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
  /** What is revised: the chain as it stands, or a revision of it that is right for longer and may yet come right. */
  let candidate = standing.get(sample);
  while ((revisions.get(sample) ?? 0) < allowed) {
    if (candidate === undefined || !roomLeft(revising)) return;
    const number = (revisions.get(sample) ?? 0) + 1;
    revisions.set(sample, number);
    const plan = yield* planRevision(revising, candidate, number, options);
    if (plan === undefined) {
      // No check failed, or the line that did won't come right: more tries would be the same.
      revisions.set(sample, allowed);
      return;
    }
    const fed = await fedTokens(context, plan.thinking.prefix ?? []);
    if (!roomLeft(revising, fed)) return;
    // What was tried and dropped would come out of a greedy run as it was: then it is drawn.
    const key = JSON.stringify([plan.prompt.messages, thoughtText({ segments: plan.thinking.prefix ?? [] })]);
    const isGreedy = candidate.origin.greedy && !made.has(key);
    const thought = budget.thinking(1, fed);
    const computed = budget.computed(thought);
    made.add(key);
    const [revised] = yield* runJudged(revising, {
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
    if (revised === undefined || earlier === undefined) continue;
    const stands = replaces(revised, earlier, [...standing.values()]);
    if (stands) standing.set(sample, revised);
    if (stands || goesFurther(revised, candidate)) candidate = revised;
  }
}

function roomLeft({ budget, state: { context } }: Pick<Revising, 'budget' | 'state'>, fed = 0): boolean {
  const least = Math.max(1, naturalTokens(context) * leastPart);
  return mustStop(context) === undefined && budget.thinking(1, fed) >= least && budget.answer(1) > 0;
}

/** A number of its own for each draw of a revision. */
function stream(sample: number, made: number, draw: number): number {
  return 1000 * made + 100 * draw + sample;
}

type RevisionPlan = Pick<SampleRun, 'prompt' | 'summary' | 'because' | 'prompted'> & {
  thinking: Pick<NonNullable<SampleRun['thinking']>, 'prefix'>;
};

/** Undefined where no check failed, or where nothing can be done about it. */
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
      // The mistake lies somewhere before it, in a line that looks right: another chain is worth more than this one.
      if (isProof(back.wrongLine)) return undefined;
      const prompt = candidate.told ?? context.prompt;
      const prefix = options.repair ? await putRight(context, line, back) : undefined;
      if (prefix !== undefined) {
        const summary = 'Puts the wrong line right and goes on from it.';
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
          summary: 'Takes the wrong line back and writes it anew.',
        })) ??
        (yield* searchLine(revising, {
          ...about,
          prefix: back.before,
          sampling: hot,
          summary: 'Goes back to before the wrong line.',
        }));
      if (found === undefined) return undefined;
      return { prompt, thinking: { prefix: found }, summary: 'Goes on from the new line.', because: because(line) };
    }
  }
  const failed = failedValue(candidate) ?? line;
  return failed === undefined ? undefined : await tellWhatFailed(revising, candidate, failed, options);
}

/**
 * The thought up to its wrong line, put right and fed; undefined where no check knows how, and where it takes more than a
 * chain or the answer's reserve may: the context has room for that much.
 */
async function putRight(
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

/** The line as the check knows it to be right, up to where it was wrong. */
function rightLine(line: string, repair: Repair): string {
  return line.slice(0, repair.at) + repair.text;
}

/** Where a thought can't be gone on with: the reason, and the line as it is right where that is known. Undefined where it doesn't fit. */
async function tellWhatFailed(
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
  // Beside a long answer there may be no room for another.
  if (tokens + reserveOf(context.answer) > context.model.contextLength) return undefined;
  return {
    prompt,
    thinking: {},
    summary: 'Is told what failed and thinks again.',
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
