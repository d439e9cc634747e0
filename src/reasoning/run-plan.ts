import { showAnswer } from '../answers/normalise.ts';
import type { AnswerSource, ThinkingStop } from '../contracts/responses/reasoning.ts';
import { mustStop } from './deadline.ts';
import { createCheckRunner } from './revision/check-runner.ts';
import { computes, createRunState, type RunState, requestBudget } from './run-state.ts';
import { answerEnd, answerFast } from './sampling/answer-live.ts';
import { type Candidate, needsRevision, shownChecks } from './sampling/candidate.ts';
import { createChains } from './sampling/chains.ts';
import { startsGreedily } from './sampling/draw.ts';
import type { Judging } from './sampling/judged-samples.ts';
import { replay } from './sampling/replay.ts';
import { answerText, thoughtText } from './sampling/sample.ts';
import {
  outcomeOf,
  type Plan,
  type StrategyContext,
  type StrategyDependencies,
  type StrategyEvent,
  type StrategyOutcome,
} from './strategy.ts';
import { fastVerdict, guessOf, verdictOf } from './voting/answer-verdict.ts';
import { settleTie } from './voting/compare.ts';
import type { ChoiceRule, Decision } from './voting/decide.ts';
import { choose, stopOf, thinkUntilStopped, timesBroken, type WaveRules } from './waves.ts';

const noLogprobs = {
  field: 'top_logprobs',
  message: 'The log-probabilities of this answer are not known: an earlier attempt wrote it, or a program printed it.',
};

const noThought = {
  field: 'reasoning.effort',
  message:
    'The model wrote no thought, so extra chains are only extra fast answers. If it never does, its family may be wrong; `thinkfirst models check` shows it.',
};

/** Thinks in chains side by side until enough agree; checks, rolls back and revises, filters, votes, and only then answers. */
export async function* runPlan(
  context: StrategyContext,
  dependencies: StrategyDependencies,
  plan: Plan,
): AsyncGenerator<StrategyEvent, StrategyOutcome, void> {
  const { prompts } = dependencies;
  const state = createRunState(context);
  const budget = requestBudget(state);
  const checkRunner = createCheckRunner(context, dependencies, plan.has('checks') ? context.checks : []);
  const greedyFirst = startsGreedily(context, plan.has('greedy'));
  const chains = createChains(context, { question: checkRunner.question, greedyFirst });
  const run = { state, budget, checkRunner, chains, prompts };
  const rules = rulesOf(plan, context);
  const { standing } = chains;
  await judgeTried(run);
  const outcome = (found: Parameters<typeof outcomeOf>[0], given?: Candidate): StrategyOutcome =>
    outcomeOf(found, state.usage.snapshot(), [
      ...warningsOf(state, [...standing.values()], given),
      ...brokeOff(state, found.thinkingStop),
    ]);
  const decided = context.finishedSteps.find(
    (step) => step.phase === 'answer' && step.answer_source !== undefined && step.answer_text !== undefined,
  );
  if (decided === undefined) await judgeAgain(run);
  if (decided === undefined && standing.size === 0) {
    const stop = mustStop(context);
    if (stop === 'deadline') return outcome({ thinkingStop: null, answerSource: 'draft', incomplete: 'deadline' });
    if (stop === 'user' || budget.thinking(1) === 0) {
      const fast = yield* answerFast(state, budget);
      return outcome({ thinkingStop: null, answerSource: 'draft', ...answerEnd(fast) });
    }
  }
  const thinkingStop = decided === undefined ? yield* thinkUntilStopped(run, rules) : stopOf(decided.stop_reason);
  const voted = choose(chains, rules);
  const preferred = decided === undefined && rules.choice.vote ? yield* settleTie(run, voted) : undefined;
  const decision = preferred === undefined ? voted : choose(chains, rules, preferred);
  const same = [...standing.values()].filter((one) => decided !== undefined && one.answer.text === decided.answer_text);
  const shown = same.find(({ sample }) => sample === decided?.sample) ?? same[0];
  const winner = shown ?? decision.winner;
  if (winner === undefined) {
    if (mustStop(context) === 'deadline')
      return outcome({ thinkingStop, answerSource: 'draft', incomplete: 'deadline' });
    const fast = yield* answerFast(state, budget);
    return outcome({ thinkingStop, answerSource: 'draft', verdict: fastVerdict(fast, context), ...answerEnd(fast) });
  }
  const answerSource = decided?.answer_source ?? sourceOf(winner, decision, rules.choice);
  const { because } = decision;
  yield* giveAnswer(state, { winner, because, answerSource, thinkingStop, decided: decided !== undefined });
  const { stopText } = winner.answer;
  const ended = {
    thinkingStop: hasBegun(state) ? thinkingStop : null,
    answerSource,
    verdict: verdictOf(winner, [...standing.values()], context.table.certainty, begunChains(state)),
    ...(winner.end.cut === undefined ? {} : { incomplete: winner.end.cut }),
    ...(stopText === undefined ? {} : { stopText }),
  };
  return outcome(ended, winner);
}

/** The fast answer that auto tried is a candidate like any draft, so the checks that only compute judge it too. */
async function judgeTried({ state: { context }, checkRunner, chains: { standing } }: Judging): Promise<void> {
  const draft = standing.get(null);
  if (draft === undefined || !context.finishedSteps.some(({ decided }) => decided !== undefined)) return;
  const known = new Set(draft.checks.map(({ name }) => name));
  const found = await checkRunner.fast({ thought: '', answer: draft.answer, value: draft.value });
  standing.set(null, { ...draft, checks: [...draft.checks, ...found.filter(({ name }) => !known.has(name))] });
}

