import { sameAnswer, showAnswer } from '../../answers/normalise.ts';
import type { CheckOutcome } from '../../checks/run-checks.ts';
import type { Decision } from '../../contracts/responses/reasoning.ts';
import type { TraceStep } from '../../contracts/responses/trace.ts';
import { type AutoRule, type EffortTable, thinkingLevel } from '../../contracts/service/effort-table.ts';
import type { GenerateRequest } from '../../core/language-model.ts';
import { deadlinePassed } from '../deadline.ts';
import { callersJudge } from '../revision/callers-judge.ts';
import { createRunState, type RunState, requestBudget, runSignal } from '../run-state.ts';
import { shownChecks } from '../sampling/candidate.ts';
import {
  emptyProbe,
  type FastProbe,
  probeFeatures,
  probeTokens,
  probeValue,
  withEvent,
} from '../sampling/fast-probe.ts';
import { type Reading, readOn, replayed } from '../sampling/fast-reading.ts';
import type { Strategy, StrategyContext, StrategyEvent, StrategyOutcome } from '../strategy.ts';
import { verifiedBy } from '../voting/answer-verdict.ts';
import { logistic } from '../voting/logistic.ts';
import { answerAtOnce, direct } from './direct.ts';

/** Without calibration the fast answer is kept if the geometric mean of its tokens' probabilities is at least this. */
const uncalibratedThreshold = 0.9;
/** Temperature of the second answer, with which the first is compared if the model gives no log-probabilities. */
const secondTemperature = 0.7;

/**
 * Tries a fast answer, and decides from the model's own distribution over it whether to keep it or to let `thinker` think. A
 * kept answer is not decoded again: it streams from the point of the decision. An answer that is not kept is a draft. `decide`
 * has the rules for models with little calibration, none, or no log-probabilities. With checks of the caller's, an answer is
 * kept only whole, and only if none of them finds it wrong.
 */
export function decidingFirst(thinker: Strategy): Strategy {
  return {
    ...thinker,
    async *run(context) {
      const earlier = context.finishedSteps.find(({ decided }) => decided !== undefined);
      if (earlier?.decided !== undefined) return withVerdict(yield* follow(thinker, context, earlier.decided), earlier);
      // Without time to think there is nothing to decide.
      if (context.answerNow.aborted || deadlinePassed(context)) return yield* direct.run(context);
      return yield* probeAndFollow(thinker, context);
    },
  };
}

type Run = AsyncGenerator<StrategyEvent, StrategyOutcome, void>;

/** A fast answer has a verdict only where a check of the caller's confirmed it. */
function withVerdict(outcome: StrategyOutcome, { decided, checks }: TraceStep): StrategyOutcome {
  return decided?.effort === 'none' ? { ...outcome, verdict: verifiedBy({ checks }) ?? null } : outcome;
}

function follow(thinker: Strategy, context: StrategyContext, { effort }: Decision): Run {
  if (effort === 'none') return direct.run(context);
  return thinker.run({ ...context, effective: { ...context.effective, effort } });
}

async function* probeAndFollow(thinker: Strategy, context: StrategyContext): Run {
  const state = createRunState(context);
  const step = state.trace.begin({ phase: 'draft', sample: null, summary: 'Tries a fast answer.' });
  yield { type: 'phase', phase: 'draft', step: 1, steps: undefined };
  yield step.added;
  const stopping = new AbortController();
  const request = fastRequest(context);
  const events = context.model
    .generate(request, { signal: runSignal(context, stopping.signal), answerNow: context.answerNow })
    [Symbol.asyncIterator]();
  const reading: Reading = { events, read: [], probe: emptyProbe, fault: undefined };
  const { decided, checks, second } = yield* decideOn(reading, { state, request, thinker });
  const stands = decided.effort === 'none';
  /** Those that are not of the answer. */
  const discarded = stands ? [second] : [reading.probe, second];
  const tokens = discarded.reduce((sum, probe) => sum + probe.tokens, 0);
  const counted = discarded.reduce((sum, probe) => sum + probe.counted, 0);
  const done = step.done({
    ...(stands ? { tokens } : draftOf(reading.probe, tokens)),
    summary: stands ? 'The fast answer is kept.' : `Tried a fast answer; thinks with effort ${decided.effort}.`,
    because: decided.because,
    decided,
    checks: shownChecks(checks),
    usage: { thinking: 0, forced: 0, answer: counted },
  });
  yield done;
  const after = { ...lessUncounted(context, discarded), finishedSteps: [...context.finishedSteps, done.step] };
  if (stands) {
    const model = replayed(context.model, { ...reading, answer: context.answer });
    return withVerdict(yield* answerAtOnce({ ...after, model }), done.step);
  }
  stopping.abort(new Error('it thinks'));
  await events.return?.().catch(() => undefined);
  return yield* follow(thinker, after, decided);
}

