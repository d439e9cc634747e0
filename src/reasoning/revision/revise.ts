import { showAnswer } from '../../answers/normalise.ts';
import type { Repair } from '../../checks/check.ts';
import type { CheckOutcome } from '../../checks/run-checks.ts';
import { isProof } from '../../checks/thought-lines.ts';
import type { Prompt } from '../../contracts/responses/prompt.ts';
import type { ThoughtSegment } from '../../core/language-model.ts';
import { reserveOf } from '../../core/token-ledger.ts';
import { type Deliberation, greedy, runJudged, sampled } from '../deliberation.ts';
import { type Candidate, failedLine, failedValue, goesFurther, replaces } from '../sampling/candidate.ts';
import type { SampleRun } from '../sampling/run-samples.ts';
import { thoughtText } from '../sampling/sample.ts';
import type { StrategyEvent } from '../strategy.ts';
import { fedTokens, searchLine } from './line-search.ts';
import { type RolledBack, rollBack } from './roll-back.ts';

/** A revision needs this part of a chain's natural length at least: less would only be cut. */
const leastPart = 0.25;
/** Where a line came out wrong twice, the model is sure of what is wrong: only a hotter draw gives another. */
const hotTemperature = 1;

/** Of revisions. `repair`: what a check knows to be right is put in the wrong line. */
type ReviseOptions = { repair: boolean };

/**
 * Puts a failed chain right, at most `max_revisions` times: back to its first wrong line, and on from there. Where the
 * check knows what is right, that is fed in its place (as a calculator is, arXiv 2110.14168); else the
 * family's correction sentence is fed and the line found anew; where that can't be, the model is told what failed. A
 * revision takes its chain's place only if no check finds it wrong, or another chain agrees with it (arXiv 2404.17140: small models
 * need the verifier).
 */
export async function* revise(
  deliberation: Deliberation,
  sample: number,
  options: ReviseOptions,
): AsyncGenerator<StrategyEvent, void, void> {
  const { candidates, context, budget, revisions } = deliberation;
  const allowed = context.effective.max_revisions;
  const made = new Set<string>();
  /** What is revised: the chain as it stands, or a revision of it that is right for longer and may yet come right. */
  let candidate = candidates.get(sample);
  while ((revisions.get(sample) ?? 0) < allowed) {
    if (candidate === undefined || !roomLeft(deliberation)) return;
    const number = (revisions.get(sample) ?? 0) + 1;
    revisions.set(sample, number);
    const plan = yield* planRevision(deliberation, candidate, number, options);
    if (plan === undefined) {
      // No check failed, or the line that did won't come right: more tries would be the same.
      revisions.set(sample, allowed);
      return;
    }
    const fed = await fedTokens(context, plan.thinking.prefix ?? []);
    if (!roomLeft(deliberation, fed)) return;
    // What was tried and dropped would come out of a greedy run as it was: then it is drawn.
    const key = JSON.stringify([plan.prompt.messages, thoughtText({ segments: plan.thinking.prefix ?? [] })]);
    const isGreedy = candidate.origin.greedy && !made.has(key);
    const thought = budget.thinking(1, fed);
    const computed = budget.computed(thought);
    made.add(key);
    const [revised] = yield* runJudged(deliberation, {
      ...plan,
      numbers: [sample],
      phase: 'revise',
      thinking: {
        ...plan.thinking,
        budgetTokens: thought,
        ...(computed > 0 && { computeTokens: computed }),
      },
      answer: { ...deliberation.answer, maxTokens: Math.max(1, budget.answer(1, thought + computed + fed)) },
      sampling: isGreedy ? greedy(context.sampling) : sampled(context, stream(sample, number, 0)),
    });
    const standing = candidates.get(sample);
    if (revised === undefined || standing === undefined) continue;
    const stands = replaces(revised, standing, [...candidates.values()]);
    if (stands) candidates.set(sample, revised);
    if (stands || goesFurther(revised, candidate)) candidate = revised;
  }
}

function roomLeft({ budget, natural, mustStop }: Deliberation, fed = 0): boolean {
  return (
    mustStop() === undefined && budget.thinking(1, fed) >= Math.max(1, natural * leastPart) && budget.answer(1) > 0
  );
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
  deliberation: Deliberation,
  candidate: Candidate,
  made: number,
  options: ReviseOptions,
): AsyncGenerator<StrategyEvent, RevisionPlan | undefined, void> {
  const { context } = deliberation;
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
      const prefix = options.repair ? await putRight(deliberation, line, back) : undefined;
      if (prefix !== undefined) {
        const summary = 'Puts the wrong line right and goes on from it.';
        return { prompt, thinking: { prefix }, summary, because: because(line) };
      }
      const about = { prompt, sample: candidate.sample ?? 0, wrongLine: back.wrongLine, because: because(line) };
      const first = sampled(context, stream(about.sample, made, 1));
      const hot = { ...sampled(context, stream(about.sample, made, 2)), temperature: hotTemperature };
      const found: ThoughtSegment[] | undefined =
        (yield* searchLine(deliberation, {
          ...about,
          prefix: back.corrected,
          sampling: first,
          summary: 'Takes the wrong line back and writes it anew.',
        })) ??
        (yield* searchLine(deliberation, {
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
  return failed === undefined ? undefined : await tellWhatFailed(deliberation, candidate, failed, options);
}

/**
 * The thought up to its wrong line, put right and fed; undefined where no check knows how, and where it takes more than a
 * chain or the answer's reserve may: the context has room for that much.
 */
async function putRight(
  { context, natural, answer }: Deliberation,
  { repair }: CheckOutcome,
  back: RolledBack,
): Promise<ThoughtSegment[] | undefined> {
  if (repair === undefined) return undefined;
  const prefix: ThoughtSegment[] = [...back.before, { text: rightLine(back.wrongLine, repair), fed: true }];
  return (await fedTokens(context, prefix)) > Math.min(natural, reserveOf(answer)) ? undefined : prefix;
}

/** The line as the check knows it to be right, up to where it was wrong. */
function rightLine(line: string, repair: Repair): string {
  return line.slice(0, repair.at) + repair.text;
}

/** Where a thought can't be gone on with: the reason, and the line as it is right where that is known. Undefined where it doesn't fit. */
async function tellWhatFailed(
  deliberation: Deliberation,
  candidate: Candidate,
  failed: CheckOutcome,
  options: ReviseOptions,
): Promise<RevisionPlan | undefined> {
  const { context, dependencies } = deliberation;
  const known = options.repair ? knownRight(candidate, failed) : undefined;
  const wrong =
    failed.wrong ?? (candidate.value === undefined ? candidate.answer.text.slice(0, 80) : showAnswer(candidate.value));
  const reason = sentence(failed.quoting ?? failed.detail);
  const { text, version } = dependencies.prompts.fill(
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
  if (tokens + reserveOf(deliberation.answer) > context.model.contextLength) return undefined;
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