/** The trace does not have how a wrong line is put right, so what an earlier attempt left to revise is checked again. */
async function judgeAgain({ checkRunner, chains: { standing } }: Judging): Promise<void> {
  for (const [sample, candidate] of standing) {
    // A draft is not revised.
    if (sample === null || !needsRevision(candidate)) continue;
    const judged = { thought: thoughtText(candidate), answer: candidate.answer, value: candidate.value };
    const found = await checkRunner.fast(judged);
    const known = new Set(found.map(({ name }) => name));
    const checks = [...found, ...candidate.checks.filter(({ name }) => !known.has(name))];
    standing.set(sample, { ...candidate, checks, failedLines: await checkRunner.failedLines(judged, found) });
  }
}

function hasBegun(state: RunState): boolean {
  return begunChains(state) > 0;
}

function begunChains({ trace }: RunState): number {
  return trace.steps().filter(({ phase }) => phase === 'think').length;
}

/** The model gives log-probabilities, but the text comes from the trace or from a program. */
function lacksLogprobs({ answer: { text, logprobs } }: Candidate, { answer, model }: StrategyContext): boolean {
  return answer.topLogprobs !== undefined && model.capabilities.logprobs && text !== '' && logprobs.length === 0;
}

/** A plan's parts as the rules of those that follow them. */
function rulesOf(plan: Plan, context: StrategyContext): WaveRules {
  return {
    draft: plan.has('draft'),
    adaptive: plan.has('adaptive'),
    revision: plan.has('revise') ? { repair: plan.has('repair') && !computes(context) } : undefined,
    choice: { filter: plan.has('filter'), vote: plan.has('vote') },
  };
}

function warningsOf(
  state: RunState,
  candidates: readonly Candidate[],
  given: Candidate | undefined,
): StrategyOutcome['warnings'] {
  // On the answer, not on a field of the request: nothing that was requested was left out.
  const guessed = given && guessOf(given, candidates);
  return [
    ...(given !== undefined && lacksLogprobs(given, state.context) ? [noLogprobs] : []),
    ...(wroteNoThought(state) ? [noThought] : []),
    ...(drewAtZero(state) ? [drawn(state.context.table.temperature)] : []),
    ...(guessed === undefined ? [] : [{ field: 'output', message: guessed }]),
  ];
}

/** The winner's own text, replayed: the first that a client reads of any answer. */
async function* giveAnswer(
  { trace, usage, context }: RunState,
  given: {
    winner: Candidate;
    because: string;
    answerSource: AnswerSource;
    thinkingStop: ThinkingStop;
    decided: boolean;
  },
): AsyncGenerator<StrategyEvent, void, void> {
  const { winner } = given;
  usage.move(winner.counted.phase, 'answer', winner.counted.tokens);
  yield { type: 'phase', phase: 'answer', step: 1, steps: 1 };
  if (!given.decided) {
    const step = trace.begin({ phase: 'answer', sample: winner.sample, summary: given.because });
    yield step.added;
    yield step.done({
      answer: winner.value === undefined ? null : showAnswer(winner.value),
      ...answerText(winner.answer, winner.end.cut),
      answer_source: given.answerSource,
      stop_reason: given.thinkingStop,
      confidence: winner.confidence ?? null,
      checks: shownChecks(winner.checks),
      because: given.because,
    });
  }
  yield { type: 'usage', usage: usage.snapshot() };
  yield* replay(winner.answer, context.answer.prefix?.map((segment) => segment.text).join(''));
}

function sourceOf(winner: Candidate, decision: Decision, { vote }: ChoiceRule): AnswerSource {
  if (winner.origin.phase === 'draft') return 'draft';
  if (winner.origin.phase === 'revise') return 'revision';
  return vote && (decision.tally.entries[0]?.ballots ?? 0) > 1 ? 'vote' : 'deliberate';
}

/** At temperature 0 all chains would be the same. */
function drawn(temperature: number): { field: string; message: string } {
  const message = `At temperature 0 all chains would be the same: the first was greedy, the others were sampled at ${temperature}.`;
  return { field: 'temperature', message };
}

function drewAtZero({ context, trace }: RunState): boolean {
  const more = trace.steps().some(({ phase, sample }) => phase === 'think' && (sample ?? 0) > 0);
  return context.sampling.temperature === 0 && more;
}

/** How many chains gave no answer because of their server. One that a settled answer did not wait for is not missed. */
function brokeOff(state: RunState, stop: ThinkingStop | null): StrategyOutcome['warnings'] {
  const runs = state.trace.steps().filter(({ phase }) => phase === 'think');
  const chains = [...new Set(runs.map(({ sample }) => sample))];
  const broken = chains.map((number) => timesBroken(state, number)).filter((times) => times > 0);
  const isSettled = stop === 'settled_vote' || stop === 'confident';
  if (broken.every((times) => isSettled && times === 1)) return [];
  const gave = `${broken.length} of ${chains.length} chains gave no answer`;
  return [{ field: 'reasoning.samples', message: `${gave}, because the stream from the model's server broke.` }];
}

/** No chain that ended by itself has a thought: the model does not think, or its thinking format is not the family's. */
function wroteNoThought({ context, trace }: RunState): boolean {
  // An answer that is constrained to a format may come without a thought.
  if (context.answer.constraint !== undefined) return false;
  const chains = trace.steps().filter((step) => step.phase === 'think' && step.stop_reason === 'natural');
  return chains.length > 0 && chains.every(({ text }) => text === null || text.trim() === '');
}
