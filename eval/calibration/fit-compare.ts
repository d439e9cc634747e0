import { z } from 'zod';
import type { LanguageModel } from '../../src/core/language-model.ts';
import type { Prompts } from '../../src/reasoning/prompts.ts';
import { compareAnswers, tiedLeaders } from '../../src/reasoning/voting/compare.ts';
import { decide } from '../../src/reasoning/voting/decide.ts';
import { isWorthIt, type Turned } from './fit-phases.ts';
import { forEachOf } from './for-each-of.ts';
import { candidateOfChain, type MeasuredChain, type MeasuredQuestion } from './measured-chain.ts';
import type { MeasurementLog } from './measurement-log.ts';

const Preferred = z.int().nonnegative().nullable();

/** With fewer ties there is no result. */
const leastTies = 10;

type Tie = { question: string; tied: MeasuredChain[]; votedRight: boolean };

/** Questions whose first `samples` chains are tied, with the chains that a comparison would show. */
export function tiesAmong(
  measured: readonly MeasuredQuestion[],
  { samples, greedyFirst }: { samples: number; greedyFirst: boolean },
): Tie[] {
  return measured.flatMap((question): Tie[] => {
    const chains = (greedyFirst ? question.chains : question.chains.slice(1)).slice(0, samples);
    const candidates = chains.map((chain) => candidateOfChain(chain, question.question));
    const decision = decide(candidates, { filter: true, vote: true });
    const tied = tiedLeaders(decision, candidates).flatMap((one) => chains[candidates.indexOf(one)] ?? []);
    const voted = decision.winner === undefined ? undefined : chains[candidates.indexOf(decision.winner)];
    return tied.length === 0 ? [] : [{ question: question.question, tied, votedRight: voted?.right === true }];
  });
}

/**
 * Whether comparing tied answers pays for this model: it must correct at least twice as many answers as it spoils, and
 * at least one. Figures are null if there were too few ties.
 */
export async function fitCompare(
  measured: readonly MeasuredQuestion[],
  options: {
    model: LanguageModel;
    prompts: Prompts;
    log: MeasurementLog;
    concurrency: number;
    samples: number;
    greedyFirst: boolean;
    onProgress(stage: string, done: number, total: number): void;
  },
): Promise<{ pays: boolean; figures: (Turned & { ties: number; decided: number }) | null }> {
  const ties = tiesAmong(measured, options);
  if (ties.length < leastTies) return { pays: false, figures: null };
  const { family } = options.model.capabilities;
  const { hash } = options.prompts.fill('compare', { question: '', answers: '', letters: '' }, family).version;
  const asked = await forEachOf(ties, options, 'comparisons', async ({ question, tied, votedRight }) => {
    const key = `compare ${hash} ${question} ${tied.map(({ answer }) => answer).join(' | ')}`;
    const preferred = await options.log.remember(key, Preferred, async () => {
      const { model, prompts } = options;
      const signal = new AbortController().signal;
      const found = await compareAnswers(tied, { model, prompts, question, deterministic: false, signal });
      return found.preferred ?? null;
    });
    return { votedRight, preferredRight: preferred === null ? null : tied[preferred]?.right === true };
  });
  const decided = asked.filter(({ preferredRight }) => preferredRight !== null);
  const turned: Turned = {
    wrongToRight: decided.filter(({ votedRight, preferredRight }) => !votedRight && preferredRight === true).length,
    rightToWrong: decided.filter(({ votedRight, preferredRight }) => votedRight && preferredRight === false).length,
  };
  const pays = turned.wrongToRight > 0 && isWorthIt(turned);
  return { pays, figures: { ties: ties.length, decided: decided.length, ...turned } };
}
