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

export function createGrammarMatcher(
  automaton: Automaton,
  { bytesOf, endTokenIds, param }: Vocabulary,
): GrammarMatcher {
  const accepted: number[] = [];
  let states: number[] = [];
  let generation = -1;
  let fuel = MAX_FUEL;
  let ended = false;

  /** Runs one step within its share of work; if the automaton has discarded its states, they are rebuilt first. */
  function step<Result>(work: (state: number) => Result): Result {
    const now = automaton.begin();
    try {
      if (now !== generation) {
        automaton.refuel(MAX_FUEL + FUEL_PER_TOKEN * accepted.length);
        states = [automaton.start()];
        for (const id of accepted) states.push(after(states.at(-1) ?? DEAD, id));
        generation = now;
        automaton.keep();
      }
      automaton.refuel(fuel);
      return work(states.at(-1) ?? DEAD);
    } catch (error) {
      if (error instanceof OutOfFuel || error instanceof RangeError)
        throw unsupported(param, 'this is too complex to be enforced while decoding', error);
      throw error;
    } finally {
      fuel = automaton.fuelLeft();
    }
  }

  function after(state: number, tokenId: number): number {
    let at = state;
    for (const byte of bytesOf(tokenId) ?? []) {
      at = automaton.next(at, byte);
      if (at === DEAD) return DEAD;
    }
    return at;
  }

  function take(state: number, tokenId: number): boolean {
    if (endTokenIds.includes(tokenId)) {
      ended = automaton.nullable(state);
      return ended;
    }
    const next = bytesOf(tokenId)?.length ? after(state, tokenId) : DEAD;
    if (next === DEAD) return false;
    accepted.push(tokenId);
    states.push(next);
    return true;
  }

  return {
    fillMask(mask) {
      mask.fill(0);
      if (ended) return true;
      return step((state) => {
        const allowed = automaton.mask(state);
        mask.set(allowed);
        const complete = automaton.nullable(state);
        if (complete) for (const id of endTokenIds) mask[id >>> 5] = (mask[id >>> 5] ?? 0) | (1 << (id & 31));
        else if (allowed.every((word) => word === 0))
          throw unsupported(param, 'no token of this model can follow here');
        return true;
      });
    },
    accept(tokenId) {
      if (ended) return false;
      const taken = step((state) => take(state, tokenId));
      if (taken) fuel = Math.min(MAX_FUEL, fuel + FUEL_PER_TOKEN);
      return taken;
    },
    isComplete: () => ended || step((state) => automaton.nullable(state)),
    mustEnd: () => ended || step((state) => automaton.nullable(state) && automaton.isFinal(state)),
    rollback(count) {
      let left = Math.min(count, accepted.length + (ended ? 1 : 0));
      if (left > 0 && ended) {
        ended = false;
        left -= 1;
      }
      accepted.length -= left;
      states.length = accepted.length + 1;
    },
    forcedText: () => (ended ? '' : step((state) => forcedFrom(automaton, state))),
    close() {
      accepted.length = 0;
      states = [];
      generation = -1;
      ended = true;
    },
  };
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