/** Reads as much of the fast answer as the decision needs. `second`: the one that it was compared with. */
async function* decideOn(
  reading: Reading,
  { state, request, thinker }: { state: RunState; request: GenerateRequest; thinker: Strategy },
): AsyncGenerator<StrategyEvent, { decided: Decision; checks: readonly CheckOutcome[]; second: FastProbe }, void> {
  const { context, usage } = state;
  const isLate = () => context.answerNow.aborted || reading.fault !== undefined;
  yield* readOn(reading, state, (probe) => probe.tokens < probeTokens && hopeless(probe, context.table) === undefined);
  // Only a whole answer is compared with another: until this one has ended, its server may take no other request.
  if (isCompared(reading.probe) && !isLate()) yield* readOn(reading, state, () => true);
  const second = needsSecond(context, reading.probe) ? await secondAnswer(context, request, reading.probe) : undefined;
  if (second !== undefined) usage.add('draft', second.counted);
  let decided = isLate() ? noTime : decide(reading.probe, second, context.table);
  let checks: readonly CheckOutcome[] = [];
  const judge = callersJudge(thinker, context);
  if (judge !== undefined && decided.effort === 'none' && reading.probe.calls === 0 && !isLate()) {
    yield* readOn(reading, state, () => true);
    if (!isLate()) checks = await judge(reading.probe.text);
    const wrong = checks.find(({ verdict }) => verdict === 'fail');
    if (wrong !== undefined) decided = foundWrong(wrong, decided, context.table);
  }
  // Where nothing is left to think with, another fast answer would be no better.
  const left = requestBudget({ context: lessUncounted(context, [reading.probe]), usage });
  if (decided.effort !== 'none' && left.thinking(1) === 0) decided = { ...decided, ...noRoom };
  return { decided, checks, second: second ?? emptyProbe };
}

/** Tokens that no usage of a strategy has count towards `max_output_tokens` all the same. */
function lessUncounted(context: StrategyContext, probes: readonly FastProbe[]): StrategyContext {
  if (context.maxOutputTokens === undefined) return context;
  const uncounted = probes.reduce((sum, { tokens, counted }) => sum + tokens - counted, 0);
  return { ...context, maxOutputTokens: Math.max(0, context.maxOutputTokens - uncounted) };
}

const noTime: Decision = { effort: 'none', fast_suffices: null, because: 'There was no time to think.' };

const noRoom = { effort: 'none', because: 'No tokens are left for thinking.' } as const;

function foundWrong({ name }: CheckOutcome, kept: Decision, { auto }: Pick<EffortTable, 'auto'>): Decision {
  return { ...kept, effort: thinkingLevel('auto', auto), because: `The check ${name} found the fast answer wrong.` };
}

/** As `direct` asks, and for the first token's alternatives. */
function fastRequest({
  model,
  prompt,
  answer,
  sampling,
  deterministic,
  maxOutputTokens,
}: StrategyContext): GenerateRequest {
  const most = Math.max(1, Math.min(answer.maxTokens, maxOutputTokens ?? Number.POSITIVE_INFINITY));
  const own = answer.topLogprobs;
  const alternatives = model.capabilities.logprobs
    ? { topLogprobs: Math.max(own ?? 0, 2), ...(own === undefined && { spareLogprobs: true as const }) }
    : {};
  return {
    prompt,
    samples: 1,
    answer: { ...answer, maxTokens: most, ...alternatives },
    sampling: { ...sampling, temperature: sampling.temperature ?? 0 },
    deterministic,
  };
}

/** Without log-probabilities, an answer with a value is compared with a second one; open text can't be. */
function isCompared(probe: FastProbe): boolean {
  return probe.logprobs.length === 0 && probe.calls === 0 && probeValue(probe) !== undefined;
}

function needsSecond(
  { answerNow, deadline, maxOutputTokens = Number.POSITIVE_INFINITY }: StrategyContext,
  probe: FastProbe,
): boolean {
  if (probe.tokens >= maxOutputTokens || probe.finish !== 'stop') return false;
  return isCompared(probe) && !answerNow.aborted && deadline?.aborted !== true;
}

