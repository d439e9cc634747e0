import type { NormalAnswer } from '../../answers/normal-answer.ts';
import { sameAnswer, showAnswer } from '../../answers/normalise.ts';
import type { LanguageModel } from '../../core/language-model.ts';
import { createSampleCounter } from '../../core/token-counts.ts';
import type { Budget } from '../../core/token-ledger.ts';
import { mustStop } from '../deadline.ts';
import type { Prompts, PromptVersion } from '../prompts.ts';
import { type RunState, runSignal } from '../run-state.ts';
import type { Candidate } from '../sampling/candidate.ts';
import type { Chains } from '../sampling/chains.ts';
import { thoughtText } from '../sampling/sample.ts';
import type { StrategyEvent } from '../strategy.ts';
import type { Decision } from './decide.ts';
import { showTally } from './vote.ts';

/** One side of a comparison: an answer as a reader sees it, and the thought that led to it. */
type Compared = { answer: string; thought: string };

/** Lines and characters of a thought that a comparison quotes. */
const quotedLines = 3;
const quotedCharacters = 400;
/** Tokens: a letter, perhaps in a short sentence. */
const replyTokens = 12;

/**
 * Asks the model which of two answers is right, in both orders, since models favour a position (arXiv 2305.17926). `preferred`
 * is undefined where the replies contradict each other or name neither. `count` is called with the tokens that are decoded.
 * @throws the reason of `signal`, and what the model throws
 */
export async function compareAnswers(
  pair: readonly [Compared, Compared],
  options: {
    model: LanguageModel;
    prompts: Prompts;
    question: string;
    deterministic: boolean;
    signal: AbortSignal;
    count?(tokens: number): void;
  },
): Promise<{ preferred: 0 | 1 | undefined; version: PromptVersion }> {
  const { model, prompts, question } = options;
  const ask = async (first: Compared, second: Compared) => {
    const { text, version } = prompts.fill(
      'compare',
      {
        question,
        first: first.answer,
        first_lines: lastLines(first.thought),
        second: second.answer,
        second_lines: lastLines(second.thought),
      },
      model.capabilities.family,
    );
    let reply = '';
    const counter = createSampleCounter((_kind, tokens) => options.count?.(tokens));
    const events = model.generate(
      {
        prompt: { messages: [{ role: 'user', content: text }] },
        samples: 1,
        answer: { maxTokens: replyTokens },
        sampling: { temperature: 0 },
        deterministic: options.deterministic,
      },
      { signal: options.signal },
    );
    for await (const event of events) {
      counter.count(event);
      if (event.type === 'answer-delta') reply += event.text;
    }
    return { letter: letterOf(reply), version };
  };
  const there = await ask(pair[0], pair[1]);
  const back = await ask(pair[1], pair[0]);
  const named = [there.letter === 'A' ? 0 : 1, back.letter === 'A' ? 1 : 0] as const;
  const agree = there.letter !== undefined && back.letter !== undefined && named[0] === named[1];
  return { preferred: agree ? named[0] : undefined, version: there.version };
}

/** The two best candidates of the answers that lead with equal support; undefined where one answer leads alone. */
export function tiedLeaders(
  { tally }: Pick<Decision, 'tally'>,
  candidates: readonly Candidate[],
): [Candidate, Candidate] | undefined {
  const [first, second] = tally.entries;
  if (first === undefined || second === undefined) return undefined;
  if (first.sound !== second.sound || first.ballots !== second.ballots) return undefined;
  const one = shortestOf(candidates, first.answer);
  const other = shortestOf(candidates, second.answer);
  return one === undefined || other === undefined ? undefined : [one, other];
}

/**
 * Where answers tie, and the model's table says that comparing pays: asks once, and gives the answer that is preferred. The
 * answers are there without it, so a comparison that fails, or for which no time is left, only decides nothing.
 * @throws the reason of the context's signal
 */
export async function* settleTie(
  {
    state,
    budget,
    chains,
    prompts,
    checkRunner: { question },
  }: { state: RunState; budget: Budget; chains: Chains; prompts: Prompts; checkRunner: { question: string } },
  decision: Decision,
): AsyncGenerator<StrategyEvent, NormalAnswer | undefined, void> {
  const { context } = state;
  const pair = tiedLeaders(decision, [...chains.standing.values()]);
  if (!context.table.compare || pair === undefined) return undefined;
  const values = pair.map(({ value }) => value);
  const asked = context.finishedSteps.findLast(({ prompt }) => prompt?.file.endsWith('compare.txt') === true);
  if (asked !== undefined) return values.find((value) => value !== undefined && showAnswer(value) === asked.answer);
  if (mustStop(context) !== undefined || budget.answer(1) < 2 * replyTokens) return undefined;
  const [first, second] = pair.map((one) => ({ answer: one.answer.text, thought: thoughtText(one) }));
  if (first === undefined || second === undefined) return undefined;
  const step = state.trace.begin({ phase: 'vote', sample: null, summary: 'Compares the two leading answers.' });
  yield step.added;
  let tokens = 0;
  const compared = await compareAnswers([first, second], {
    model: context.model,
    prompts,
    question,
    deterministic: context.deterministic,
    signal: runSignal(context, context.answerNow),
    count(more) {
      tokens += more;
      state.usage.add('discarded', more);
    },
  }).catch(() => context.signal.throwIfAborted());
  const preferred = compared?.preferred;
  const value = preferred === undefined ? undefined : values[preferred];
  const shown = values.map((one) => (one === undefined ? '' : showAnswer(one))).join(' and ');
  const because =
    compared === undefined
      ? `The comparison of ${shown} was not completed.`
      : value === undefined
        ? `Asked in both orders which of ${shown} is right, the model did not decide.`
        : `Asked in both orders which of ${shown} is right, the model chose ${showAnswer(value)} both times.`;
  yield step.done({
    tokens,
    usage: { thinking: 0, forced: 0, answer: tokens },
    tally: showTally(decision.tally),
    answer: value === undefined ? null : showAnswer(value),
    because,
    summary: because,
    ...(compared === undefined ? {} : { prompt: compared.version }),
  });
  yield { type: 'usage', usage: state.usage.snapshot() };
  return value;
}

function shortestOf(candidates: readonly Candidate[], answer: NormalAnswer): Candidate | undefined {
  return candidates
    .filter(({ value }) => value !== undefined && sameAnswer(value, answer))
    .toSorted((a, b) => (a.thoughtTokens ?? 0) - (b.thoughtTokens ?? 0))[0];
}

function lastLines(thought: string): string {
  const lines = thought.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-quotedLines).join('\n').slice(-quotedCharacters);
}

/** The one letter that a reply names; undefined where it names both or none. */
function letterOf(reply: string): 'A' | 'B' | undefined {
  const letters = new Set(reply.match(/\b[AB]\b/g));
  if (letters.size !== 1) return undefined;
  return letters.has('A') ? 'A' : 'B';
}
