import type { NormalAnswer } from '../answers/normal-answer.ts';
import { showAnswer } from '../answers/normalise.ts';
import { asksForName, asksForNumber, asksYesOrNo } from '../answers/question.ts';
import { ThinkingStop } from '../contracts/responses/reasoning.ts';
import { levelOf } from '../contracts/service/effort-table.ts';
import type { Budget } from '../core/token-ledger.ts';
import { mustStop } from './deadline.ts';
import type { Prompts } from './prompts.ts';
import { type ReviseOptions, revise } from './revision/revise.ts';
import { runSlowChecks } from './revision/slow-checks.ts';
import { naturalTokens, type RunState } from './run-state.ts';
import { type Candidate, failedValue, needsRevision } from './sampling/candidate.ts';
import type { Chains } from './sampling/chains.ts';
import type { Judging } from './sampling/judged-samples.ts';
import { isEmptyAnswer } from './sampling/sample.ts';
import { makeDraft, think } from './sampling/think.ts';
import type { StrategyContext, StrategyEvent } from './strategy.ts';
import { confirmedBy } from './voting/answer-verdict.ts';
import { certaintyOf, standingOf } from './voting/certainty.ts';
import { type ChoiceRule, type Decision, decide, endedByItself } from './voting/decide.ts';
import { isSettled, showTally } from './voting/vote.ts';

/** How the chains of a plan are run. */
export type WaveRules = {
  /** A fast answer is written first if there is a deadline. */
  draft: boolean;
  /** Thinking ends once enough chains agree, or if no vote can settle it; otherwise all chains are run. */
  adaptive: boolean;
  /** How a chain that failed a check is revised; undefined: it is not. */
  revision: ReviseOptions | undefined;
  choice: ChoiceRule;
};

type PlanRun = Judging & { budget: Budget; prompts: Prompts };

/** Why thinking ended. At the deadline whatever still runs is stopped, and the answer is chosen from what there is by then. */
export async function* thinkUntilStopped(
  run: PlanRun,
  rules: WaveRules,
): AsyncGenerator<StrategyEvent, ThinkingStop, void> {
  const { context } = run.state;
  try {
    if (rules.draft && context.deadlineAt !== undefined) yield* makeDraft(run);
    return yield* thinkInWaves(run, rules);
  } catch (error) {
    context.signal.throwIfAborted();
    if (context.deadline?.aborted !== true) throw error;
    return 'deadline';
  }
}

async function* thinkInWaves(run: PlanRun, rules: WaveRules): AsyncGenerator<StrategyEvent, ThinkingStop, void> {
  const { budget, chains, state } = run;
  const { context } = state;
  const { samples } = context.effective;
  const again = (number: number | null) => timesBroken(state, number) === 1;
  /** Runs in a row in which every stream broke. */
  let broken = 0;
  /** Chains that have been run to their end, those with an empty answer included, and those that broke twice. */
  const done = new Set(
    context.finishedSteps.flatMap(({ phase, sample, answer_text, stop_reason }) => {
      const isDone = answer_text !== undefined || (stop_reason === 'fault' && !again(sample));
      return phase === 'think' && isDone ? (sample ?? []) : [];
    }),
  );
  const enough = (found: readonly Candidate[]): boolean => {
    const all = new Map([...chains.standing, ...found.map((one) => [one.sample, one] as const)]);
    return settledBy(state, rules, [...all.values()], done.size + found.length) !== undefined;
  };
  for (;;) {
    if (done.size > 0 || chains.standing.size > 0) {
      const settled = yield* closeWave(run, rules, done);
      if (settled !== undefined) return settled;
    }
    const left = Array.from({ length: samples }, (_, number) => number).filter((number) => !done.has(number));
    if (left.length === 0) return samples === 1 ? lastChainStop(state) : 'natural';
    // A chain that the budget would cut is worth little, except where it is the only one.
    if (budget.thinking(1) < (done.size === 0 ? 1 : naturalTokens(context))) return 'budget';
    const fresh = left.filter((number) => !again(number));
    const numbers = fresh.length === 0 ? left.slice(0, 1) : inSequence(fresh.slice(0, waveSize(run, rules, done)));
    const begun = yield* think(run, { numbers, enough });
    for (const number of begun) if (!again(number)) done.add(number);
    broken = begun.every((number) => timesBroken(state, number) > 0) ? broken + 1 : 0;
    if (broken === mostBroken) return 'natural';
  }
}

/**
 * The first numbers up to a gap. What a chain draws depends on its run's first number and its place in it: with a gap before it, it
 * would draw what the chain in the gap has drawn, which a resumed attempt or a repeated chain leaves there.
 */
function inSequence(numbers: readonly number[]): number[] {
  return numbers.filter((number, place) => number === (numbers[0] ?? 0) + place);
}

/** After so many runs in a row in which every stream broke, the server is taken to be gone: what stands is the answer. */
const mostBroken = 3;

/** How often this chain was run and its stream broke; 0 if it ended in another way. Once is not the end of it: it is run again. */
export function timesBroken({ trace }: Pick<RunState, 'trace'>, number: number | null): number {
  const runs = trace.steps().filter(({ phase, sample }) => phase === 'think' && sample === number);
  return runs.every(({ stop_reason }) => stop_reason === 'fault') ? runs.length : 0;
}

