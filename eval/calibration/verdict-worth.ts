import type { LanguageModel } from '../../src/core/language-model.ts';
import type { Prompts } from '../../src/reasoning/prompts.ts';
import { areaUnderCurve, quantile } from '../statistics.ts';
import type { MeasuredQuestion } from './measured-chain.ts';

/** A verdict that distinguishes right from wrong less well than this is not used. */
const leastVerdictAuc = 0.75;

type Judged = { score: number; right: boolean };

/** Answers of chains to judge: one right and one wrong for each question, equally many of both. */
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

/** The model's log-odds of yes against no for an answer, asked with the texts in `prompts/`. */
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
 * The check with its thresholds, or none if the area under the curve is too small. It fails scores below those of nine
 * in ten right answers, and passes scores above those of nine in ten wrong ones.
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
