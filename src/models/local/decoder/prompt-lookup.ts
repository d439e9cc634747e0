/**
 * Guesses a sequence's next ids from the text at hand (prompt lookup decoding, arXiv 2304.04487): where its last ids stood
 * before, in itself or in another chain of its response, the ids that followed there may follow here.
 */

/** Ids in front of the guess that are compared. */
const mostAgreeing = 16;
/** Earlier places of the same two ids that are compared in each text, the latest first. */
const comparedPlaces = 8;
/** Ids are below 2^24, so two of them are one safe integer. */
const idRange = 2 ** 24;

/** Where each id, and each two neighbouring ones, stand in a text that only grows. */
class TextIndex {
  readonly ids: readonly number[];
  private readonly latestOfOne = new Map<number, number>();
  private readonly latestOfTwo = new Map<number, number>();
  /** For each place, the place before it with the same two ids; -1: none. */
  private readonly earlier: number[] = [];

  constructor(ids: readonly number[]) {
    this.ids = ids;
  }

  /** The place after which the text has what may follow `tail`: of the longest agreement with its end, the latest. */
  longestMatch(tail: readonly number[]): { end: number; length: number } {
    this.update();
    const single = this.latestOfOne.get(tail.at(-1) ?? -1);
    let best = single === undefined ? { end: -1, length: 0 } : { end: single, length: 1 };
    let end = this.latestOfTwo.get(pairOf(tail.at(-2), tail.at(-1))) ?? -1;
    for (let compared = 0; end >= 0 && compared < comparedPlaces; compared += 1) {
      let length = 0;
      while (length < tail.length && this.ids[end - length] === tail[tail.length - 1 - length]) length += 1;
      if (length > best.length) best = { end, length };
      end = this.earlier[end] ?? -1;
    }
    return best;
  }

  /** Takes in all places that have an id after them. */
  private update(): void {
    for (let end = this.earlier.length; end < this.ids.length - 1; end += 1) {
      const id = this.ids[end] ?? 0;
      const pair = pairOf(this.ids[end - 1], id);
      this.earlier.push(this.latestOfTwo.get(pair) ?? -1);
      this.latestOfTwo.set(pair, end);
      this.latestOfOne.set(id, end);
    }
  }
}

/** Negative where there is no first one. */
function pairOf(first = -1, second = 0): number {
  return first * idRange + second;
}

/** `chances[i]`: the probability that the ids up to `ids[i]` all come. */
type Guess = { ids: number[]; chances: number[] };

/** Shared by the sequences of one engine; an index lives as long as its ids. */
export type TextIndexes = WeakMap<readonly number[], TextIndex>;

export function createTextIndexes(): TextIndexes {
  return new WeakMap();
}

/** The guesses for one sequence, with a running count of how often they came. */
export type PromptLookup = {
  /**
   * Up to `most` ids that may follow the sequence's ids and `given`, which are expected to come first. Counts whether the
   * previous guess came, even where it was not run.
   */
  guess(options: {
    ids: readonly number[];
    given?: readonly number[] | undefined;
    others: readonly (readonly number[])[];
    most: number;
  }): Guess;
};

/** Classes of agreement by its least length, and how often their guess comes before any was counted. */
const classes = [
  { from: 9, chance: 0.8 },
  { from: 5, chance: 0.6 },
  { from: 3, chance: 0.4 },
  { from: 2, chance: 0.25 },
  { from: 1, chance: 0.15 },
];
/** Guesses that a chance assumed beforehand weighs as much as, and after how many the older ones count half. */
const counted = { before: 6, most: 48 };

export function createPromptLookup(indexes: TextIndexes): PromptLookup {
  const counts = classes.map(({ chance }) => ({ came: chance * counted.before, all: counted.before }));
  const countOf = (agreement: number) => counts[classes.findIndex(({ from }) => agreement >= from)];
  const indexOf = (ids: readonly number[]): TextIndex => {
    const index = indexes.get(ids) ?? new TextIndex(ids);
    indexes.set(ids, index);
    return index;
  };
  let previous: { given: readonly number[]; at: number; ids: readonly number[]; agreement: number } | undefined;
  const count = (ids: readonly number[]): void => {
    if (previous === undefined) return;
    const { given, at, agreement } = previous;
    if (given.some((id, index) => ids[at + index] !== id)) return;
    for (const [index, id] of previous.ids.entries()) {
      const actual = ids[at + given.length + index];
      const entry = countOf(agreement + index);
      if (actual === undefined || entry === undefined) return;
      if (entry.all >= counted.most) {
        entry.all /= 2;
        entry.came /= 2;
      }
      entry.all += 1;
      if (actual !== id) return;
      entry.came += 1;
    }
  };
  return {
    guess({ ids, given = [], others, most }) {
      count(ids);
      const tail = [...ids.slice(-mostAgreeing), ...given].slice(-mostAgreeing);
      let best = { text: ids, ...indexOf(ids).longestMatch(tail) };
      for (const other of others) {
        const found = indexOf(other).longestMatch(tail);
        if (found.length > best.length) best = { text: other, ...found };
      }
      const guessed: Guess = { ids: [], chances: [] };
      let chance = 1;
      // A text that repeats itself within the guess goes on with the guess.
      const own = [...given];
      for (let at = best.end + 1; best.length > 0 && guessed.ids.length < most; at += 1) {
        const id = best.text[at] ?? (best.text === ids ? own[at - ids.length] : undefined);
        const entry = countOf(best.length + guessed.ids.length);
        if (id === undefined || entry === undefined) break;
        chance *= entry.came / entry.all;
        guessed.ids.push(id);
        guessed.chances.push(chance);
        own.push(id);
      }
      previous = { given: [...given], at: ids.length, ids: guessed.ids, agreement: best.length };
      return guessed;
    },
  };
}