async function secondAnswer(context: StrategyContext, request: GenerateRequest, first: FastProbe): Promise<FastProbe> {
  const { sampling } = request;
  const left = (context.maxOutputTokens ?? Number.POSITIVE_INFINITY) - first.tokens;
  const seed = sampling.seed === undefined ? {} : { seed: (sampling.seed + 1) >>> 0 };
  const temperature = Math.max(sampling.temperature ?? 0, secondTemperature);
  const again: GenerateRequest = {
    ...request,
    answer: { ...request.answer, maxTokens: Math.min(request.answer.maxTokens, probeTokens, left) },
    sampling: { ...sampling, ...seed, temperature },
  };
  let probe = emptyProbe;
  try {
    for await (const event of context.model.generate(again, { signal: runSignal(context) }))
      probe = withEvent(probe, event);
  } catch (error) {
    context.signal.throwIfAborted();
    if (context.deadline?.aborted !== true) throw error;
  }
  return probe;
}

/** Whether a fast answer stands; pure. `second`: of a model without log-probabilities, another one to compare with. */
function decide(probe: FastProbe, second: FastProbe | undefined, table: Pick<EffortTable, 'auto'>): Decision {
  const level = thinkingLevel('auto', table.auto);
  const fast = (because: string, suffices: number | null = null): Decision => ({
    effort: 'none',
    fast_suffices: suffices,
    because,
  });
  const think = (because: string, suffices: number | null = null): Decision => ({
    effort: level,
    fast_suffices: suffices,
    because,
  });
  if (probe.calls > 0) return fast('The fast answer calls a tool.');
  if (probe.finish === 'empty' || probe.finish === 'loop')
    return think('The fast answer was empty or repeated itself.');
  const early = hopeless(probe, table);
  if (early !== undefined) return think(early.because, early.suffices);
  if (probe.logprobs.length > 0) {
    return table.auto === null ? byThreshold(probe, { fast, think }) : byRule(probe, table.auto, { fast, think });
  }
  const [value, other] = [probeValue(probe), second && probeValue(second)];
  if (value === undefined) return fast('The answer is open text, and such answers are not compared.');
  if (other !== undefined && sameAnswer(value, other)) return fast('Two fast answers agree.');
  return think('Two fast answers differ.');
}

/** Why an unfinished fast answer is not completed: by calibration, its first tokens show that it will not be kept. */
function hopeless(
  probe: FastProbe,
  { auto }: Pick<EffortTable, 'auto'>,
): { because: string; suffices: number } | undefined {
  const early = auto?.early;
  const { finish, logprobs, tokens } = probe;
  if (early === undefined || finish !== undefined || logprobs.length === 0 || tokens >= probeTokens) return undefined;
  const suffices = logistic(probeFeatures(probe), early);
  if (suffices >= early.threshold) return undefined;
  const stated = `${percent(suffices)} that thinking would not improve it; below ${percent(early.threshold)} it is not completed`;
  return { because: `After ${tokens === 1 ? '1 token' : `${tokens} tokens`}, calibration gives ${stated}.`, suffices };
}

type Ways = Record<'fast' | 'think', (because: string, suffices?: number | null) => Decision>;

function byRule(probe: FastProbe, rule: AutoRule, { fast, think }: Ways): Decision {
  const suffices = logistic(probeFeatures(probe), rule);
  const stated = `${percent(suffices)} that thinking would not improve it; it is kept from ${percent(rule.threshold)}`;
  const whole = `The model's calibration gives ${stated}.`;
  return suffices >= rule.threshold ? fast(whole, suffices) : think(whole, suffices);
}

function byThreshold(probe: FastProbe, { fast, think }: Ways): Decision {
  if (probe.finish === undefined)
    return fast('The answer is a long text, and this model has no calibration to decide by.');
  const mean = probe.logprobs.reduce((sum, { logprob }) => sum + logprob, 0) / probe.logprobs.length;
  const probability = Math.exp(mean);
  const stated = `Its tokens had an average probability of ${percent(probability)}`;
  return probability >= uncalibratedThreshold
    ? fast(`${stated}, ${percent(uncalibratedThreshold)} or more.`)
    : think(`${stated}, less than ${percent(uncalibratedThreshold)}.`);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** What the trace keeps of a fast answer that was not used. If the probe cut it, it is not a candidate. */
function draftOf(probe: FastProbe, tokens: number): Partial<TraceStep> {
  const value = probeValue(probe);
  const { length } = probe.logprobs;
  return {
    tokens,
    answer: value === undefined ? probe.text.trim() || null : showAnswer(value),
    answer_text: probe.text,
    ...(probe.stopText !== undefined && { answer_stop: probe.stopText }),
    stop_reason: probe.finish ?? 'length',
    confidence: length === 0 ? null : probe.logprobs.reduce((sum, { logprob }) => sum + logprob, 0) / length,
  };
}
