import { levelOf } from '../contracts/effort-table.ts';
import type { AnswerRequest, Sampling } from '../models/language-model.ts';
import { type Budget, createBudget, deadlinePassed, thinkingDeadline } from './budget.ts';
import { type Candidate, candidateOf, candidatesOf, isWhole, shownChecks } from './candidate.ts';
import { createJudge, type Judge } from './judge.ts';
import { showAnswer } from './normalise.ts';
import { type RunState, runSamples, type SampleRun } from './run-samples.ts';
import { createRunState } from './run-state.ts';
import { isEmptyAnswer, type Sample, thoughtText } from './sample.ts';
import { chainSummary } from './step-summary.ts';
import type { StrategyContext, StrategyDependencies, StrategyEvent } from './strategy.ts';

/** What the phases of one deliberation share. */
export type Deliberation = {
  state: RunState;
  context: StrategyContext;
  dependencies: StrategyDependencies;
  budget: Budget;
  judge: Judge;
  /** The latest of each chain, and of the draft (null), that stands. */
  candidates: Map<number | null, Candidate>;
  /** Revisions that were made of each chain. */
  revisions: Map<number, number>;
  /** Tokens that one chain may think. */
  cap: number;
  /** Of a chain's answer; what was shown before is not forced on it. */
  answer: AnswerRequest;
  /** Why no more may be begun, if so. */
  mustStop(): 'user' | 'deadline' | undefined;
  /** When a thought that is begun now has to end. Epoch ms; undefined without a deadline. */
  thinkUntil(): number | undefined;
};

export function createDeliberation(
  context: StrategyContext,
  dependencies: StrategyDependencies,
  options: { checks: boolean },
): Deliberation {
  const state = createRunState(context);
  const judge = createJudge(context, dependencies, options.checks ? context.checks : []);
  const { prefix: _, ...answer } = context.answer;
  const level = levelOf(context.table, context.effective.effort);
  return {
    state,
    context,
    dependencies,
    judge,
    answer,
    budget: createBudget({
      budgetTokens: context.effective.budget_tokens,
      answer: context.answer,
      maxOutputTokens: context.maxOutputTokens,
      compute: computes(context),
      usage: state.usage,
    }),
    candidates: new Map(
      candidatesOf(context.finishedSteps, { question: judge.question, constraint: answer.constraint }).map((one) => [
        one.sample,
        one,
      ]),
    ),
    revisions: revisionsOf(context),
    cap: level.per_sample_tokens,
    thinkUntil: () => thinkingDeadline(context, draftMs(state)),
    mustStop: () => (context.answerNow.aborted ? 'user' : deadlinePassed(context) ? 'deadline' : undefined),
  };
}

/** Values are computed in the thoughts of this request. */
export function computes({ effective, model }: Pick<StrategyContext, 'effective' | 'model'>): boolean {
  return effective.compute === 'on' && model.capabilities.compute;
}

/** What the draft took. */
function draftMs({ trace }: RunState): number | undefined {
  return trace.steps().find(({ phase }) => phase === 'draft')?.duration_ms;
}

function revisionsOf(context: StrategyContext): Map<number, number> {
  const made = new Map<number, number>();
  for (const { phase, sample, stop_reason } of context.finishedSteps) {
    // A search for a line is part of the revision that goes on from it.
    if (phase === 'revise' && sample !== null && stop_reason !== 'line') made.set(sample, (made.get(sample) ?? 0) + 1);
  }
  return made;
}

/** The fast answer: the last resort and one ballot of little weight. */
export async function* makeDraft(deliberation: Deliberation): AsyncGenerator<StrategyEvent, void, void> {
  const { budget, context, candidates } = deliberation;
  const most = draftTokens(context);
  const room = Math.min(budget.answer(1), most);
  if (context.finishedSteps.some(({ phase }) => phase === 'draft') || room === 0) return;
  yield { type: 'phase', phase: 'draft', step: 1, steps: undefined };
  const drafts = yield* runJudged(deliberation, {
    prompt: context.prompt,
    numbers: [0],
    phase: 'draft',
    answer: { ...deliberation.answer, maxTokens: room },
    sampling: greedy(context.sampling),
    summary: 'Drafts a fast answer.',
  });
  for (const draft of drafts) {
    // What the draft's own cap has cut is neither a ballot nor an answer.
    const cutShort = draft.cut === 'max_output_tokens' && room === most && most < reserveOf(deliberation.answer);
    if (!isEmptyAnswer(draft.answer) && !cutShort) candidates.set(null, draft);
  }
}

/**
 * Tokens of a draft. It is there to be voted on, and what can be voted on is short; only where it may have to stand for the
 * answer, is held to a form, or may call a tool, has it the whole reserve.
 */
