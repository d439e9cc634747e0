import { z } from 'zod';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { createThoughtLines, makesAnotherSign, valueBehind } from '../../src/models/thought-lines.ts';
import type { Question } from '../generator/question.ts';
import { pairedDifference } from '../statistics.ts';
import { forEachOf } from './for-each-of.ts';
import { measureChains } from './measure-question.ts';
import { MeasuredChain } from './measured-chain.ts';
import type { MeasurementLog } from './measurement-log.ts';

/** One in so many questions is asked both ways. */
const every = 2;
/**
 * A share of the equations in right chains: if more of them would get another value than the model wrote, its notation
 * differs from ours.
 */
const mostDiffering = 0.005;

type ComputeFigures = {
  questions: number;
  rightWithout: number;
  rightWith: number;
  /** Questions that only one of the two got right. */
  gained: number;
  lost: number;
  /**
   * In right chains without computing: the equations for which the evaluator has a value, and those in which the model
   * wrote something else.
   */
  equations: number;
  differing: number;
};

/**
 * Whether to compute values in this model's thoughts: if its configuration says so, or if greedy chains are right more
 * often with computing than without, by more than chance explains, and right chains wrote the values that would be inserted.
 * `figures` is null if nothing had to be measured.
 */
export async function chooseCompute(options: {
  model: LanguageModel;
  questions: readonly Question[];
  log: MeasurementLog;
  ceiling: number;
  answerTokens: number;
  concurrency: number;
  onProgress(stage: string, done: number, total: number): void;
}): Promise<{ value: boolean; figures: ComputeFigures | null }> {
  const { model, log, ceiling, answerTokens } = options;
  if (!model.capabilities.compute) return { value: false, figures: null };
  if (model.capabilities.computesByDefault) return { value: true, figures: null };
  const questions = options.questions.filter((_, index) => index % every === 0);
  const asked = (computes: boolean) =>
    forEachOf(questions, options, computes ? 'computed' : 'not computed', (question, index) => {
      const setting = { temperature: 0, ceiling, samples: 1, computes };
      const key = `compute ${JSON.stringify(setting)} ${question.question}`;
      return log.remember(key, z.array(MeasuredChain), () =>
        measureChains(question, { ...setting, model, answerTokens, seed: index + 1 }),
      );
    });
  const without = (await asked(false)).flat();
  const withValues = (await asked(true)).flat();
  const isRight = ({ right }: MeasuredChain) => right;
  const pairs = without.map((base, index) => ({ base: base.right, other: withValues[index]?.right === true }));
  const { gained, lost, low } = pairedDifference(pairs);
  const found = without.filter(isRight).map(({ thought }) => equationsOf(thought));
  const figures = {
    questions: questions.length,
    rightWithout: without.filter(isRight).length,
    rightWith: withValues.filter(isRight).length,
    gained,
    lost,
    equations: found.reduce((sum, { equations }) => sum + equations, 0),
    differing: found.reduce((sum, { differing }) => sum + differing, 0),
  };
  const sameValues = figures.differing <= mostDiffering * figures.equations;
  return { value: sameValues && low > 0, figures };
}

/** The equations of a thought in which a value would be inserted, and how many of them continued with another text. */
export function equationsOf(thought: string): { equations: number; differing: number } {
  const lines = createThoughtLines('');
  let equations = 0;
  let differing = 0;
  let pushed = 0;
  for (const { index } of thought.matchAll(/=/g)) {
    const end = index + 1;
    lines.push(thought.slice(pushed, end));
    pushed = end;
    const rest = thought.slice(end, end + longestValue);
    if (!lines.equals || makesAnotherSign(rest)) continue;
    const value = valueBehind(lines)?.text.trimStart();
    if (value === undefined) continue;
    equations += 1;
    const written = rest.trimStart();
    if (!written.startsWith(value) || /^(?:\d|[.,]\d)/.test(written.slice(value.length))) differing += 1;
  }
  return { equations, differing };
}

/** Characters: more than the longest inserted value. */
const longestValue = 160;
