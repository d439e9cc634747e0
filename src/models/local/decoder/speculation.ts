import { fewTokens } from '../graph/quantised-graph.ts';
import type { PrefixStore } from './prefix-store.ts';
import { createPromptLookup, createTextIndexes, type PromptLookup, type TextIndexes } from './prompt-lookup.ts';
import type { Sequence } from './sequence.ts';

/** The most sequences that decode at the same time while guesses are made: with more, a run's tokens cost too much. */
const mostDecoding = 2;
/** The other chains of a response that are searched, the latest first. */
const mostOthers = 8;
/** What a guess has to save at least, as costs are estimates. */
const leastGain = 0.05;
/** How often a value that was computed at the equals sign is then inserted; otherwise it was another sign, such as `==`. */
const valueComes = 0.97;

/**
 * What a run costs, in steps of one token at the beginning of a context: with one sequence of 1 to 8 new tokens, and with
 * two sequences of one each. `perThousand`: in addition for each 1,000 tokens in the cache. Measured with the embedded model
 * on an AMD EPYC (docs/decisions/0004); each engine corrects them by what its own runs take.
 */
const assumedCosts = {
  one: [
    { base: 1, perThousand: 0.34 },
    { base: 1.02, perThousand: 0.64 },
    { base: 1.29, perThousand: 0.92 },
    { base: 1.45, perThousand: 0.86 },
    { base: 1.67, perThousand: 1.63 },
    { base: 1.77, perThousand: 1.77 },
    { base: 2.03, perThousand: 2.19 },
    { base: 2.21, perThousand: 1.67 },
  ],
  two: { base: 1.08, perThousand: 0.92 },
};

type RunKind = { rows: number; length: number; past: number };

/** The costs of runs, relative to each other, learned from their times. */
export type RunCosts = { of(run: RunKind): number; observe(run: RunKind, milliseconds: number): void };

/** The weight of one run's time; how fast a correction is forgotten while its kind of run isn't made. */
const learning = { rate: 1 / 8, forgetting: 1 / 64, least: 0.5, most: 2 };

export function createRunCosts(): RunCosts {
  /** Milliseconds that a cost of 1 takes. */
  let unit: number | undefined;
  const corrections = new Map<number, number>();
  const kindOf = ({ rows, length }: RunKind) => (rows === 1 ? length : -rows);
  const assumed = ({ rows, length, past }: RunKind): number => {
    const { base, perThousand } = (rows === 1 ? assumedCosts.one[length - 1] : assumedCosts.two) ?? assumedCosts.two;
    return base + (perThousand * past) / 1000;
  };
  const known = ({ rows, length }: RunKind) => (rows === 1 ? length <= fewTokens : rows === 2 && length === 1);
  return {
    of: (run) => assumed(run) * (corrections.get(kindOf(run)) ?? 1),
    observe(run, milliseconds) {
      if (!known(run)) return;
      const measured = milliseconds / assumed(run);
      if (unit === undefined || kindOf(run) === 1) {
        unit = unit === undefined ? measured : unit + (clipped(measured / unit) - 1) * unit * learning.rate;
        for (const [kind, correction] of corrections) {
          corrections.set(kind, correction + (1 - correction) * learning.forgetting);
        }
        return;
      }
      const before = corrections.get(kindOf(run)) ?? 1;
      corrections.set(kindOf(run), before + (clipped(measured / unit) - before) * learning.rate);
    },
  };
}

/** One run that was held up must not decide. */
function clipped(ratio: number): number {
  return Math.min(learning.most, Math.max(learning.least, ratio));
}

/** A sequence with the ids that are run after its own. */
export type Guessed = { sequence: Sequence; guess: readonly number[] };

/** Chooses what is guessed, and how much of it pays. */
export type Speculation = {
  /** `running`: all sequences; of a response's chains, those running and those kept in the store are searched. */
  plan(
    sequences: readonly Sequence[],
    all: { running: readonly Sequence[]; store: PrefixStore },
  ): Guessed[] | undefined;
};

type State = { costs: RunCosts; indexes: TextIndexes; lookups: WeakMap<Sequence, PromptLookup> };

/** `plan` gives runs of their own to one or two sequences that otherwise share a run; undefined: they share it. */
export function createSpeculation(costs: RunCosts): Speculation {
  const state: State = { costs, indexes: createTextIndexes(), lookups: new WeakMap() };
  return {
    plan(sequences, { running, store }) {
      const unfinished = running.filter(({ driver }) => !driver.finished);
      if (unfinished.filter(({ decoding }) => decoding).length > mostDecoding) return undefined;
      // Samples of a request share its thinking budget, so none may get ahead of the others.
      const together = ({ request }: Sequence) => unfinished.filter((one) => one.request === request).length > 1;
      if (sequences.some((one) => one.alone || !one.place || together(one))) return undefined;
      const rows = sequences.length;
      const plans = sequences.map((sequence) => {
        const past = sequence.cached;
        // What a token costs that is decoded without a guess.
        const worth = costs.of({ rows, length: 1, past }) / rows;
        return { sequence, ...planOne(state, sequence, textsBeside(sequence, running, store), worth) };
      });
      const gain = plans.reduce((sum, plan) => sum + plan.gain, 0);
      return rows > 1 && gain <= 0 ? undefined : plans;
    },
  };
}

/** The guess with the highest gain, in cost saved against runs without one. */
function planOne(
  { costs, indexes, lookups }: State,
  sequence: Sequence,
  others: readonly (readonly number[])[],
  worth: number,
): { guess: readonly number[]; gain: number } {
  const { driver, cached, place } = sequence;
  const { ids } = driver;
  const lookup = lookups.get(sequence) ?? createPromptLookup(indexes);
  lookups.set(sequence, lookup);
  const missing = ids.length - cached;
  const cost = (guessed: number) => costs.of({ rows: 1, length: missing + guessed, past: cached });
  const room = Math.min(fewTokens, driver.need - cached, (place?.capacity ?? 0) - cached) - missing;
  const expected = driver.expects ?? [];
  const given = expected.length <= room ? expected : [];
  const found = lookup.guess({ ids, given, others, most: Math.max(0, room - given.length) });
  // The value's tokens save the run in which they would be computed.
  const sure = given.length > 0 ? valueComes : 1;
  let tokens = given.length > 0 ? 1 + sure : 1;
  let best = { length: given.length, gain: tokens * worth - cost(given.length) };
  for (const [index, chance] of found.chances.entries()) {
    tokens += sure * chance;
    const length = given.length + index + 1;
    const gain = tokens * worth - cost(length);
    if (gain > best.gain + (best.length === given.length ? leastGain : 0)) best = { length, gain };
  }
  return { guess: [...given, ...found.ids].slice(0, best.length), gain: best.gain };
}

/** The ids of the other chains of a sequence's response. */
function textsBeside(
  sequence: Sequence,
  running: readonly Sequence[],
  store: PrefixStore,
): readonly (readonly number[])[] {
  const { cache } = sequence;
  const ofResponse = (other: Sequence['cache']) =>
    cache?.response !== undefined && other?.response === cache.response && other.owner === cache.owner;
  const chains = [
    ...store.sequences.filter((stored) => ofResponse(stored.cache)),
    ...running.flatMap((other) =>
      other !== sequence && !other.alone && ofResponse(other.cache) ? [other.driver] : [],
    ),
  ];
  return chains.slice(-mostOthers).map(({ ids }) => ids);
}
