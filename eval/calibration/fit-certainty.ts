import { Certainty, CertaintyFeature } from '../../src/contracts/service/effort-table.ts';
import type { Candidate } from '../../src/reasoning/sampling/candidate.ts';
import {
  agreeing,
  certaintyFeatures,
  certaintyOf,
  type Standing,
  standingOf,
} from '../../src/reasoning/voting/certainty.ts';
import { areaUnderCurve, calibrationError, type Stated } from '../statistics.ts';
import { fitLogistic } from './fit-logistic.ts';
import { candidateOfChain, type MeasuredChain, type MeasuredQuestion } from './measured-chain.ts';

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
 */
export function fitCertainty(measured: readonly MeasuredQuestion[]): {
  certainty: Certainty | null;
  figures: CertaintyFigures | null;
} {
  const examples = measured.flatMap(examplesOf);
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
function examplesOf({ question, chains, handedOver }: MeasuredQuestion, number: number): CertaintyExample[] {
  const read = (chain: MeasuredChain): Read => ({ chain, candidate: candidateOfChain(chain, question) });
  const all = chains.map(read);
  const sets = sizes.filter((size) => size <= all.length).flatMap((size) => windowsOf(all, size));
  const halfway = handedOver === null ? [] : [[read(handedOver)]];
  const standings = [...sets, ...halfway].flatMap((window) => {
    const found = standingOfChains(window);
    return found === undefined ? [] : [{ question: number, chains: window.length, ...found }];
  });
  return standings.map((one) => ({ ...one, weight: 1 / standings.length }));
}

type Read = { chain: MeasuredChain; candidate: Candidate };

function windowsOf<Item>(chains: readonly Item[], size: number): Item[][] {
  const starts = Math.min(windows, chains.length - size + 1);
  return Array.from({ length: starts }, (_, index) => {
    const start = starts === 1 ? 0 : Math.round((index * (chains.length - size)) / (starts - 1));
    return chains.slice(start, start + size);
  });
}

/** The answer that most of them gave, among these the most confident; undefined if none can be read. */
function standingOfChains(rows: readonly Read[]): { standing: Standing; right: boolean } | undefined {
  const candidates = rows.map(({ candidate }) => candidate);
  const [winner] = rows
    .filter(({ candidate }) => candidate.value !== undefined && candidate.value.kind !== 'json')
    .map((row) => ({ ...row, agree: agreeing(row.candidate, candidates).length }))
    .sort((a, b) => b.agree - a.agree || (b.candidate.confidence ?? 0) - (a.candidate.confidence ?? 0));
  if (winner === undefined) return undefined;
  const standing = { ...standingOf(winner.candidate, candidates), computed: winner.chain.computed };
  return { standing, right: winner.chain.right };
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
