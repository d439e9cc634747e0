import { describe, expect, test } from 'vitest';
import type { Sampling } from '../../../src/core/language-model.ts';
import { createSampler, streamSeed, withOwnSampling } from '../../../src/models/local/sampler.ts';
import { rawDistribution } from '../../../src/models/local/sampler-softmax.ts';

const vocabularySize = 203;

/** Logits like a model's: a bulk and a few that stand out. */
function logitsOf(seed: number): Float32Array {
  const logits = new Float32Array(vocabularySize);
  let state = streamSeed(seed, 0);
  for (let id = 0; id < vocabularySize; id += 1) {
    state = streamSeed(state, id);
    logits[id] = ((state >>> 8) / 2 ** 24) * 9 - 3;
  }
  return logits;
}

/** The plain reading of the definition: sort everything, cut, renormalise. */
function reference(
  logits: Float32Array,
  sampling: Sampling,
  state: {
    history: readonly number[];
    promptTokens?: readonly number[];
    mask?: Uint32Array;
    suppressed?: readonly number[];
  },
): Float64Array {
  const adjusted = Array.from(logits, (logit, id) => {
    const count = state.history.filter((token) => token === id).length;
    const seen = count > 0 || (state.promptTokens ?? []).includes(id);
    const penalty = sampling.repetitionPenalty ?? 1;
    const repeated = seen ? (logit > 0 ? logit / penalty : logit * penalty) : logit;
    const value =
      repeated -
      (count > 0 ? (sampling.presencePenalty ?? 0) : 0) -
      (sampling.frequencyPenalty ?? 0) * count +
      (sampling.logitBias?.[id] ?? 0);
    const allowed = !state.mask || ((state.mask[id >>> 5] ?? 0) >>> (id & 31)) & 1;
    return allowed && !state.suppressed?.includes(id) ? value / (sampling.temperature ?? 1) : Number.NEGATIVE_INFINITY;
  });
  const max = Math.max(...adjusted);
  let sorted = adjusted.map((value, id) => ({ id, weight: Math.exp(value - max) }));
  sorted.sort((a, b) => b.weight - a.weight || a.id - b.id);
  if (sampling.topK) sorted = sorted.slice(0, sampling.topK);
  if (sampling.topP !== undefined && sampling.topP < 1) {
    const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
    let mass = 0;
    const topP = sampling.topP;
    sorted = sorted.filter(({ weight }) => {
      const keep = mass < topP * total;
      mass += weight;
      return keep;
    });
  }
  sorted = sorted.filter(({ weight }) => weight >= (sampling.minP ?? 0));
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  const probabilities = new Float64Array(vocabularySize);
  for (const { id, weight } of sorted) probabilities[id] = weight / total;
  return probabilities;
}

const everyThird = new Uint32Array(Math.ceil(vocabularySize / 32));
for (let id = 0; id < vocabularySize; id += 3) everyThird[id >>> 5] = (everyThird[id >>> 5] ?? 0) | (1 << (id & 31));
const state = { history: [3, 3, 5, 17, 90], promptTokens: [1, 2, 3, 40, 41, 42] };

const cases: Array<{ name: string; sampling: Sampling; state?: Parameters<typeof reference>[2] }> = [
  { name: 'the whole distribution', sampling: { temperature: 1 } },
  { name: 'a low temperature', sampling: { temperature: 0.6 } },
  { name: 'a high temperature', sampling: { temperature: 1.7 } },
  { name: 'top_p', sampling: { temperature: 1, topP: 0.8 } },
  { name: 'a tiny top_p', sampling: { temperature: 1, topP: 0.001 } },
  { name: 'top_k', sampling: { temperature: 0.9, topK: 7 } },
  { name: 'min_p', sampling: { temperature: 1, minP: 0.2 } },
  { name: 'top_k, top_p and min_p', sampling: { temperature: 1.3, topK: 30, topP: 0.7, minP: 0.1 } },
  { name: 'repetition penalty', sampling: { temperature: 1, repetitionPenalty: 1.6 }, state },
  { name: 'presence and frequency', sampling: { temperature: 1, presencePenalty: 1.5, frequencyPenalty: 0.7 }, state },
  { name: 'a raised maximum', sampling: { temperature: 1, logitBias: { 9: 12, 10: -100 } } },
  { name: 'a mask', sampling: { temperature: 1, topP: 0.9 }, state: { history: [], mask: everyThird } },
  { name: 'suppressed', sampling: { temperature: 1 }, state: { history: [], suppressed: [0, 3, 100] } },
];

