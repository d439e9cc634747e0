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

/** One of the answers that are compared, as a reader sees it, and the thought that led to it. */
type Compared = { answer: string; thought: string };

/** Lines and characters of a thought that a comparison quotes. */
const quotedLines = 3;
const quotedCharacters = 400;
/** Tokens: a letter, perhaps in a short sentence. */
const replyTokens = 12;
/** The most answers that are compared: of more, those that a vote would prefer. */
const letters = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'];
/** `A, B or C`, and `A, B and C`. */
const [either, all] = [
  new Intl.ListFormat('en-GB', { type: 'disjunction' }),
  new Intl.ListFormat('en-GB', { type: 'conjunction' }),
];

/**
 * Asks the model which of the answers is right, in both orders, since models favour a position (arXiv 2305.17926). `preferred` is
 * the number of an answer; undefined where the replies contradict each other or name none. `count` is called with the tokens that
 * are decoded.
 * @throws the reason of `signal`, and what the model throws
 */
export async function compareAnswers(
  answers: readonly Compared[],
  options: {
    model: LanguageModel;
    prompts: Prompts;
    question: string;
    deterministic: boolean;
    signal: AbortSignal;
    count?(tokens: number): void;
  },
): Promise<{ preferred: number | undefined; version: PromptVersion }> {
  const { model, prompts, question } = options;
  const { family } = model.capabilities;
  const named = letters.slice(0, answers.length);
  const ask = async (ordered: readonly Compared[]) => {
    const quoted = ordered.map(({ answer, thought }, place) => {
      const letter = named[place] ?? '';
      return prompts.fill('compare-answer', { letter, answer, lines: lastLines(thought) }, family).text;
    });
    const { text, version } = prompts.fill(
      'compare',
      { question, answers: quoted.join('\n\n'), letters: either.format(named) },
      family,
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
    return { place: placeNamed(reply, named), version };
  };
  const there = await ask(answers);
  const back = await ask(answers.toReversed());
  const agree = there.place !== undefined && back.place === answers.length - 1 - there.place;
  return { preferred: agree ? there.place : undefined, version: there.version };
}

/**
 * The best candidate of each of the answers that lead with equal support: of all where no two chains agree. Empty where one
 * answer leads alone.
 */
export function tiedLeaders({ tally }: Pick<Decision, 'tally'>, candidates: readonly Candidate[]): Candidate[] {
  const [first] = tally.entries;
  const leaders = tally.entries
    .filter(({ sound, ballots }) => sound === first?.sound && ballots === first.ballots)
    .slice(0, letters.length)
    .flatMap(({ answer }) => shortestOf(candidates, answer) ?? []);
  return leaders.length < 2 ? [] : leaders;
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
  const leaders = tiedLeaders(decision, [...chains.standing.values()]);
  if (!context.table.compare || leaders.length === 0) return undefined;
  const values = leaders.map(({ value }) => value);
  const asked = context.finishedSteps.findLast(({ prompt }) => prompt?.file.endsWith('compare.txt') === true);
  if (asked !== undefined) return values.find((value) => value !== undefined && showAnswer(value) === asked.answer);
  if (mustStop(context) !== undefined || budget.answer(1) < 2 * replyTokens) return undefined;
  const compares = `Compares the ${leaders.length} leading answers.`;
  const step = state.trace.begin({ phase: 'vote', sample: null, summary: compares });
  yield step.added;
  let tokens = 0;
  const answers = leaders.map((one) => ({ answer: one.answer.text, thought: thoughtText(one) }));
  const compared = await compareAnswers(answers, {
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
  const shown = all.format(values.map((one) => (one === undefined ? '' : showAnswer(one))));
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

/** The place of the one letter that a reply names; undefined where it names several or none. */
function placeNamed(reply: string, named: readonly string[]): number | undefined {
  const [letter, ...others] = named.filter((one) => new RegExp(`\\b${one}\\b`).test(reply));
  return letter === undefined || others.length > 0 ? undefined : named.indexOf(letter);
}
