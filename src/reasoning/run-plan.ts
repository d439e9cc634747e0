import { showAnswer } from '../answers/normalise.ts';
import { asksForName, asksForNumber, asksYesOrNo } from '../answers/question.ts';
import { type AnswerSource, ThinkingStop } from '../contracts/responses/reasoning.ts';
import { computes, createDeliberation, type Deliberation, makeDraft, think } from './deliberation.ts';
import { revise } from './revision/revise.ts';
import { runSlowChecks } from './revision/slow-checks.ts';
import { answerEnd, answerFast } from './sampling/answer-live.ts';
import { type Candidate, needsRevision, shownChecks } from './sampling/candidate.ts';
import { replay } from './sampling/replay.ts';
import { answerText } from './sampling/sample.ts';
import {
  outcomeOf,
  type Plan,
  type StrategyContext,
  type StrategyDependencies,
  type StrategyEvent,
  type StrategyOutcome,
} from './strategy.ts';
import { confirmedBy, guess, isGuess, unthoughtVerdict, verdictOf } from './voting/answer-verdict.ts';
import { certaintyOf, standingOf } from './voting/certainty.ts';
import { settleTie } from './voting/compare.ts';
import { type Decision, decide, endedByItself } from './voting/decide.ts';
import { showTally } from './voting/vote.ts';

/** Of the answer, not of a field of the request: nothing that was asked for was left out. */
const guessed = { field: 'output', message: guess };

const noThought = {
  field: 'reasoning.effort',
  message:
    'The model wrote no thought, so extra chains are only extra fast answers. If it never does, its family may be the wrong one: `thinkfirst models check` tells.',
};

/** Think in chains side by side until enough agree, check, roll back and revise, filter, vote, and only then answer. */
export async function* runPlan(
  context: StrategyContext,
  dependencies: StrategyDependencies,
  plan: Plan,
): AsyncGenerator<StrategyEvent, StrategyOutcome, void> {
  const deliberation = createDeliberation(context, dependencies, plan);
  const { candidates, budget, state } = deliberation;
  const decided = context.finishedSteps.find(
    (step) => step.phase === 'answer' && step.answer_source !== undefined && step.answer_text !== undefined,
  );
  const outcome = (found: Parameters<typeof outcomeOf>[0]): StrategyOutcome =>
    outcomeOf(found, state.usage.snapshot(), [
      ...(wroteNoThought(deliberation) ? [noThought] : []),
      ...(drewAtZero(deliberation) ? [drawn(context.table.temperature)] : []),
      ...(isGuess([...candidates.values()]) ? [guessed] : []),
    ]);
  if (decided === undefined && candidates.size === 0) {
    const stop = deliberation.mustStop();
    if (stop === 'deadline') return outcome({ thinkingStop: null, answerSource: 'draft', incomplete: 'deadline' });
    if (stop === 'user' || budget.thinking(1) === 0) {
      const fast = yield* answerFast(state, budget);
      return outcome({ thinkingStop: null, answerSource: 'draft', ...answerEnd(fast) });
    }
  }
  const thinkingStop =
    decided === undefined ? yield* thinkUntilStopped(deliberation, plan) : stopOf(decided.stop_reason);
  const voted = choose(deliberation, plan);
  const preferred = decided === undefined ? yield* settleTie(deliberation, voted) : undefined;
  const decision = preferred === undefined ? voted : decide([...candidates.values()], plan, preferred);
  const winner =
    [...candidates.values()].find((one) => decided !== undefined && one.answer.text === decided.answer_text) ??
    decision.winner;
  if (winner === undefined) {
    if (deliberation.mustStop() === 'deadline') {
      return outcome({ thinkingStop, answerSource: 'draft', incomplete: 'deadline' });
    }
    const fast = yield* answerFast(state, budget);
    return outcome({ thinkingStop, answerSource: 'draft', verdict: unthoughtVerdict, ...answerEnd(fast) });
  }
  const answerSource = decided?.answer_source ?? sourceOf(winner, decision, plan);
  yield* giveAnswer(deliberation, {
    winner,
    because: decision.because,
    answerSource,
    thinkingStop,
    decided: decided !== undefined,
  });
  const { stopText } = winner.answer;
  return outcome({
    thinkingStop,
    answerSource,
    verdict: verdictOf(winner, [...candidates.values()], context.table.certainty),
    ...(winner.end.cut === undefined ? {} : { incomplete: winner.end.cut }),
    ...(stopText === undefined ? {} : { stopText }),
  });
}

