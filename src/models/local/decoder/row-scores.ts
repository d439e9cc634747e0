import type { SampleScores } from '../../../core/language-model.ts';
import type { SampledToken } from '../sampler.ts';

/** Means over a row's sampled tokens, of the raw distribution. */
export type RowScores = {
  add(part: 'thinking' | 'answer', sampled: SampledToken): void;
  result(): SampleScores;
};

export function createRowScores(): RowScores {
  const sums = { thinking: { total: 0, count: 0 }, answer: { total: 0, count: 0 }, certainty: { total: 0, count: 0 } };
  const mean = ({ total, count }: { total: number; count: number }) => (count > 0 ? total / count : undefined);
  const put = (sum: { total: number; count: number }, value: number) => {
    sum.total += value;
    sum.count += 1;
  };
  return {
    add(part, sampled) {
      put(sums[part], sampled.logprob);
      put(sums.certainty, sampled.selfCertainty);
    },
    result() {
      const thinkingMeanLogprob = mean(sums.thinking);
      const answerMeanLogprob = mean(sums.answer);
      const selfCertainty = mean(sums.certainty);
      return {
        ...(thinkingMeanLogprob !== undefined && { thinkingMeanLogprob }),
        ...(answerMeanLogprob !== undefined && { answerMeanLogprob }),
        ...(selfCertainty !== undefined && { selfCertainty }),
      };
    },
  };
}
