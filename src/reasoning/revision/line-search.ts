import type { Prompt } from '../../contracts/responses/prompt.ts';
import type { ModelEvent, Sampling, ThoughtSegment } from '../../core/language-model.ts';
import { createSampleCounter, createStoppedRun } from '../../core/token-counts.ts';
import type { Deliberation } from '../deliberation.ts';
import { failedLine, isHeld } from '../sampling/candidate.ts';
import { runSignal } from '../sampling/run-samples.ts';
import { computedIn, segmentOf } from '../sampling/sample.ts';
import type { StrategyContext, StrategyEvent } from '../strategy.ts';
import { cutSegments } from './roll-back.ts';

/** Continuations tried at once; rows of one prompt cost little more than one. */
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

/**
 * Samples one line several times and gives the thought up to the first that a check reads and finds right; undefined where
 * none is: a line that says something else, so that no check can read it, only evades. A verifier finds the step that voting can't (arXiv 2504.04718); the rows are stopped as soon as the line is there.
 * @throws the reason of the context's signal, and what the model throws
 */
export async function* searchLine(
  deliberation: Deliberation,
  search: LineSearch,
): AsyncGenerator<StrategyEvent, ThoughtSegment[] | undefined, void> {
  const { context, state, budget, checkRunner } = deliberation;
  const perLine = Math.min(deliberation.natural, search.wrongLine.length + slack);
  const budgetTokens = Math.min(tries * perLine, budget.thinking(tries));
  const rows = Math.min(tries, Math.floor(budgetTokens / slack));
  if (rows === 0) return undefined;
  const step = state.trace.begin({
    phase: 'revise',
    sample: search.sample,
    summary: search.summary,
    because: search.because,
  });
  yield step.added;
  const known = search.prefix.map((segment) => segment.text).join('');
  const thoughts = Array.from({ length: rows }, () => [...search.prefix]);
  const judged = new Set<number>();
  const spent = { thinking: 0, forced: 0, answer: 0 };
  const count = (kind: keyof typeof spent, tokens: number): void => {
    spent[kind] += tokens;
    state.usage.add(kind === 'thinking' ? 'revise' : kind === 'forced' ? 'forced' : 'discarded', tokens);
  };
  count('forced', await fedTokens(context, search.prefix));
  const counters = thoughts.map(() => createSampleCounter(count));
  const stopping = new AbortController();
  const granted = { budgetTokens, perSampleTokens: perLine };
  const computed = budget.computed(Math.floor(budgetTokens / rows));
  const unread = createStoppedRun(state.usage, granted);
  const thinkUntil = deliberation.thinkUntil();
  let found: ThoughtSegment[] | undefined;
  try {
    for await (const event of context.model.generate(
      {
        prompt: search.prompt,
        samples: rows,
        thinking: { ...granted, prefix: search.prefix, ...(computed > 0 && { computeTokens: computed }) },
        // Nothing but the line is wanted.
        answer: { ...deliberation.answer, maxTokens: 1 },
        sampling: search.sampling,
        deterministic: context.deterministic,
        ...(thinkUntil === undefined ? {} : { deadlineAt: thinkUntil }),
      },
      {
        signal: runSignal(context, stopping.signal),
        answerNow: context.answerNow,
        onStopped: unread.onStopped,
      },
    )) {
      const thought = thoughts[event.sample];
      const counter = counters[event.sample];
      if (thought === undefined || counter === undefined) continue;
      counter.count(event.type === 'finish' ? withoutPrefix(event, counter.tokens.forced) : event);
      if (event.type === 'thinking-delta') {
        if (!event.forced || event.expression !== undefined) thought.push(segmentOf(event));
        yield { type: 'usage', usage: state.usage.snapshot() };
      }
      if (judged.has(event.sample) || found !== undefined) continue;
      const line = firstLine(thought, known.length, event.type !== 'thinking-delta');
      if (line === undefined) continue;
      judged.add(event.sample);
      const checks = await checkRunner.fast({ thought: line.text, answer: { text: '', logprobs: [], toolCalls: [] } });
      if (failedLine(checks) === undefined && isHeld(checks, line.number)) found = cutSegments(thought, line.end);
      if (found !== undefined || judged.size === rows) stopping.abort(new Error('the line is there'));
    }
  } catch (error) {
    context.signal.throwIfAborted();
    if (!stopping.signal.aborted && context.deadline?.aborted !== true) throw error;
    unread.withhold(counters);
  }
  yield step.done({
    tokens: spent.thinking + spent.answer,
    text: (found ?? []).map((segment) => segment.text).join('') || null,
    ...computedIn(found ?? []),
    summary: `${search.summary} ${found === undefined ? 'None of the new lines held.' : 'A new line holds.'}`,
    stop_reason: 'line',
    usage: spent,
  });
  return found;
}

/** A row's `finish`, without the fed tokens of the prefix: the rows share them, so they are counted once. */
function withoutPrefix(event: Extract<ModelEvent, { type: 'finish' }>, forcedTokens: number): ModelEvent {
  return { ...event, usage: { ...event.usage, forcedTokens } };
}

/**
 * Tokens of what is fed anew. The rows of a search are stopped before they could tell, so they are counted here, once: the
 * rows share them. The `a` before keeps the line feed from joining what the template puts there.
 */
export async function fedTokens(context: StrategyContext, prefix: readonly ThoughtSegment[]): Promise<number> {
  const fed = prefix.filter((segment) => segment.fed === true).map((segment) => segment.text);
  if (fed.length === 0) return 0;
  const countOf = (content: string): Promise<number> =>
    context.model.countTokens({ messages: [{ role: 'user', content }] }, { thinking: true });
  return Math.max(0, (await countOf(`a${fed.join('')}`)) - (await countOf('a')));
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
