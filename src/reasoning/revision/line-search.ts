import type { Prompt } from '../../contracts/responses/prompt.ts';
import type { GenerateRequest, ModelEvent, Sampling, ThoughtSegment } from '../../core/language-model.ts';
import { createSampleCounter, createStoppedRun, type SampleCounter } from '../../core/token-counts.ts';
import type { Budget } from '../../core/token-ledger.ts';
import { thinkUntil } from '../deadline.ts';
import { chainAnswer, naturalTokens, type RunState, runSignal, tokensOfText } from '../run-state.ts';
import { failedLine, isHeld } from '../sampling/candidate.ts';
import { computedIn, segmentOf, thoughtText } from '../sampling/sample.ts';
import type { StrategyContext, StrategyEvent } from '../strategy.ts';
import type { CheckRunner } from './check-runner.ts';
import { cutSegments } from './roll-back.ts';

/** Samples at once; several of one prompt cost little more than one. */
const tries = 4;
/** Tokens that a line may have beyond the characters of the one that it replaces. */
const slack = 16;

type LineSearch = {
  prompt: Prompt;
  sample: number;
  prefix: readonly ThoughtSegment[];
  sampling: Sampling;
  /** The line that was found wrong. */
  wrongLine: string;
  summary: string;
  because: string;
};

type Searching = { state: RunState; budget: Budget; checkRunner: CheckRunner };

/**
 * Samples one line several times and gives the thought up to the first that a check reads and finds right; undefined where
 * none is: a line that says something else, so that no check can read it, only evades. A verifier finds the step that voting
 * can't (arXiv 2504.04718). The samples are stopped as soon as the line is found.
 * @throws the reason of the context's signal, and what the model throws
 */
export async function* searchLine(
  searching: Searching,
  search: LineSearch,
): AsyncGenerator<StrategyEvent, ThoughtSegment[] | undefined, void> {
  const { state } = searching;
  const perLine = Math.min(naturalTokens(state.context), search.wrongLine.length + slack);
  const budgetTokens = Math.min(tries * perLine, searching.budget.thinking(tries));
  const rows = Math.min(tries, Math.floor(budgetTokens / slack));
  if (rows === 0) return undefined;
  const step = state.trace.begin({
    phase: 'revise',
    sample: search.sample,
    summary: search.summary,
    because: search.because,
  });
  yield step.added;
  const spent = { thinking: 0, forced: 0, answer: 0 };
  const count = (kind: keyof typeof spent, tokens: number): void => {
    spent[kind] += tokens;
    state.usage.add(kind === 'thinking' ? 'revise' : kind === 'forced' ? 'forced' : 'discarded', tokens);
  };
  count('forced', await fedTokens(state.context, search.prefix));
  const found = yield* readLines(searching, search, {
    granted: { budgetTokens, perSampleTokens: perLine },
    rows: Array.from({ length: rows }, () => ({
      thought: [...search.prefix],
      counter: createSampleCounter(count),
      judged: false,
    })),
  });
  yield step.done({
    tokens: spent.thinking + spent.answer,
    text: thoughtText({ segments: found ?? [] }) || null,
    ...computedIn(found ?? []),
    summary: `${search.summary} ${found === undefined ? 'No new line passed the checks.' : 'A new line passed the checks.'}`,
    stop_reason: 'line',
    usage: spent,
  });
  return found;
}

/** One of the samples, until its line is judged. */
type Row = { thought: ThoughtSegment[]; counter: SampleCounter; judged: boolean };

async function* readLines(
  { state, budget, checkRunner }: Searching,
  search: LineSearch,
  { granted, rows }: { granted: { budgetTokens: number; perSampleTokens: number }; rows: readonly Row[] },
): AsyncGenerator<StrategyEvent, ThoughtSegment[] | undefined, void> {
  const { context, usage } = state;
  const known = thoughtText({ segments: search.prefix }).length;
  const stopping = new AbortController();
  const unread = createStoppedRun(usage, granted);
  const computed = budget.computed(Math.floor(granted.budgetTokens / rows.length));
  const thinking = { ...granted, prefix: search.prefix, ...(computed > 0 && { computeTokens: computed }) };
  let found: ThoughtSegment[] | undefined;
  try {
    for await (const event of context.model.generate(request(state, search, { thinking, samples: rows.length }), {
      signal: runSignal(context, stopping.signal),
      answerNow: context.answerNow,
      onStopped: unread.onStopped,
    })) {
      const row = rows[event.sample];
      if (row === undefined) continue;
      keep(row, event);
      if (event.type === 'thinking-delta') yield { type: 'usage', usage: usage.snapshot() };
      if (row.judged || found !== undefined) continue;
      const line = firstLine(row.thought, known, event.type !== 'thinking-delta');
      if (line === undefined) continue;
      row.judged = true;
      if (await isRight(checkRunner, line)) found = cutSegments(row.thought, line.end);
      if (found !== undefined || rows.every(({ judged }) => judged)) stopping.abort(new Error('the line is there'));
    }
  } catch (error) {
    context.signal.throwIfAborted();
    if (!stopping.signal.aborted && context.deadline?.aborted !== true) throw error;
    unread.withhold(rows.map(({ counter }) => counter));
  }
  return found;
}

function request(
  state: RunState,
  { prompt, sampling }: LineSearch,
  asked: Pick<GenerateRequest, 'samples' | 'thinking'>,
): GenerateRequest {
  const { context } = state;
  const deadlineAt = thinkUntil(state);
  return {
    prompt,
    ...asked,
    // Nothing but the line is wanted.
    answer: { ...chainAnswer(context), maxTokens: 1 },
    sampling,
    deterministic: context.deterministic,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
  };
}

function keep({ thought, counter }: Row, event: ModelEvent): void {
  counter.count(event.type === 'finish' ? withoutPrefix(event, counter.tokens.forced) : event);
  if (event.type === 'thinking-delta' && (!event.forced || event.expression !== undefined))
    thought.push(segmentOf(event));
}

async function isRight(checkRunner: CheckRunner, line: { text: string; number: number }): Promise<boolean> {
  const checks = await checkRunner.fast({ thought: line.text, answer: { text: '', logprobs: [], toolCalls: [] } });
  return failedLine(checks) === undefined && isHeld(checks, line.number);
}

/** A row's `finish`, without the fed tokens of the prefix: the rows share them, so they are counted once. */
function withoutPrefix(event: Extract<ModelEvent, { type: 'finish' }>, forcedTokens: number): ModelEvent {
  return { ...event, usage: { ...event.usage, forcedTokens } };
}

/**
 * Tokens of the inserted text. The samples of a search are stopped before they could report them, so they are counted here,
 * once, because the samples share them.
 */
export async function fedTokens(context: StrategyContext, prefix: readonly ThoughtSegment[]): Promise<number> {
  const fed = prefix.filter((segment) => segment.fed === true).map((segment) => segment.text);
  return fed.length === 0 ? 0 : tokensOfText(context, fed.join(''));
}

/** The first whole line that is new; at the thought's end it needs no line feed. */
function firstLine(
  thought: readonly ThoughtSegment[],
  from: number,
  ended: boolean,
): { text: string; end: number; number: number } | undefined {
  const text = thought.map((segment) => segment.text).join('');
  const start = from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
  if (start === text.length) return undefined;
  const feed = text.indexOf('\n', start);
  const number = text.slice(0, start).split('\n').length - 1;
  if (feed === -1) return ended ? { text, end: text.length, number } : undefined;
  return { text: text.slice(0, feed), end: feed + 1, number };
}