describe('draws follow the plain definition', () => {
  for (const { name, sampling, state: given } of cases) {
    test(name, () => {
      const draws = 20_000;
      const logits = logitsOf(11);
      const before = logits.slice();
      const wanted = reference(logits, sampling, given ?? { history: [] });
      const sampler = createSampler({ ...sampling, seed: 5 }, { sample: 0, vocabularySize });
      const counts = new Float64Array(vocabularySize);
      for (let draw = 0; draw < draws; draw += 1) {
        const { token } = sampler.next(logits, given ?? { history: [] });
        counts[token] = (counts[token] ?? 0) + 1;
      }
      expect(logits).toEqual(before);
      let chiSquared = 0;
      let cells = 0;
      for (let id = 0; id < vocabularySize; id += 1) {
        const expected = (wanted[id] ?? 0) * draws;
        if (expected === 0) expect(counts[id], `token ${id} is cut`).toBe(0);
        if (expected < 5) continue;
        chiSquared += ((counts[id] ?? 0) - expected) ** 2 / expected;
        cells += 1;
      }
      // Five standard deviations over the mean of the chi-squared distribution: the seed is fixed, so no flakiness.
      expect(chiSquared).toBeLessThan(cells + 5 * Math.sqrt(2 * cells) + 5);
    });
  }
});

test('tokens far below the maximum come as often as they weigh, each alike', () => {
  const logits = new Float32Array(vocabularySize).fill(-9.5);
  logits[0] = 0;
  const share = ((vocabularySize - 1) * Math.exp(-9.5)) / (1 + (vocabularySize - 1) * Math.exp(-9.5));
  const sampler = createSampler({ temperature: 1, seed: 2 }, { sample: 0, vocabularySize });
  const drawn = Array.from({ length: 20_000 }, () => sampler.next(logits, { history: [] }).token).filter(
    (id) => id > 0,
  );
  expect(drawn.length / 20_000).toBeGreaterThan(0.8 * share);
  expect(drawn.length / 20_000).toBeLessThan(1.2 * share);
  expect(new Set(drawn).size).toBeGreaterThan(100);
});

describe('greedy', () => {
  test('takes the likeliest token, the lower id among equals', () => {
    const logits = Float32Array.from([0, 3, 3, 1]);
    expect(
      createSampler({ temperature: 0 }, { sample: 0, vocabularySize: 4 }).next(logits, { history: [] }).token,
    ).toBe(1);
  });

  test('obeys mask, suppressed, bias and penalties', () => {
    const logits = Float32Array.from([0, 3, 2, 1]);
    const next = (sampling: Partial<Sampling>, given: Partial<Parameters<typeof reference>[2]>) =>
      createSampler({ temperature: 0, ...sampling }, { sample: 0, vocabularySize: 4 }).next(logits, {
        history: [],
        ...given,
      }).token;
    expect(next({}, { mask: Uint32Array.of(0b1001) })).toBe(3);
    expect(next({}, { suppressed: [1] })).toBe(2);
    expect(next({ logitBias: { 0: 10 } }, {})).toBe(0);
    expect(next({ repetitionPenalty: 4 }, { history: [1] })).toBe(2);
    expect(next({ frequencyPenalty: 0.6 }, { history: [1, 1] })).toBe(2);
  });

  test('throws where nothing is allowed', () => {
    const sampler = createSampler({ temperature: 0 }, { sample: 0, vocabularySize: 4 });
    expect(() => sampler.next(new Float32Array(4), { history: [], mask: Uint32Array.of(0) })).toThrow(/No token/);
  });
});

