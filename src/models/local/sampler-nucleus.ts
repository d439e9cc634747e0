import { expOfMinus, massBelow } from './sampler-softmax.ts';

/** Where a draw may fall. */
export type NucleusOptions = { temperature: number; topP: number; topK: number; minP: number };

export type Draw = {
  /** The largest allowed logit. */
  max: number;
  /** Bit `id & 31` of word `id >> 5` allows a token. */
  mask: Uint32Array | undefined;
  /** Sum of exp((logit - max) / temperature) over all tokens, where it is known already. */
  mass?: number | undefined;
  /** In [0, 1). */
  uniform: number;
};

/** Buckets of the distance to the maximum, in nats after temperature: the selection sorts inside one bucket only. */
const bucketsPerNat = 16;
/** Tokens further off weigh less than 1e-6 together in any vocabulary below 100,000, about what a draw can resolve. */
const horizon = 25;
/** A draw nearly always ends near the maximum: rings of so many nats are gathered one after the other until it does. */
const rings = [13, horizon];
/** Up to this temperature the horizon holds a few hundred tokens: gathered at once, without summing the whole vocabulary. */
const narrow = 0.72;
const bucketCount = horizon * bucketsPerNat + 2;

/** Scratch of one vocabulary, shared by all sequences of a model: a draw leaves nothing behind in it. */
export type NucleusScratch = {
  ids: Int32Array;
  weights: Float64Array;
  buckets: Int16Array;
  mass: Float64Array;
  counts: Int32Array;
};

export function createNucleusScratch(vocabularySize: number): NucleusScratch {
  return {
    ids: new Int32Array(vocabularySize),
    weights: new Float64Array(vocabularySize),
    buckets: new Int16Array(vocabularySize),
    mass: new Float64Array(bucketCount),
    counts: new Int32Array(bucketCount),
  };
}

/**
 * Draws one token from `logits` [vocabulary] at a temperature > 0: of the `topK` likeliest, of those the fewest that
 * together hold `topP`, of those the ones with at least `minP` of the likeliest one's probability (the order of
 * transformers' logits processors). -1: no token is allowed.
 */
export function drawFromNucleus(
  logits: Float32Array,
  options: NucleusOptions,
  draw: Draw,
  scratch: NucleusScratch,
): number {
  if (draw.max === Number.NEGATIVE_INFINITY) return -1;
  // Rounding must not shut out a token on the very border of min_p.
  const minP = options.minP > 0 ? Math.min(horizon, -Math.log(options.minP) + 1e-9) : horizon;
  const cutsByMass = options.topP < 1;
  const cutsByCount = options.topK < logits.length;
  if (!cutsByMass && !cutsByCount && minP < horizon) {
    const all = gather(logits, options.temperature, draw, 0, minP, scratch);
    return pick(scratch, all.count, draw.uniform * all.mass);
  }
  const uncut = !cutsByMass && !cutsByCount;
  const reaches = draw.mask || options.temperature <= narrow ? [horizon] : rings;
  const needsTotal = reaches.length > 1 && !cutsByCount;
  const total = needsTotal ? (draw.mass ?? massBelow(logits, draw.max, options.temperature)) : 0;
  let passed = 0;
  let inner = 0;
  for (const reach of reaches) {
    const found = gather(logits, options.temperature, draw, uncut ? inner : 0, reach, scratch);
    const last = reach === horizon;
    if (uncut) {
      // A token beyond a ring is drawn by what is left of the same uniform number.
      const target = draw.uniform * (needsTotal ? total : found.mass) - passed;
      if (target < found.mass || last) return pick(scratch, found.count, target);
      passed += found.mass;
      inner = reach;
    } else {
      const enough = cutsByCount ? found.count >= options.topK : found.mass >= options.topP * total;
      if (enough || last) {
        const mass = needsTotal && !last ? total : found.mass;
        return drawWithin(scratch, { ...options, minP, total: mass }, found.count, draw.uniform);
      }
    }
  }
  return -1;
}

/** The likeliest allowed token; ties by the lower id. -1: none is allowed. */
export function largest(logits: Float32Array, mask: Uint32Array | undefined): { token: number; logit: number } {
  let token = -1;
  let best = Number.NEGATIVE_INFINITY;
  for (let start = 0; start < logits.length; start += 32) {
    const bits = mask ? (mask[start >>> 5] ?? 0) : -1;
    if (bits === 0) continue;
    const end = Math.min(logits.length, start + 32);
    for (let id = start; id < end; id += 1) {
      const logit = logits[id] ?? 0;
      if (logit > best && (bits >>> (id & 31)) & 1) {
        best = logit;
        token = id;
      }
    }
  }
  return { token, logit: best };
}

type Place = { weight: number; id: number };

