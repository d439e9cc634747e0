import { Certainty, CertaintyFeature } from '../../src/contracts/service/effort-table.ts';
import { certaintyFeatures, certaintyOf, type Standing } from '../../src/reasoning/voting/certainty.ts';
import { areaUnderCurve, calibrationError, type Stated } from '../statistics.ts';
import { chainsOf, decided } from './fit-agreement.ts';
import { fitLogistic } from './fit-logistic.ts';
import type { MeasuredChain, MeasuredQuestion } from './measured-chain.ts';

/** With fewer questions nothing is fitted, because a probability would be a guess. */
export const leastQuestions = 40;
/** How many chains are considered together, as many as the levels run. */
const sizes: readonly number[] = [1, 2, 3, 5, 8];
/** How many selections of chains for each size. */
const windows = 4;
const folds = 10;
/** The strengths of the ridge penalty that are tried, in questions. */
const ridges: readonly number[] = [0.3, 1, 3, 10, 30];

type CertaintyExample = { question: number; chains: number; standing: Standing; right: boolean; weight: number };
type CertaintyFigures = {
  questions: number;
  ridge: number;
  logLoss: number;
  auc: number;
  /** By the number of chains before the answer. */
  calibrationError: Record<string, number>;
};

/**
 * A logistic model over the states that the measured chains would have led to, with a ridge penalty chosen by
 * cross-validation. All chains of a question are in one fold; the figures are for the held-out questions.
 * @param options.greedyFirst the service begins with the greedy chain; otherwise it is left out, like there
 */
export function fitCertainty(
  measured: readonly MeasuredQuestion[],
  { greedyFirst }: { greedyFirst: boolean },
): {
  certainty: Certainty | null;
  figures: CertaintyFigures | null;
} {
  const examples = measured.flatMap((question, number) => examplesOf(question, number, greedyFirst));
  const questions = new Set(examples.map(({ question }) => question)).size;
  const outcomes = new Set(examples.map(({ right }) => right));
  // If a model is always right, or never, there is nothing to distinguish.
  if (questions < leastQuestions || outcomes.size < 2) return { certainty: null, figures: null };
  const tried = ridges.map((ridge) => ({ ridge, held: heldOut(examples, ridge) }));
  const best = tried.reduce((a, b) => (logLoss(b.held) < logLoss(a.held) ? b : a));
  const of = (chains: number) => best.held.filter((one) => one.chains === chains);
  return {
    certainty: fitted(examples, best.ridge),
    figures: {
      questions,
      ridge: best.ridge,
      logLoss: rounded(logLoss(best.held)),
      auc: rounded(areaUnderCurve(of(1).map(({ probability, right }) => ({ score: probability, right })))),
      calibrationError: Object.fromEntries(
        sizes.filter((size) => of(size).length > 0).map((size) => [size, rounded(calibrationError(of(size)))]),
      ),
    },
  };
}

/** Each question has weight 1, however many of its states are used. */
function examplesOf(measured: MeasuredQuestion, question: number, greedyFirst: boolean): CertaintyExample[] {
  const all = chainsOf(measured, greedyFirst);
  const sets = sizes.filter((size) => size <= all.length).flatMap((size) => windowsOf(all, size));
  const halfway = measured.handedOver === null ? [] : [[measured.handedOver]];
  const standings = [...sets, ...halfway].flatMap((chains) => {
    const { winner, standing } = decided(measured, chains);
    if (winner === undefined || standing?.kind === undefined || standing.kind === 'json') return [];
    return [{ question, chains: chains.length, standing, right: winner.right }];
  });
  return standings.map((one) => ({ ...one, weight: 1 / standings.length }));
}

function windowsOf(chains: readonly MeasuredChain[], size: number): MeasuredChain[][] {
  const starts = Math.min(windows, chains.length - size + 1);
  return Array.from({ length: starts }, (_, index) => {
    const start = starts === 1 ? 0 : Math.round((index * (chains.length - size)) / (starts - 1));
    return chains.slice(start, start + size);
  });
}

/** The prediction for each example by a model fitted without its question. */
function heldOut(examples: readonly CertaintyExample[], ridge: number): Array<Stated & CertaintyExample> {
  return Array.from({ length: folds }, (_, fold) => {
    const isOut = ({ question }: CertaintyExample) => question % folds === fold;
    const certainty = fitted(
      examples.filter((one) => !isOut(one)),
      ridge,
    );
    return examples.filter(isOut).map((one) => ({ ...one, probability: certaintyOf(one.standing, certainty) ?? 0.5 }));
  }).flat();
}

function fitted(examples: readonly CertaintyExample[], ridge: number): Certainty {
  const model = fitLogistic(
    CertaintyFeature.options,
    examples.map(({ standing, right, weight }) => ({ found: certaintyFeatures(standing), right, weight })),
    ridge,
  );
  return Certainty.parse({ questions: new Set(examples.map(({ question }) => question)).size, ...model });
}

function logLoss(stated: ReadonlyArray<Stated & { weight: number }>): number {
  const loss = stated.reduce(
    (sum, { probability, right, weight }) => sum - weight * Math.log(right ? probability : 1 - probability),
    0,
  );
  return loss / stated.reduce((sum, { weight }) => sum + weight, 0);
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
