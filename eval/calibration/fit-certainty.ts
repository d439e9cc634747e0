import { type Certainty, CertaintyFeature } from '../../src/contracts/effort-table.ts';
import type { Candidate } from '../../src/reasoning/candidate.ts';
import { agreeing, certaintyFeatures, certaintyOf, type Standing, standingOf } from '../../src/reasoning/certainty.ts';
import { areaUnderCurve, average, calibrationError, type Stated } from '../statistics.ts';
import { candidateOfChain, type MeasuredChain, type MeasuredQuestion } from './measured-chain.ts';

/** With fewer questions than this nothing is fitted: a probability would be a guess. */
export const leastQuestions = 40;
/** Chains that are looked at together, as many as the levels run. */
const sizes: readonly number[] = [1, 2, 3, 5, 8];
/** Choices of some chains among all, for each size. */
const windows = 4;
const folds = 10;
/** Strengths of the ridge that are tried, in questions. */
const ridges: readonly number[] = [0.3, 1, 3, 10, 30];

export type CertaintyExample = { question: number; chains: number; standing: Standing; right: boolean; weight: number };
export type CertaintyFigures = {
  questions: number;
  ridge: number;
  logLoss: number;
  auc: number;
  /** Of answers after so many chains. */
  calibrationError: Record<string, number>;
};

/**
 * A logistic model of the standings that the measured chains would have come to, with a ridge that is chosen by
 * cross-validation. All chains of a question are in one fold; the figures are of the questions that were held out.
 */
export function fitCertainty(measured: readonly MeasuredQuestion[]): {
  certainty: Certainty | null;
  figures: CertaintyFigures | null;
} {
  const examples = measured.flatMap(examplesOf);
  const questions = new Set(examples.map(({ question }) => question)).size;
  const outcomes = new Set(examples.map(({ right }) => right));
  // Of a model that is always right, or never, there is nothing to tell apart.
  if (questions < leastQuestions || outcomes.size < 2) return { certainty: null, figures: null };
  const tried = ridges.map((ridge) => ({ ridge, held: heldOut(examples, ridge) }));
  const best = tried.reduce((a, b) => (logLoss(b.held) < logLoss(a.held) ? b : a));
  const of = (chains: number) => best.held.filter((one) => one.chains === chains);
  return {
    certainty: fitLogistic(examples, best.ridge),
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

/** Each question weighs 1, whatever number of its standings are looked at. */
export function examplesOf({ question, chains, handedOver }: MeasuredQuestion, number: number): CertaintyExample[] {
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

/** The answer that most of them gave, the most confident of those; undefined where none can be read. */
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

/** What each example is given by a model that was fitted without its question. */
function heldOut(examples: readonly CertaintyExample[], ridge: number): Array<Stated & CertaintyExample> {
  return Array.from({ length: folds }, (_, fold) => {
    const isOut = ({ question }: CertaintyExample) => question % folds === fold;
    const certainty = fitLogistic(
      examples.filter((one) => !isOut(one)),
      ridge,
    );
    return examples.filter(isOut).map((one) => ({ ...one, probability: certaintyOf(one.standing, certainty) ?? 0.5 }));
  }).flat();
}

/** Newton's method on the penalised log-likelihood; the intercept is not penalised. */
function fitLogistic(examples: readonly CertaintyExample[], ridge: number): Certainty {
  const raw = examples.map(({ standing }) => certaintyFeatures(standing));
  const scales = CertaintyFeature.options.flatMap((name) => {
    const values = raw.flatMap((features) => features[name] ?? []);
    const mean = average(values);
    const deviation = Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
    // What never differs, or was never measured, tells nothing.
    return deviation > 1e-9 ? [{ name, mean, deviation }] : [];
  });
  const rows = raw.map((features) => [
    1,
    ...scales.map(({ name, mean, deviation }) => ((features[name] ?? mean) - mean) / deviation),
  ]);
  const weights = newton(
    rows.map((row, index) => ({ row, ...pick(examples[index]) })),
    ridge,
  );
  return {
    questions: new Set(examples.map(({ question }) => question)).size,
    intercept: rounded(weights[0] ?? 0),
    features: Object.fromEntries(
      scales.map(({ name, mean, deviation }, index) => [
        name,
        { mean: rounded(mean), deviation: rounded(deviation), weight: rounded(weights[index + 1] ?? 0) },
      ]),
    ),
  };
}

function pick(example: CertaintyExample | undefined): { right: boolean; weight: number } {
  return { right: example?.right ?? false, weight: example?.weight ?? 0 };
}

type Row = { row: readonly number[]; right: boolean; weight: number };

function newton(rows: readonly Row[], ridge: number): number[] {
  const size = rows[0]?.row.length ?? 0;
  let weights: number[] = Array.from({ length: size }, () => 0);
  for (let round = 0; round < 50; round += 1) {
    const penalty = weights.map((_, index) => (index === 0 ? 1e-6 : ridge));
    const gradient = weights.map((weight, index) => -(penalty[index] ?? 0) * weight);
    const curvature = weights.map((_, i) => weights.map((__, j) => (i === j ? (penalty[i] ?? 0) : 0)));
    for (const { row, right, weight } of rows) {
      const probability = 1 / (1 + Math.exp(-dot(row, weights)));
      const [pull, bend] = [weight * (Number(right) - probability), weight * probability * (1 - probability)];
      for (let i = 0; i < size; i += 1) {
        const value = row[i] ?? 0;
        const line = curvature[i] ?? [];
        gradient[i] = (gradient[i] ?? 0) + pull * value;
        for (let j = 0; j < size; j += 1) line[j] = (line[j] ?? 0) + bend * value * (row[j] ?? 0);
      }
    }
    const step = solve(curvature, gradient);
    weights = weights.map((weight, index) => weight + (step[index] ?? 0));
    if (step.every((one) => Math.abs(one) < 1e-6)) break;
  }
  return weights;
}

/** Gauss and Jordan, with pivots; the matrix is positive definite. */
function solve(matrix: readonly number[][], vector: readonly number[]): number[] {
  const rows = matrix.map((row, index) => [...row, vector[index] ?? 0]);
  for (let column = 0; column < rows.length; column += 1) {
    const pivot = rows
      .slice(column)
      .reduce((a, b) => (Math.abs(b[column] ?? 0) > Math.abs(a[column] ?? 0) ? b : a), rows[column] ?? []);
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(column, 0, pivot);
    const scaled = pivot.map((value) => value / (pivot[column] ?? 1));
    rows[column] = scaled;
    for (const [index, row] of rows.entries()) {
      if (index === column) continue;
      const factor = row[column] ?? 0;
      rows[index] = row.map((value, place) => value - factor * (scaled[place] ?? 0));
    }
  }
  return rows.map((row) => row.at(-1) ?? 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
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
