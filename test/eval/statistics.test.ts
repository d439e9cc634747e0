import { describe, expect, it } from 'vitest';
import { areaUnderCurve, calibrationError, pairedDifference, quantile, wilson } from '../../eval/statistics.ts';

const pairs = (both: number, gained: number, lost: number, neither: number) => [
  ...Array.from({ length: both }, () => ({ base: true, other: true })),
  ...Array.from({ length: gained }, () => ({ base: false, other: true })),
  ...Array.from({ length: lost }, () => ({ base: true, other: false })),
  ...Array.from({ length: neither }, () => ({ base: false, other: false })),
];

describe('statistics', () => {
  it.each([
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [81, 263, 0.2553, 0.3662],
  ])("gives Wilson's interval for %i of %i", (right, total, low, high) => {
    const estimate = wilson(right, total);
    expect(estimate.value).toBe(right / total);
    expect(estimate.low).toBeCloseTo(low, 4);
    expect(estimate.high).toBeCloseTo(high, 4);
  });

  it('counts only the questions that one of the two got right', () => {
    const difference = pairedDifference(pairs(40, 15, 5, 40));
    expect(difference).toMatchObject({ value: 0.1, gained: 15, lost: 5 });
    // Bonett and Price by hand: 16/102 and 6/102.
    const [up, down] = [16 / 102, 6 / 102];
    const half = 1.959964 * Math.sqrt((up + down - (up - down) ** 2) / 102);
    expect(difference.low).toBeCloseTo(up - down - half, 10);
    expect(difference.high).toBeCloseTo(up - down + half, 10);
    expect(difference.low).toBeGreaterThan(0);
  });

  it('has an interval around zero where nothing differs', () => {
    const { value, low, high } = pairedDifference(pairs(50, 0, 0, 50));
    expect(value).toBe(0);
    expect(low).toBeLessThan(0);
    expect(high).toBeCloseTo(-low, 10);
  });

  it('ranks: area under the curve', () => {
    const scored = (rights: number[], wrongs: number[]) => [
      ...rights.map((score) => ({ score, right: true })),
      ...wrongs.map((score) => ({ score, right: false })),
    ];
    expect(areaUnderCurve(scored([3, 4], [1, 2]))).toBe(1);
    expect(areaUnderCurve(scored([1, 2], [3, 4]))).toBe(0);
    expect(areaUnderCurve(scored([1, 1], [1, 1]))).toBe(0.5);
    expect(areaUnderCurve(scored([1, 3], [2]))).toBe(0.5);
  });

  it('takes the smallest value that holds the share', () => {
    expect(quantile([5, 1, 4, 2, 3], 0.8)).toBe(4);
    expect(quantile([5, 1, 4, 2, 3], 0.95)).toBe(5);
    expect(quantile([7], 0)).toBe(7);
  });

  it('gives the calibration error of five bins of equal size', () => {
    const answers = (count: number, probability: number, right: number) =>
      Array.from({ length: count }, (_, index) => ({ probability, right: index < right }));
    const five = [0.1, 0.3, 0.5, 0.7, 0.9].flatMap((one) => answers(10, one, Math.round(10 * one)));
    expect(calibrationError(five)).toBeCloseTo(0, 12);
    // Bins of 10 each: the last is 0.9 off, the others are exact.
    expect(calibrationError(five.map((one) => (one.probability === 0.9 ? { ...one, right: false } : one)))).toBeCloseTo(
      0.9 / 5,
      12,
    );
    // One bin is half too high, one half too low: differences don't cancel over bins.
    expect(calibrationError([...answers(10, 0.5, 0), ...answers(10, 0.6, 11)], 2)).toBeCloseTo((0.5 + 0.4) / 2, 12);
    // Bins that don't come out even: each answer still weighs the same.
    expect(calibrationError(answers(7, 0.25, 0))).toBeCloseTo(0.25, 12);
    expect(calibrationError([])).toBeNaN();
  });
});