/** Gathers the tokens from `from` (kept out) to `to` nats below the maximum into the scratch, in order of id. */
function gather(
  logits: Float32Array,
  temperature: number,
  draw: Draw,
  from: number,
  to: number,
  scratch: NucleusScratch,
): { count: number; mass: number } {
  const { ids, weights, buckets, mass, counts } = scratch;
  const { max, mask } = draw;
  mass.fill(0);
  counts.fill(0);
  const lowest = max - to * temperature;
  const highest = from > 0 ? max - from * temperature : Number.POSITIVE_INFINITY;
  // `highest` is left out, `lowest` is not, so a token on the border of two rings is gathered once.
  const count = collect(logits, lowest, mask, ids);
  let kept = 0;
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    const id = ids[index] ?? 0;
    const logit = logits[id] ?? 0;
    if (logit >= highest) continue;
    const distance = (max - logit) / temperature;
    const weight = expOfMinus(distance);
    const bucket = (distance * bucketsPerNat) | 0;
    ids[kept] = id;
    weights[kept] = weight;
    buckets[kept] = bucket;
    mass[bucket] = (mass[bucket] ?? 0) + weight;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    total += weight;
    kept += 1;
  }
  return { count: kept, mass: total };
}

/** Writes the allowed ids of at least `lowest` into `ids`, in order; gives how many. A loop of its own: it sees the whole vocabulary. */
function collect(logits: Float32Array, lowest: number, mask: Uint32Array | undefined, ids: Int32Array): number {
  let count = 0;
  const length = logits.length;
  if (mask) {
    for (let id = 0; id < length; id += 1) {
      if ((logits[id] ?? 0) >= lowest && ((mask[id >>> 5] ?? 0) >>> (id & 31)) & 1) ids[count++] = id;
    }
    return count;
  }
  for (let id = 0; id < length; id += 1) {
    // Without a branch: at 0.6 a third of them may be taken, and none foresees which.
    ids[count] = id;
    count += Number((logits[id] ?? 0) >= lowest);
  }
  return count;
}

/** Cuts what was gathered by top_k, top_p and min_p, and draws from the rest. `total` is the mass before any cut. */
function drawWithin(
  scratch: NucleusScratch,
  options: NucleusOptions & { total: number },
  count: number,
  uniform: number,
): number {
  const { ids, weights } = scratch;
  let limit = cutAt(scratch, count, { tokens: options.topK, mass: Number.POSITIVE_INFINITY });
  if (options.topP < 1) {
    const kept = limit ? massUpTo(scratch, count, limit) : options.total;
    const nucleus = cutAt(scratch, count, { tokens: Number.POSITIVE_INFINITY, mass: options.topP * kept });
    if (nucleus && (!limit || isBefore(nucleus, limit))) limit = nucleus;
  }
  const floor = options.minP < horizon ? expOfMinus(options.minP) : 0;
  let keptCount = 0;
  let keptMass = 0;
  for (let index = 0; index < count; index += 1) {
    const weight = weights[index] ?? 0;
    const id = ids[index] ?? 0;
    if (weight < floor || (limit && isBefore(limit, { weight, id }))) continue;
    ids[keptCount] = id;
    weights[keptCount] = weight;
    keptCount += 1;
    keptMass += weight;
  }
  return pick(scratch, keptCount, uniform * keptMass);
}

/** Likelier first, the lower id first among equals: one order for top_k and top_p. */
function isBefore(first: Place, second: Place): boolean {
  return first.weight > second.weight || (first.weight === second.weight && first.id < second.id);
}

/** The last of the fewest likeliest tokens that are `tokens` or hold `mass`; undefined where all are fewer. Sorts one bucket. */
function cutAt(scratch: NucleusScratch, count: number, wanted: { tokens: number; mass: number }): Place | undefined {
  let tokens = 0;
  let mass = 0;
  let bucket = 0;
  for (; bucket < bucketCount; bucket += 1) {
    const nextTokens = tokens + (scratch.counts[bucket] ?? 0);
    const nextMass = mass + (scratch.mass[bucket] ?? 0);
    if (nextTokens >= wanted.tokens || nextMass >= wanted.mass) break;
    tokens = nextTokens;
    mass = nextMass;
  }
  if (bucket === bucketCount) return undefined;
  const members: Place[] = [];
  for (let index = 0; index < count; index += 1) {
    if (scratch.buckets[index] !== bucket) continue;
    members.push({ weight: scratch.weights[index] ?? 0, id: scratch.ids[index] ?? 0 });
  }
  members.sort((first, second) => (isBefore(first, second) ? -1 : 1));
  for (const member of members) {
    tokens += 1;
    mass += member.weight;
    if (tokens >= wanted.tokens || mass >= wanted.mass) return member;
  }
  return members.at(-1);
}

function massUpTo(scratch: NucleusScratch, count: number, limit: Place): number {
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    const place = { weight: scratch.weights[index] ?? 0, id: scratch.ids[index] ?? 0 };
    if (!isBefore(limit, place)) total += place.weight;
  }
  return total;
}

function pick(scratch: NucleusScratch, count: number, target: number): number {
  let rest = target;
  for (let index = 0; index < count; index += 1) {
    rest -= scratch.weights[index] ?? 0;
    if (rest < 0) return scratch.ids[index] ?? -1;
  }
  return scratch.ids[count - 1] ?? -1;
}
