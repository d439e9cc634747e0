import type { Logistic } from '../../src/reasoning/voting/logistic.ts';
import { average } from '../statistics.ts';

/** One outcome with the features to predict it from. */
type LogisticExample<Feature extends string> = {
  found: Readonly<Record<Feature, number | undefined>>;
  right: boolean;
  weight: number;
};

/**
 * Newton's method on the penalised log-likelihood of a logistic model; the intercept is not penalised. Features are
 * standardised; a feature that never varies, or was never measured, is left out.
 * @param ridge strength of the penalty, in examples of weight 1
 */
export function fitLogistic<Feature extends string>(
  names: readonly Feature[],
  examples: ReadonlyArray<LogisticExample<Feature>>,
  ridge: number,
): Logistic<string> {
  const scales = names.flatMap((name) => {
    const values = examples.flatMap(({ found }) => found[name] ?? []);
    const mean = average(values);
    const deviation = Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
    return deviation > 1e-9 ? [{ name, mean, deviation }] : [];
  });
  const rows = examples.map(({ found, right, weight }) => ({
    row: [1, ...scales.map(({ name, mean, deviation }) => ((found[name] ?? mean) - mean) / deviation)],
    right,
    weight,
  }));
  const weights = newton(rows, ridge);
  const features = Object.fromEntries(
    scales.map(({ name, mean, deviation }, index) => [
      name,
      { mean: rounded(mean), deviation: rounded(deviation), weight: rounded(weights[index + 1] ?? 0) },
    ]),
  );
  return { intercept: rounded(weights[0] ?? 0), features };
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

/** Gauss-Jordan elimination with pivoting; the matrix is positive definite. */
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

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
