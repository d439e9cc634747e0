import { showAnswer } from '../answers/normalise.ts';
import { type EffortLevel, levelOf } from '../contracts/service/effort-table.ts';
import type { AnswerRequest, Sampling } from '../core/language-model.ts';
import { type Budget, createBudget, reserveOf } from '../core/token-ledger.ts';
import { deadlinePassed, thinkingDeadline } from './deadline.ts';
import { type CheckRunner, createCheckRunner } from './revision/check-runner.ts';
import { askSlowChecks } from './revision/slow-checks.ts';
import {
  type Candidate,
  candidateOf,
  candidatesOf,
  failedLine,
  failedValue,
  isWhole,
  shownChecks,
} from './sampling/candidate.ts';
import { createRunState, type RunState, runSamples, type SampleRun } from './sampling/run-samples.ts';
import { isEmptyAnswer, type Sample, thoughtText } from './sampling/sample.ts';
import type { Plan, StrategyContext, StrategyDependencies, StrategyEvent } from './strategy.ts';
import { endedByItself } from './voting/decide.ts';

/** One sentence on what a chain came to, without its thoughts. */
function chainSummary(phase: 'draft' | 'think' | 'revise', candidate: Candidate): string {
  const subject = { draft: 'The draft', think: 'The chain', revise: 'The revised chain' }[phase];
  if (isEmptyAnswer(candidate.answer)) return `${subject} gave no answer.`;
  const said = candidate.value === undefined ? 'gave an answer in words' : `answered ${showAnswer(candidate.value)}`;
  const stopped = `${candidate.origin.thoughtCut ? ' when its thinking was cut' : ''}${endOf(candidate)}`;
  const line = failedLine(candidate.checks);
  // What it says of a line quotes it, and the line is a thought.
  if (line !== undefined) return `${subject} ${said}${stopped}; a line failed its check (${line.name}).`;
  const failed = failedValue(candidate);
  if (failed !== undefined) return `${subject} ${said}${stopped}; a check found: ${failed.detail}.`;
  const passed = candidate.checks.filter((check) => check.verdict === 'pass').length;
  return `${subject} ${said}${stopped}${passed > 0 ? `; ${passed} ${passed === 1 ? 'check' : 'checks'} passed` : ''}.`;
}

function endOf({ end }: Candidate): string {
  if (end.repeats) return ', going round in circles';
  return end.cut ? ', and was cut' : '';
}