/** How many chains are started together. */
function waveSize(
  { state: { context }, chains, checkRunner }: PlanRun,
  { adaptive }: WaveRules,
  done: ReadonlySet<number>,
): number {
  if (chains.greedyFirst && !done.has(0)) return 1;
  // Chains side by side slow each other down; before a deadline, one answer in time is worth more.
  if (context.deadlineAt !== undefined && done.size === 0) return 1;
  if (!context.model.capabilities.batching) return 1;
  const { sequences: most = Number.POSITIVE_INFINITY } = context.table;
  if (!adaptive) return Math.min(most, context.effective.samples);
  // One chain is enough for an answer in open text, which may only show once the first has ended.
  if (done.size === 0 && !asksForValue(checkRunner.question, context)) return 1;
  const level = levelOf(context.table, context.effective.effort);
  return Math.min(most, context.effective.samples === level.samples ? level.wave : chainsToAgree(context));
}

/** The question, or the format that the answer is constrained to, shows that there will be a value to compare. */
function asksForValue(question: string, { answer }: Pick<StrategyContext, 'answer'>): boolean {
  return answer.constraint !== undefined || asksForNumber(question) || asksYesOrNo(question) || asksForName(question);
}

/** Revises what failed, runs the slow checks, and votes. The reason to end thinking here; undefined if there is none. */
async function* closeWave(
  run: PlanRun,
  rules: WaveRules,
  done: ReadonlySet<number>,
): AsyncGenerator<StrategyEvent, ThinkingStop | undefined, void> {
  const { state, chains } = run;
  const { standing } = chains;
  const settled = () => settledBy(state, rules, [...standing.values()], done.size);
  if (rules.revision !== undefined) {
    for (const number of done) {
      // The revision before may have settled it.
      if (mustStop(state.context) !== undefined || settled() !== undefined) break;
      if (needsRevision(standing.get(number))) yield* revise(run, number, rules.revision);
    }
  }
  yield* runSlowChecks(run);
  if (standing.size > 1 && rules.choice.vote) yield* voteSteps(state, choose(chains, rules));
  return mustStop(state.context) ?? settled();
}

/** Why thinking may end with these candidates after so many chains; undefined if it may not. */
function settledBy(
  state: Pick<RunState, 'context' | 'trace'>,
  { adaptive, choice, revision }: WaveRules,
  candidates: readonly Candidate[],
  chains: number,
): ThinkingStop | undefined {
  if (!adaptive) return undefined;
  const { winner, tally, inWords } = decide(candidates, choice);
  if (winner === undefined || failedValue(winner) !== undefined) return undefined;
  // What the caller's check confirms is right, even if a line of its thought is not.
  if (confirmedBy(winner) !== undefined) return 'confident';
  if (needsRevision(winner)) return undefined;
  const isThought = winner.origin.phase !== 'draft';
  if (inWords) return chains === 1 ? lastChainStop(state) : 'natural';
  if (!isThought || !choice.vote || winner.value === undefined || !endedByItself(winner)) return undefined;
  const { effective, table } = state.context;
  // A chain that will be revised may come to another answer.
  const revisable = revision === undefined ? 0 : candidates.filter(needsRevision).length;
  const open = effective.samples - chains + revisable;
  if (isSettled(tally, { agree: chainsToAgree(state.context), open })) return 'settled_vote';
  const probability = certaintyOf(standingOf(winner, candidates), table.certainty);
  // As probably right as the table asks for, by the model's own calibration.
  const isSure = table.confident !== null && probability !== null && probability >= table.confident;
  return isSure ? 'confident' : undefined;
}

/** The level's number; where the request asks for another number of chains, more than half of them. */
function chainsToAgree({ effective: { samples, effort }, table }: StrategyContext): number {
  const level = levelOf(table, effort);
  return Math.max(2, samples === level.samples ? level.agree : Math.floor(samples / 2) + 1);
}

/** The answer of the chains as they stand. */
export function choose({ standing }: Chains, { adaptive, choice }: WaveRules, preferred?: NormalAnswer): Decision {
  const candidates = [...standing.values()];
  const decision = decide(candidates, choice, preferred);
  const { winner, inWords } = decision;
  const chains = candidates.filter(({ origin, answer }) => origin.phase !== 'draft' && !isEmptyAnswer(answer));
  const isEnough = adaptive && inWords && chains.length === 1;
  return winner !== undefined && isEnough ? { ...decision, because: oneChain(winner) } : decision;
}

function oneChain(winner: Candidate): string {
  const kept = winner.origin.phase === 'draft' ? ' Its answer was cut or repeated itself, so the draft is kept.' : '';
  return `An answer in open text cannot be voted on, so one chain is enough.${kept}`;
}

function* voteSteps({ trace }: Pick<RunState, 'trace'>, decision: Decision): Generator<StrategyEvent, void, void> {
  const step = trace.begin({ phase: 'vote', sample: null, summary: decision.because });
  yield step.added;
  const value = decision.winner?.value;
  yield step.done({
    tally: showTally(decision.tally),
    answer: value === undefined ? null : showAnswer(value),
    because: decision.because,
  });
}

/** Why the last chain ended, of those whose streams did not break. */
function lastChainStop({ trace }: Pick<RunState, 'trace'>): ThinkingStop {
  const ended = trace.steps().filter(({ phase, stop_reason }) => phase === 'think' && stop_reason !== 'fault');
  return stopOf(ended.at(-1)?.stop_reason ?? null);
}

/** Why thinking ended, as a step has kept it. */
export function stopOf(reason: string | null): ThinkingStop {
  return ThinkingStop.safeParse(reason).data ?? 'natural';
}