describe('what is reported is the raw distribution', () => {
  const logits = logitsOf(3);
  const max = Math.max(...logits);
  const logSumExp = max + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0));

  test('log-probability, alternatives and self-certainty ignore temperature, penalties and mask', () => {
    const sampling: Sampling = { temperature: 0.3, topK: 2, repetitionPenalty: 2, logitBias: { 0: 50 }, seed: 1 };
    const sampled = createSampler(sampling, { sample: 0, vocabularySize }).next(logits, {
      history: [1, 2],
      mask: everyThird,
      topLogprobs: 4,
    });
    expect(sampled.token).toBe(0);
    expect(sampled.logprob).toBeCloseTo((logits[0] ?? 0) - logSumExp, 5);
    const mean = logits.reduce((sum, logit) => sum + (logit - logSumExp), 0) / vocabularySize;
    expect(sampled.selfCertainty).toBeCloseTo(-mean - Math.log(vocabularySize), 5);
    const best = [...logits.keys()].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0)).slice(0, 4);
    expect(sampled.top?.map(({ token }) => token)).toEqual(best);
    expect(sampled.top?.[0]?.logprob).toBeCloseTo(max - logSumExp, 5);
  });

  test('where it is known already, it is not computed', () => {
    const raw = { max, logSumExp: 50, selfCertainty: 7 };
    const sampler = createSampler({ temperature: 0 }, { sample: 0, vocabularySize });
    expect(sampler.next(logits, { history: [], raw })).toMatchObject({ logprob: max - 50, selfCertainty: 7 });
  });
});

describe('a random stream', () => {
  const draw = (seed: number, sample: number, between: () => void = () => {}) => {
    const sampler = createSampler({ temperature: 1, seed }, { sample, vocabularySize });
    return Array.from({ length: 40 }, (_, index) => {
      between();
      return sampler.next(logitsOf(index), { history: [] }).token;
    });
  };

  test('comes from seed and sample alone, whatever other rows draw between', () => {
    const other = createSampler({ temperature: 1, seed: 1 }, { sample: 1, vocabularySize });
    expect(draw(1, 0, () => other.next(logitsOf(99), { history: [] }))).toEqual(draw(1, 0));
  });

  test('differs by seed and by sample, high seeds too', () => {
    const texts = [draw(1, 0), draw(1, 1), draw(2, 0), draw(1 + 2 ** 32, 0), draw(2 ** 53 - 1, 0)].map(String);
    expect(new Set(texts).size).toBe(texts.length);
  });
});

describe('logits that are out of the ordinary', () => {
  test('of two that are largest, a suppressed one takes no share of the other', () => {
    const logits = new Float32Array(vocabularySize).fill(-20);
    logits[3] = 5;
    logits[4] = 5;
    for (let seed = 0; seed < 50; seed += 1) {
      const sampler = createSampler({ temperature: 1, seed }, { sample: 0, vocabularySize });
      expect(sampler.next(logits, { history: [], suppressed: [3] }).token).toBe(4);
    }
  });

  test('a vocabulary filled up with minus infinity leaves the certainty finite', () => {
    const logits = logitsOf(1);
    const { selfCertainty } = rawDistribution(logits);
    const filled = Float32Array.from([...logits, ...new Array<number>(5).fill(Number.NEGATIVE_INFINITY)]);
    expect(rawDistribution(filled).selfCertainty).toBeCloseTo(selfCertainty - Math.log(208 / 203), 4);
  });
});

describe('withOwnSampling', () => {
  const own = { temperature: 0.6, topP: 0.95 };

  test('takes the model’s settings where the request names no temperature, and what it names in their place', () => {
    expect(withOwnSampling({ seed: 1 }, own)).toEqual({ ...own, seed: 1 });
    expect(withOwnSampling({ topP: 0.5 }, own)).toEqual({ temperature: 0.6, topP: 0.5 });
    expect(withOwnSampling({ temperature: 0 }, own)).toEqual({ temperature: 0 });
  });
});