/** What the phases of one deliberation share. */
export type Deliberation = {
  state: RunState;
  context: StrategyContext;
  dependencies: StrategyDependencies;
  budget: Budget;
  checkRunner: CheckRunner;
  /** The latest of each chain, and of the draft (null), that stands. */
  candidates: Map<number | null, Candidate>;
  /** Revisions that were made of each chain. */
  revisions: Map<number, number>;
  /** Thinking tokens that a chain needs: nearly all end within so many. */
  natural: number;
  level: EffortLevel;
  /** The first chain is greedy. */
  greedyFirst: boolean;
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
  plan: Plan,
): Deliberation {
  const state = createRunState(context);
  const checkRunner = createCheckRunner(context, dependencies, plan.has('checks') ? context.checks : []);
  const { prefix: _, ...answer } = context.answer;
  const level = levelOf(context.table, context.effective.effort);
  const greedyFirst = startsGreedily(context, plan.has('greedy'));
  return {
    state,
    context,
    dependencies,
    checkRunner,
    answer,
    level,
    greedyFirst,
    natural: context.effective.natural_tokens ?? context.table.natural_tokens,
    budget: createBudget({
      budgetTokens: context.effective.budget_tokens,
      answer: context.answer,
      maxOutputTokens: context.maxOutputTokens,
      compute: computes(context),
      usage: state.usage,
    }),
    candidates: new Map(
      candidatesOf(context.finishedSteps, {
        question: checkRunner.question,
        constraint: answer.constraint,
        greedyFirst,
      }).map((one) => [one.sample, one]),
    ),
    revisions: revisionsOf(context),
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

/** The fast answer, for a request that may have to end before a chain does: it stands where no chain does. */
export async function* makeDraft(deliberation: Deliberation): AsyncGenerator<StrategyEvent, void, void> {
  const { budget, context, candidates, answer } = deliberation;
  const room = Math.min(budget.answer(1), reserveOf(answer));
  if (context.finishedSteps.some(({ phase }) => phase === 'draft') || room === 0) return;
  yield { type: 'phase', phase: 'draft', step: 1, steps: undefined };
  const drafts = yield* runJudged(deliberation, {
    prompt: context.prompt,
    numbers: [0],
    phase: 'draft',
    answer: { ...answer, maxTokens: room },
    sampling: greedy(context.sampling),
    summary: 'Drafts a fast answer.',
  });
  for (const draft of drafts) if (!isEmptyAnswer(draft.answer)) candidates.set(null, draft);
}

/**
 * Chains of thought of the request's own prompt, each as long as it comes to be within what is left of the budget. Chains
 * that the budget can't carry whole are left out, apart from the first. Gives the numbers of those that were run.
 */
export async function* think(
  deliberation: Deliberation,
  wave: {
    numbers: readonly number[];
    /** True once what has been found so far is enough: the wave's other chains are stopped. */
    enough(found: readonly Candidate[]): boolean;
  },
): AsyncGenerator<StrategyEvent, readonly number[], void> {
  const { budget, context, candidates, natural } = deliberation;
  const reserve = reserveOf(deliberation.answer);
  let rows = wave.numbers.length;
  while (rows > 1 && (budget.thinking(rows) < rows * natural || budget.answer(rows) < reserve)) rows -= 1;
  const numbers = wave.numbers.slice(0, rows);
  const budgetTokens = budget.thinking(rows);
  const computed = budget.computed(Math.ceil(budgetTokens / rows));
  // Beside an answer that can be voted on, further ones are ballots: one that outgrows the reserve is none.
  const votes = [...candidates.values()].some((one) => one.sample !== null && one.value !== undefined && isWhole(one));
  const most = votes ? context.effective.answer_reserve_tokens : Number.POSITIVE_INFINITY;
  const maxTokens = Math.max(1, Math.min(most, budget.answer(rows, budgetTokens + rows * computed)));
  const first = numbers[0] ?? 0;
  const isGreedy = deliberation.greedyFirst && first === 0;
  yield { type: 'phase', phase: 'think', step: first + 1, steps: context.effective.samples };
  const found = yield* runJudged(
    deliberation,
    {
      prompt: context.prompt,
      numbers,
      phase: 'think',
      thinking: { budgetTokens, ...(computed > 0 && { computeTokens: computed }) },
      answer: { ...deliberation.answer, maxTokens },
      sampling: isGreedy ? greedy(context.sampling) : sampled(context, first),
      summary: isGreedy ? 'Thinks in one greedy chain.' : 'Thinks in a sampled chain.',
    },
    wave.enough,
  );
  for (const candidate of found) if (!isEmptyAnswer(candidate.answer)) candidates.set(candidate.sample, candidate);
  return numbers;
}

/** Runs samples and the checks that only compute, whose results are on the samples' steps. */
export async function* runJudged(
  deliberation: Deliberation,
  run: Omit<SampleRun, 'onSample' | 'settles' | 'stands'>,
  enough: (found: readonly Candidate[]) => boolean = () => false,
): AsyncGenerator<StrategyEvent, Candidate[], void> {
  const { checkRunner, state } = deliberation;
  const found: Candidate[] = [];
  const onSample = async (sample: Sample) => {
    const told = run.prompt === state.context.prompt ? {} : { told: run.prompt };
    const { constraint } = run.answer;
    const { greedyFirst } = deliberation;
    const from = { phase: run.phase, question: checkRunner.question, constraint, checks: [], greedyFirst, ...told };
    const unchecked = candidateOf(sample, from);
    const judged = { thought: thoughtText(sample), answer: sample.answer, value: unchecked.value };
    const checks = await checkRunner.fast(judged);
    const candidate = { ...unchecked, checks, failedLines: await checkRunner.failedLines(judged, checks) };
    found.push(candidate);
    const answer = candidate.value === undefined ? null : showAnswer(candidate.value);
    return { checks: shownChecks(checks), answer, summary: chainSummary(run.phase, candidate) };
  };
  /** A caller's check that confirms an answer ends the thinking, so it is asked while the other chains go on. */
  async function* settles({ number }: Sample): AsyncGenerator<StrategyEvent, boolean, void> {
    const at = found.findIndex(({ sample }) => sample === (run.phase === 'draft' ? null : number));
    const candidate = found[at];
    if (candidate === undefined) return false;
    found[at] = yield* askSlowChecks(deliberation, candidate, [...deliberation.candidates.values(), ...found]);
    return enough(found);
  }
  /** A chain that was thought to its end stands: none that the budget cuts is worth its answer's tokens. */
  const stands = () => [...deliberation.candidates.values(), ...found].some(isFinished);
  const dropsCut = run.phase === 'think' ? { stands } : {};
  yield* runSamples(state, { thinkUntil: deliberation.thinkUntil(), ...run, ...dropsCut, onSample, settles });
  return found.sort((a, b) => (a.sample ?? 0) - (b.sample ?? 0));
}

/** Thought to its end, and answered to its end; no check found its value wrong. */
function isFinished(candidate: Candidate): boolean {
  const { origin, answer } = candidate;
  return (
    origin.phase !== 'draft' &&
    endedByItself(candidate) &&
    isWhole(candidate) &&
    !isEmptyAnswer(answer) &&
    failedValue(candidate) === undefined
  );
}

/** Where the request asks for temperature 0, and where it asks for none and calibration found the greedy chain better. */
function startsGreedily({ sampling, table }: StrategyContext, greedyPays: boolean): boolean {
  return sampling.temperature === 0 || (sampling.temperature === undefined && greedyPays && table.greedy_first);
}

/** Of a request's first chain. */
export function firstSampling(context: StrategyContext, { greedyPays }: { greedyPays: boolean }): Sampling {
  return startsGreedily(context, greedyPays) ? greedy(context.sampling) : sampled(context, 0);
}

export function greedy(sampling: Sampling): Sampling {
  return { ...sampling, temperature: 0 };
}

/**
 * The request's own temperature; without one, the model's own settings or the table's temperature. At temperature 0 further
 * chains would all be the same, so they take the table's.
 */
export function sampled(context: StrategyContext, stream: number): Sampling {
  const { temperature: asked, ...sampling } = context.sampling;
  const { own_sampling: own, temperature: usual } = context.table;
  const temperature = asked === undefined ? (own ? undefined : usual) : asked > 0 ? asked : usual;
  // Each run has a stream of its own: sample 0 of the second must not repeat sample 0 of the first.
  const seed = sampling.seed === undefined ? {} : { seed: (sampling.seed + Math.imul(stream + 1, 0x9e3779b1)) >>> 1 };
  return { ...sampling, ...seed, ...(temperature === undefined ? {} : { temperature }) };
}
