import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { Sampling } from '../../core/language-model.ts';
import { createNucleusScratch, drawFromNucleus, largest, type NucleusScratch } from './sampler-nucleus.ts';
import { expOfMinus, likeliest, type RawDistribution, rawDistribution } from './sampler-softmax.ts';

export type Sampler = {
  /**
   * The next token of one sequence. `logits` [vocabulary] is changed during the call and restored at its end.
   * @throws ServiceError `server_error` if mask and suppressed tokens together leave no token
   */
  next(logits: Float32Array, state: SamplerState): SampledToken;
  /** As `SequenceDriver.needs`, for what the request itself says of sampling. */
  readonly needs: 'all' | readonly number[];
};

type SamplerState = {
  /** The distribution of the logits, if it is known already. */
  raw?: RawDistribution | undefined;
  /** What the sequence has generated (including inserted tokens), in order: for presence, frequency and repetition penalty. */
  history: readonly number[];
  /** For the repetition penalty, which includes the prompt. */
  promptTokens?: readonly number[];
  /** Bit `id & 31` of word `id >> 5` allows a token. */
  mask?: Uint32Array | undefined;
  /** Tokens that may not come now (an end before there is visible text). */
  suppressed?: readonly number[] | undefined;
  /** How many alternatives to return; none by default. */
  topLogprobs?: number | undefined;
};

/** Log-probabilities and self-certainty are from the raw distribution: before temperature, penalties, bias and mask. Nats. */
export type SampledToken = {
  token: number;
  logprob: number;
  selfCertainty: number;
  top?: Array<{ token: number; logprob: number }>;
};

/**
 * A sequence's sampler: its random stream depends only on (seed, sample), and every token takes exactly one draw at
 * a temperature above 0, so other sequences never affect it.
 */
export function createSampler(
  sampling: Sampling,
  sequence: { sample: number; vocabularySize: number; scratch?: NucleusScratch },
): Sampler {
  const { temperature = 1 } = sampling;
  const random = xoroshiro128plus(
    streamSeed(sampling.seed ?? Math.floor(Math.random() * Number.MAX_SAFE_INTEGER), sequence.sample),
  );
  const scratch = sequence.scratch ?? createNucleusScratch(temperature > 0 ? sequence.vocabularySize : 0);
  const nucleus = {
    temperature,
    topP: sampling.topP ?? 1,
    topK: sampling.topK && sampling.topK > 0 ? sampling.topK : sequence.vocabularySize,
    minP: sampling.minP ?? 0,
  };
  const edits = createEdits(sampling);
  return {
    needs: neededLogits(sampling),
    next(logits, state) {
      const raw = state.raw ?? rawDistribution(logits);
      const top = state.topLogprobs === undefined ? undefined : likeliest(logits, raw.logSumExp, state.topLogprobs);
      const edited = edits.apply(logits, state, raw);
      const max = edited.keepsMax && !state.mask ? raw.max : largest(logits, state.mask).logit;
      const token =
        temperature > 0
          ? drawFromNucleus(
              logits,
              nucleus,
              {
                max,
                mask: state.mask,
                // At temperature 1 the raw sum is the mass: the few edited tokens are put right in it.
                mass:
                  temperature === 1 && !raw.partial && edited.keepsMax && max === raw.max
                    ? Math.exp(raw.logSumExp - max) + edited.massChange
                    : undefined,
                uniform: uniformFloat64(random),
              },
              scratch,
            )
          : // The first of equals, as `largest` has it.
            edited.keepsMax && !state.mask
            ? logits.indexOf(max)
            : largest(logits, state.mask).token;
      edited.undo();
      if (token < 0) throw new ServiceError({ code: 'server_error', message: 'No token is allowed here.' });
      const sampled = { token, logprob: (logits[token] ?? 0) - raw.logSumExp, selfCertainty: raw.selfCertainty };
      return top === undefined ? sampled : { ...sampled, top };
    },
  };
}

/** The settings for a request's tokens: the model's `own` apply if the request gives no temperature. */
export function withOwnSampling(sampling: Sampling, own: Sampling): Sampling {
  return sampling.temperature === undefined ? { ...own, ...sampling } : sampling;
}

/** What raises unlikely tokens has to see them. */
function neededLogits(sampling: Sampling): 'all' | readonly number[] {
  const { temperature = 1, repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0 } = sampling;
  const raises = temperature > 1 || repetitionPenalty < 1 || presencePenalty < 0 || frequencyPenalty < 0;
  return raises ? 'all' : Object.keys(sampling.logitBias ?? {}).map(Number);
}

/** Mixes seed and sample into 32 bits (the finaliser of MurmurHash3), so that neighbouring seeds share no stream. */
export function streamSeed(seed: number, sample: number): number {
  const high = Math.floor(seed / 2 ** 32) | 0;
  return mix(mix(mix(seed | 0) ^ high) ^ Math.imul(sample + 1, 0x9e3779b1));
}

function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

type Edited = { undo(): void; keepsMax: boolean; massChange: number };

/** Bias and penalties change few logits: they are edited in place and restored, because a copy would cost as much as the draw. */
function createEdits(sampling: Sampling): {
  apply(logits: Float32Array, state: SamplerState, raw: RawDistribution): Edited;
} {
  const bias = Object.entries(sampling.logitBias ?? {}).map(([id, value]) => ({ id: Number(id), value }));
  const repetition = sampling.repetitionPenalty ?? 1;
  const presence = sampling.presencePenalty ?? 0;
  const frequency = sampling.frequencyPenalty ?? 0;
  const counting = repetition !== 1 || presence !== 0 || frequency !== 0;
  const counts = new Map<number, number>();
  let counted = 0;
  let promptCounted = false;
  return {
    apply(logits, state, raw) {
      const old: number[] = [];
      let keepsMax = true;
      let massChange = 0;
      const edit = (id: number, value: number) => {
        const before = logits[id];
        if (before === undefined || before === value) return;
        old.push(id, before);
        logits[id] = value;
        if (before >= raw.max || value > raw.max) keepsMax = false;
        else massChange += expOfMinus(raw.max - value) - expOfMinus(raw.max - before);
      };
      if (counting) {
        if (!promptCounted) {
          for (const id of state.promptTokens ?? []) counts.set(id, 0);
          promptCounted = true;
        }
        for (; counted < state.history.length; counted += 1) {
          const id = state.history[counted] ?? 0;
          counts.set(id, (counts.get(id) ?? 0) + 1);
        }
        for (const [id, count] of counts) {
          const logit = logits[id] ?? 0;
          const repeated = logit > 0 ? logit / repetition : logit * repetition;
          edit(id, repeated - (count > 0 ? presence : 0) - frequency * count);
        }
      }
      for (const { id, value } of bias) edit(id, (logits[id] ?? 0) + value);
      for (const id of state.suppressed ?? []) edit(id, Number.NEGATIVE_INFINITY);
      const undo = () => {
        for (let index = old.length - 2; index >= 0; index -= 2) logits[old[index] ?? 0] = old[index + 1] ?? 0;
      };
      return { undo, keepsMax, massChange };
    },
  };
}
