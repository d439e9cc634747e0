import type { Automaton } from './automaton.ts';
import { DEAD } from './automaton.ts';
import { OutOfFuel } from './derivative.ts';
import type { TokenVocabulary } from './token-trie.ts';
import { unsupported } from './unsupported.ts';

/** Work in visited expressions: how much can be saved up for one hard step, and how much each token adds. */
const MAX_FUEL = 1_500_000;
const FUEL_PER_TOKEN = 20_000;
const MAX_FORCED_BYTES = 1024;

/** Follows one answer through the grammar, token by token. Its calls are synchronous and fast. */
export type GrammarMatcher = {
  /**
   * Sets bit i (word `i >>> 5`, bit `i & 31`) if token i can come next; end tokens only if the text may end.
   * @returns false if every token is allowed (then `mask` need not be applied)
   * @throws ServiceError `unsupported_constraint` if the pattern turns out to be too complex
   */
  fillMask(mask: Uint32Array): boolean;
  /** @returns false, without any change, if the token cannot come here */
  accept(tokenId: number): boolean;
  /** The text may end here. */
  isComplete(): boolean;
  /** The text can only end here. */
  mustEnd(): boolean;
  /** Removes the last `count` accepted tokens, at no cost. */
  rollback(count: number): void;
  /**
   * The text that must come next whatever the model says, '' if there is a choice. It can be inserted instead of
   * sampled.
   */
  forcedText(): string;
  close(): void;
};

type Vocabulary = Pick<TokenVocabulary, 'bytesOf'> & { endTokenIds: readonly number[]; param: string };

export function createGrammarMatcher(automaton: Automaton, vocabulary: Vocabulary): GrammarMatcher {
  return new AutomatonMatcher(automaton, vocabulary);
}

class AutomatonMatcher implements GrammarMatcher {
  private readonly automaton: Automaton;
  private readonly vocabulary: Vocabulary;
  private readonly accepted: number[] = [];
  /** The state after each accepted token, preceded by the start; valid in this generation of the automaton only. */
  private states: number[] = [];
  private generation = -1;
  private fuel = MAX_FUEL;
  private ended = false;

  constructor(automaton: Automaton, vocabulary: Vocabulary) {
    this.automaton = automaton;
    this.vocabulary = vocabulary;
  }

  fillMask(mask: Uint32Array): boolean {
    mask.fill(0);
    if (this.ended) return true;
    return this.step((state) => {
      const { endTokenIds, param } = this.vocabulary;
      const allowed = this.automaton.mask(state);
      mask.set(allowed);
      const complete = this.automaton.nullable(state);
      if (complete) for (const id of endTokenIds) mask[id >>> 5] = (mask[id >>> 5] ?? 0) | (1 << (id & 31));
      else if (allowed.every((word) => word === 0)) throw unsupported(param, 'no token of this model can follow here');
      return true;
    });
  }

  accept(tokenId: number): boolean {
    if (this.ended) return false;
    const taken = this.step((state) => this.take(state, tokenId));
    if (taken) this.fuel = Math.min(MAX_FUEL, this.fuel + FUEL_PER_TOKEN);
    return taken;
  }

  isComplete(): boolean {
    return this.ended || this.step((state) => this.automaton.nullable(state));
  }

  mustEnd(): boolean {
    return this.ended || this.step((state) => this.automaton.nullable(state) && this.automaton.isFinal(state));
  }

  rollback(count: number): void {
    let left = Math.min(count, this.accepted.length + (this.ended ? 1 : 0));
    if (left > 0 && this.ended) {
      this.ended = false;
      left -= 1;
    }
    this.accepted.length -= left;
    this.states.length = this.accepted.length + 1;
  }

  forcedText(): string {
    return this.ended ? '' : this.step((state) => forcedFrom(this.automaton, state));
  }

  close(): void {
    this.accepted.length = 0;
    this.states = [];
    this.generation = -1;
    this.ended = true;
  }

  /** Runs one step within its share of work; if the automaton has discarded its states, they are rebuilt first. */
  private step<Result>(work: (state: number) => Result): Result {
    const { automaton } = this;
    const now = automaton.begin();
    try {
      if (now !== this.generation) {
        automaton.refuel(MAX_FUEL + FUEL_PER_TOKEN * this.accepted.length);
        this.states = [automaton.start()];
        for (const id of this.accepted) this.states.push(this.after(this.states.at(-1) ?? DEAD, id));
        this.generation = now;
        automaton.keep();
      }
      automaton.refuel(this.fuel);
      return work(this.states.at(-1) ?? DEAD);
    } catch (error) {
      if (error instanceof OutOfFuel || error instanceof RangeError)
        throw unsupported(this.vocabulary.param, 'this is too complex to be enforced while decoding', error);
      throw error;
    } finally {
      this.fuel = automaton.fuelLeft();
    }
  }

  private after(state: number, tokenId: number): number {
    let at = state;
    for (const byte of this.vocabulary.bytesOf(tokenId) ?? []) {
      at = this.automaton.next(at, byte);
      if (at === DEAD) return DEAD;
    }
    return at;
  }

  private take(state: number, tokenId: number): boolean {
    const { bytesOf, endTokenIds } = this.vocabulary;
    if (endTokenIds.includes(tokenId)) {
      this.ended = this.automaton.nullable(state);
      return this.ended;
    }
    const next = bytesOf(tokenId)?.length ? this.after(state, tokenId) : DEAD;
    if (next === DEAD) return false;
    this.accepted.push(tokenId);
    this.states.push(next);
    return true;
  }
}

function forcedFrom(automaton: Automaton, start: number): string {
  const bytes: number[] = [];
  let state = start;
  while (bytes.length < MAX_FORCED_BYTES) {
    const byte = automaton.onlyByte(state);
    if (byte === undefined) break;
    bytes.push(byte);
    state = automaton.next(state, byte);
  }
  // A character whose last bytes are missing is not text yet.
  return Buffer.from(bytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}