function draftTokens({ answer, prompt, deadlineAt }: StrategyContext): number {
  const reserve = reserveOf(answer);
  const callsTools = (prompt.tools?.length ?? 0) > 0 && answer.toolCalls !== 'none';
  if (deadlineAt !== undefined || answer.constraint !== undefined || callsTools) return reserve;
  return Math.min(reserve, 256, Math.max(64, Math.floor(reserve / 4)));
}

function reserveOf({ maxTokens, reserve = maxTokens }: AnswerRequest): number {
  return reserve;
}

/**
 * Chains of thought of the request's own prompt. `rows` that the budget can't carry whole are left out: fewer chains,
 * not shorter ones, apart from the first. Gives the numbers of those that were run.
 */
export async function* think(
  deliberation: Deliberation,
  wave: {
    numbers: readonly number[];
    greedy: boolean;
    /** True once what has been found so far is enough: the wave's other chains are stopped. */
    enough(found: readonly Candidate[]): boolean;
  },
): AsyncGenerator<StrategyEvent, readonly number[], void> {
  const { budget, context, candidates, cap } = deliberation;
  let rows = wave.numbers.length;
  while (rows > 1 && (budget.thinking(rows) < rows * cap || budget.answer(rows) < reserveOf(deliberation.answer)))
    rows -= 1;
  const numbers = wave.numbers.slice(0, rows);
  const thought = Math.min(budget.thinking(rows), rows * cap);
  const computed = budget.computed(Math.min(cap, thought));
  const first = numbers[0] ?? 0;
  // Beside an answer that can be voted on, further ones are ballots: one that outgrows the reserve is none.
  const votes = [...candidates.values()].some((one) => one.sample !== null && one.value !== undefined && isWhole(one));
  const most = votes ? context.effective.answer_reserve_tokens : Number.POSITIVE_INFINITY;
  const maxTokens = Math.max(1, Math.min(most, budget.answer(rows, thought + rows * computed)));
  yield { type: 'phase', phase: 'think', step: first + 1, steps: context.effective.samples };
  const found = yield* runJudged(
    deliberation,
    {
      prompt: context.prompt,
      numbers,
      phase: 'think',
      thinking: { budgetTokens: thought, perSampleTokens: cap, ...(computed > 0 && { computeTokens: computed }) },
      answer: { ...deliberation.answer, maxTokens },
      sampling: wave.greedy ? greedy(context.sampling) : sampled(context, first),
      summary: wave.greedy ? 'Thinks in one greedy chain.' : 'Thinks in a sampled chain.',
    },
    wave.enough,
  );
  for (const candidate of found) if (!isEmptyAnswer(candidate.answer)) candidates.set(candidate.sample, candidate);
  return numbers;
}

/** Runs samples and the checks that only compute, whose results are on the samples' steps. */
export async function* runJudged(
  deliberation: Deliberation,
  run: Omit<SampleRun, 'onSample'>,
  enough: (found: readonly Candidate[]) => boolean = () => false,
): AsyncGenerator<StrategyEvent, Candidate[], void> {
  const { judge, state } = deliberation;
  const found: Candidate[] = [];
  const onSample = async (sample: Sample) => {
    const told = run.prompt === state.context.prompt ? {} : { told: run.prompt };
    const { constraint } = run.answer;
    const from = { phase: run.phase, question: judge.question, constraint, checks: [], ...told };
    const unchecked = candidateOf(sample, from);
    const judged = { thought: thoughtText(sample), answer: sample.answer, value: unchecked.value };
    const checks = await judge.fast(judged);
    const candidate = { ...unchecked, checks, failedLines: await judge.failedLines(judged, checks) };
    found.push(candidate);
    const answer = candidate.value === undefined ? null : showAnswer(candidate.value);
    return {
      patch: { checks: shownChecks(checks), answer, summary: chainSummary(run.phase, candidate) },
      stop: enough(found),
    };
  };
  yield* runSamples(state, { thinkUntil: deliberation.thinkUntil(), ...run, onSample });
  return found.sort((a, b) => (a.sample ?? 0) - (b.sample ?? 0));
}

export function greedy(sampling: Sampling): Sampling {
  return { ...sampling, temperature: 0 };
}

/** Chains that were all greedy would all be the same: the table's temperature where the request has none. */
export function sampled(context: StrategyContext, stream: number): Sampling {
  const { sampling, table } = context;
  const temperature = sampling.temperature > 0 ? sampling.temperature : table.temperature;
  // Each run has a stream of its own: sample 0 of the second must not repeat sample 0 of the first.
  const seed = sampling.seed === undefined ? {} : { seed: (sampling.seed + Math.imul(stream + 1, 0x9e3779b1)) >>> 1 };
  return { ...sampling, ...seed, temperature };
}