/** At the deadline what still runs is left, whatever it is: what there is by then is chosen from. */
async function* thinkUntilStopped(
  deliberation: Deliberation,
  plan: Plan,
): AsyncGenerator<StrategyEvent, ThinkingStop, void> {
  const { context } = deliberation;
  try {
    if (plan.has('draft') && context.deadlineAt !== undefined) yield* makeDraft(deliberation);
    return yield* thinkInWaves(deliberation, plan);
  } catch (error) {
    context.signal.throwIfAborted();
    if (context.deadline?.aborted !== true) throw error;
    return 'deadline';
  }
}

async function* thinkInWaves(
  deliberation: Deliberation,
  plan: Plan,
): AsyncGenerator<StrategyEvent, ThinkingStop, void> {
  const { context, budget, natural } = deliberation;
  const { samples } = context.effective;
  /** Chains that have been run to their end, those with an empty answer included. */
  const done = new Set(
    context.finishedSteps.flatMap((step) =>
      step.phase === 'think' && step.answer_text !== undefined ? (step.sample ?? []) : [],
    ),
  );
  const enough = (found: readonly Candidate[]): boolean => {
    if (!plan.has('adaptive')) return false;
    const all = new Map([...deliberation.candidates, ...found.map((one) => [one.sample, one] as const)]);
    return settledBy(deliberation, plan, [...all.values()], done.size + found.length) !== undefined;
  };
  for (;;) {
    if (done.size > 0) {
      const settled = yield* closeWave(deliberation, plan, done);
      if (settled !== undefined) return settled;
    }
    const left = Array.from({ length: samples }, (_, number) => number).filter((number) => !done.has(number));
    if (left.length === 0) return samples === 1 ? lastChainStop(deliberation) : 'natural';
    // A chain that the budget would cut is worth little, except where it is the only one.
    if (budget.thinking(1) < (done.size === 0 ? 1 : natural)) return 'budget';
    // Behind the draft it has not been asked yet whether there is time for a chain.
    const stop = deliberation.candidates.size > 0 ? deliberation.mustStop() : undefined;
    if (stop !== undefined) return stop;
    const numbers = left.slice(0, waveSize(deliberation, plan, done));
    for (const number of yield* think(deliberation, { numbers, enough })) done.add(number);
  }
}

/** Chains that are begun at once. */
function waveSize(deliberation: Deliberation, plan: Plan, done: ReadonlySet<number>): number {
  const { context, greedyFirst, level } = deliberation;
  if (greedyFirst && !done.has(0)) return 1;
  // Rows side by side slow one another: by a deadline, one answer in time is worth more.
  if (context.deadlineAt !== undefined && done.size === 0) return 1;
  if (!context.model.capabilities.batching) return 1;
  if (!plan.has('adaptive')) return context.effective.samples;
  // Of an answer in words one chain is enough, and whether it is one may show only when the first has ended.
  if (done.size === 0 && !asksForValue(deliberation)) return 1;
  return context.effective.samples === level.samples ? level.wave : chainsToAgree(deliberation);
}

/** The question, or the form that the answer is held to, tells that there will be a value to compare. */
function asksForValue({ checkRunner: { question }, answer }: Deliberation): boolean {
  return answer.constraint !== undefined || asksForNumber(question) || asksYesOrNo(question) || asksForName(question);
}

/** Revises what failed, asks the slow checks, and votes. Gives why thinking may end here, if it may. */
async function* closeWave(
  deliberation: Deliberation,
  plan: Plan,
  done: ReadonlySet<number>,
): AsyncGenerator<StrategyEvent, ThinkingStop | undefined, void> {
  const { candidates } = deliberation;
  const settled = () => settledBy(deliberation, plan, [...candidates.values()], done.size);
  if (plan.has('revise') && settled() === undefined) {
    for (const number of done) {
      if (deliberation.mustStop() === undefined && needsRevision(candidates.get(number)))
        yield* revise(deliberation, number, { repair: plan.has('repair') && !computes(deliberation.context) });
    }
  }
  yield* runSlowChecks(deliberation);
  const decision = choose(deliberation, plan);
  if (candidates.size > 1 && plan.has('vote')) yield* voteSteps(deliberation, decision);
  return deliberation.mustStop() ?? settled();
}

