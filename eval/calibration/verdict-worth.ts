import type { LanguageModel } from '../../src/core/language-model.ts';
import type { Prompts } from '../../src/reasoning/prompts.ts';
import { areaUnderCurve, quantile } from '../statistics.ts';
import type { MeasuredQuestion } from './measured-chain.ts';

/** A verdict that tells right from wrong no better than this has no vote. */
export const leastVerdictAuc = 0.75;

export type Judged = { score: number; right: boolean };

/** Answers of chains to be judged: of each question one right and one wrong, as many of either. */
export function balancedAnswers(
  measured: readonly MeasuredQuestion[],
  most: number,
): Array<{ question: string; answer: string; right: boolean }> {
  const pick = (right: boolean) =>
    measured.flatMap(({ question, chains }) => {
      const chain = chains.find((one) => one.right === right && one.answer.trim() !== '');
      return chain === undefined ? [] : [{ question, answer: chain.answer, right }];
    });
  const [rights, wrongs] = [pick(true), pick(false)];
  const each = Math.min(most, rights.length, wrongs.length);
  return [...rights.slice(0, each), ...wrongs.slice(0, each)];
}

/** Log-odds of yes against no that the model gives to an answer, in the words of `prompts/`. */
export async function verdictScore(
  model: LanguageModel,
  prompts: Prompts,
  { question, answer }: { question: string; answer: string },
): Promise<number> {
  const { text } = prompts.fill('verdict', { question, answer }, model.capabilities.family);
  const { continuations } = await model.score(
    { prompt: { messages: [{ role: 'user', content: text }] }, continuations: ['Yes.', 'No.'] },
    { signal: new AbortController().signal },
  );
  const [yes, no] = continuations;
  return (yes?.logprob ?? Number.NaN) - (no?.logprob ?? Number.NaN);
}

/**
 * The check with its thresholds, or none where the area under the curve is too small. It fails what nine in ten right
 * answers score above, and passes what nine in ten wrong ones score below.
 */
export function fitVerdict(judged: readonly Judged[]): {
  check: { type: string; [option: string]: unknown } | undefined;
  figures: { auc: number; answers: number };
} {
  const auc = areaUnderCurve(judged);
  const figures = { auc: Math.round(auc * 1_000) / 1_000, answers: judged.length };
  if (!(auc >= leastVerdictAuc)) return { check: undefined, figures };
  const scores = (right: boolean) => judged.filter((one) => one.right === right).map(({ score }) => score);
  return {
    check: { type: 'self-verdict', fail_below: quantile(scores(true), 0.1), pass_above: quantile(scores(false), 0.9) },
    figures,
  };
}