/** Why thinking may end with what stands after so many chains, if it may. */
function settledBy(
  deliberation: Deliberation,
  plan: Plan,
  candidates: readonly Candidate[],
  chains: number,
): ThinkingStop | undefined {
  const { winner, tally, inWords } = decide(candidates, plan);
  if (!plan.has('adaptive') || winner === undefined || needsRevision(winner)) return undefined;
  const isThought = winner.origin.phase !== 'draft';
  if (isThought && confirmedBy(winner) !== undefined) return 'confident';
  if (inWords) return chains === 1 ? lastChainStop(deliberation) : 'natural';
  if (!isThought || !plan.has('vote') || winner.value === undefined || !endedByItself(winner)) return undefined;
  if ((tally.entries[0]?.sound ?? 0) >= chainsToAgree(deliberation)) return 'settled_vote';
  const { table } = deliberation.context;
  const probability = certaintyOf(standingOf(winner, candidates), table.certainty);
  // As probably right as the table asks for, by the model's own calibration.
  const isSure = table.confident !== null && probability !== null && probability >= table.confident;
  return isSure ? 'confident' : undefined;
}

/** The level's number; where the request asks for another number of chains, more than half of them. */
function chainsToAgree({ context, level }: Deliberation): number {
  const { samples } = context.effective;
  return Math.max(2, samples === level.samples ? level.agree : Math.floor(samples / 2) + 1);
}

function choose(deliberation: Deliberation, plan: Plan): Decision {
  return decide([...deliberation.candidates.values()], plan);
}

function* voteSteps(deliberation: Deliberation, decision: Decision): Generator<StrategyEvent, void, void> {
  const { trace } = deliberation.state;
  const step = trace.begin({ phase: 'vote', sample: null, summary: decision.because });
  yield step.added;
  const value = decision.winner?.value;
  yield step.done({
    tally: showTally(decision.tally),
    answer: value === undefined ? null : showAnswer(value),
    because: decision.because,
  });
}

/** The winner's own text, replayed: the first that a client reads of any answer. */
async function* giveAnswer(
  deliberation: Deliberation,
  given: {
    winner: Candidate;
    because: string;
    answerSource: AnswerSource;
    thinkingStop: ThinkingStop;
    decided: boolean;
  },
): AsyncGenerator<StrategyEvent, void, void> {
  const { state, context } = deliberation;
  const { winner } = given;
  state.usage.move(winner.counted.phase, 'answer', winner.counted.tokens);
  yield { type: 'phase', phase: 'answer', step: 1, steps: 1 };
  if (!given.decided) {
    const step = state.trace.begin({ phase: 'answer', sample: winner.sample, summary: given.because });
    yield step.added;
    yield step.done({
      answer: winner.value === undefined ? null : showAnswer(winner.value),
      ...answerText(winner.answer),
      answer_source: given.answerSource,
      stop_reason: given.thinkingStop,
      confidence: winner.confidence ?? null,
      checks: shownChecks(winner.checks),
      because: given.because,
    });
  }
  yield { type: 'usage', usage: state.usage.snapshot() };
  yield* replay(winner.answer, context.answer.prefix?.map((segment) => segment.text).join(''));
}

function sourceOf(winner: Candidate, decision: Decision, plan: Plan): AnswerSource {
  if (winner.origin.phase === 'draft') return 'draft';
  if (winner.origin.phase === 'revise') return 'revision';
  return plan.has('vote') && (decision.tally.entries[0]?.ballots ?? 0) > 1 ? 'vote' : 'deliberate';
}

/** At temperature 0 all chains would be the same. */
function drawn(temperature: number): { field: string; message: string } {
  const message = `At temperature 0 all chains would be the same: the first was greedy, the others were drawn at ${temperature}.`;
  return { field: 'temperature', message };
}

function drewAtZero({ context, state }: Deliberation): boolean {
  const more = state.trace.steps().some(({ phase, sample }) => phase === 'think' && (sample ?? 0) > 0);
  return context.sampling.temperature === 0 && more;
}

/** Every chain that ended by itself came without one: a model that doesn't think, or isn't told how in its own way. */
function wroteNoThought({ context, state }: Deliberation): boolean {
  // What is held to a form may be asked for by itself.
  if (context.answer.constraint !== undefined) return false;
  const chains = state.trace.steps().filter((step) => step.phase === 'think' && step.stop_reason === 'natural');
  return chains.length > 0 && chains.every(({ text }) => text === null || text.trim() === '');
}

/** Why the last chain ended. */
function lastChainStop(deliberation: Deliberation): ThinkingStop {
  return stopOf(deliberation.state.trace.steps().findLast((step) => step.phase === 'think')?.stop_reason ?? null);
}

function stopOf(reason: string | null): ThinkingStop {
  const parsed = ThinkingStop.safeParse(reason);
  return parsed.success ? parsed.data : 'natural';
}
