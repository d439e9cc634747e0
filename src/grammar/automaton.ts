import type { ByteClasses } from './byte-set.ts';
import type { Derivatives } from './derivative.ts';
import { createDerivatives } from './derivative.ts';
import type { Arena, Expression } from './expression.ts';
import { MAX_TOKEN_BYTES, type TokenTrie } from './token-trie.ts';

/**
 * The most expressions in addition to the grammar's own, and the most transitions (4 bytes each): beyond either,
 * everything built so far is discarded.
 */
const MAX_EXPRESSIONS = 30_000;
const MAX_TRANSITIONS = 500_000;
const MAX_MASKS = 128;

export const DEAD = 0;
const UNKNOWN = -1;

export type Automaton = ReturnType<typeof createAutomaton>;

/**
 * The deterministic automaton of a grammar over bytes, built during decoding, with a mask for each state that is
 * reached.
 */
export function createAutomaton({
  arena,
  root,
  classes,
  trie,
  words,
}: {
  arena: Arena;
  root: Expression;
  classes: ByteClasses;
  trie: TokenTrie;
  words: number;
}) {
  const width = classes.representatives.length;
  const grammarSize = arena.size();
  const fuel = { left: 0 };
  const derivatives: Derivatives = createDerivatives(arena, { fuel, classes });
  const maximum = { expressions: MAX_EXPRESSIONS, transitions: MAX_TRANSITIONS };
  let generation = 0;
  let transitions = new Int32Array(64 * width).fill(UNKNOWN);
  let expressions: Expression[] = [];
  let states = new Map<Expression, number>();
  let clipped = new Map<Expression, Expression>();
  const masks = new Map<number, Uint32Array>();
  forget();

  /**
   * Discards everything but the grammar. States of the previous generation become invalid: matchers read their tokens
   * again.
   */
  function forget(): void {
    generation += 1;
    arena.truncate(grammarSize);
    derivatives.forget();
    transitions = new Int32Array(64 * width).fill(UNKNOWN);
    expressions = [arena.empty];
    states = new Map([[arena.empty, DEAD]]);
    clipped = new Map();
    masks.clear();
    transitions.fill(DEAD, 0, width);
  }

  function stateOf(expression: Expression): number {
    const known = states.get(expression);
    if (known !== undefined) return known;
    const state = expressions.push(expression) - 1;
    states.set(expression, state);
    if (transitions.length < expressions.length * width) {
      const grown = new Int32Array(transitions.length * 2).fill(UNKNOWN);
      grown.set(transitions);
      transitions = grown;
    }
    return state;
  }

  function expressionOf(state: number): Expression {
    return expressions[state] ?? arena.empty;
  }

  function successor(state: number, byteClass: number): number {
    const known = transitions[state * width + byteClass] ?? DEAD;
    if (known !== UNKNOWN) return known;
    const next = stateOf(derivatives.after(expressionOf(state), classes.representatives[byteClass] ?? 0));
    transitions[state * width + byteClass] = next;
    return next;
  }

  function walk(start: number): Uint32Array {
    const mask = new Uint32Array(words);
    const { byte, depth, skip, firstToken, nextToken } = trie;
    const { classOf } = classes;
    const path = new Int32Array(MAX_TOKEN_BYTES + 1);
    path[0] = start;
    const end = byte.length;
    for (let node = 0; node < end; ) {
      const level = depth[node] ?? 1;
      const from = path[level - 1] ?? DEAD;
      const byteClass = classOf[byte[node] ?? 0] ?? 0;
      let next = transitions[from * width + byteClass] ?? DEAD;
      if (next === UNKNOWN) next = successor(from, byteClass);
      if (next === DEAD) {
        node = skip[node] ?? end;
        continue;
      }
      path[level] = next;
      for (let id = firstToken[node] ?? -1; id >= 0; id = nextToken[id] ?? -1)
        mask[id >>> 5] = (mask[id >>> 5] ?? 0) | (1 << (id & 31));
      node += 1;
    }
    return mask;
  }

  /**
   * Simplifies as far as one token can see: counts that no token can exhaust are treated as equal, so that the states
   * of a long bounded string or list share their masks.
   */
  function clip(expression: Expression): Expression {
    if (expression.kind !== 'sequence' && expression.kind !== 'alternatives' && expression.kind !== 'repeat')
      return expression;
    const known = clipped.get(expression);
    if (known) return known;
    const result = clipOnce(expression);
    clipped.set(expression, result);
    return result;
  }
  function clipOnce(expression: Expression): Expression {
    if (expression.kind === 'alternatives') return arena.alternatives(expression.options.map(clip));
    if (expression.kind === 'sequence') return arena.sequence(clip(expression.first), clip(expression.rest));
    if (expression.kind !== 'repeat' || expression.inner.nullable) return expression;
    const { minimum, maximum } = expression;
    const far = MAX_TOKEN_BYTES + 1;
    return arena.repeat(expression.inner, Math.min(minimum, far), maximum > far ? Infinity : maximum);
  }

  return {
    /** Adds to the work that a step may do. */
    refuel(amount: number): void {
      fuel.left = amount;
    },
    /** Keeps what is built now: a long text needs its states, which would otherwise be rebuilt at every step. */
    keep(): void {
      maximum.expressions = Math.max(maximum.expressions, 2 * (arena.size() - grammarSize));
      maximum.transitions = Math.max(maximum.transitions, 2 * expressions.length * width);
    },
    /** The remaining work of the step. */
    fuelLeft: () => Math.max(0, fuel.left),
    /** Call this before a step. @returns the generation, which is new if memory was released */
    begin(): number {
      const tooLarge = arena.size() - grammarSize > maximum.expressions;
      if (tooLarge || expressions.length * width > maximum.transitions) forget();
      return generation;
    },
    /** The number of expressions, as a measure of memory (about 0.5 kB each with everything attached to them). */
    size: () => arena.size(),
    start: () => stateOf(root),
    next: (state: number, byte: number) => successor(state, classes.classOf[byte] ?? 0),
    nullable: (state: number) => expressionOf(state).nullable,
    /** The tokens that can come next, one bit each; end tokens are not included. Do not modify it. @throws OutOfFuel */
    mask(state: number): Uint32Array {
      const key = stateOf(clip(expressionOf(state)));
      const known = masks.get(key);
      if (known) return known;
      const mask = walk(key);
      masks.set(key, mask);
      const [oldest] = masks.keys();
      if (masks.size > MAX_MASKS && oldest !== undefined) masks.delete(oldest);
      return mask;
    },
    /** The only byte that can follow, or undefined if there are none or several, or the text may end. */
    onlyByte(state: number): number | undefined {
      if (expressionOf(state).nullable) return undefined;
      let only: number | undefined;
      for (let byteClass = 0; byteClass < width; byteClass += 1) {
        if (successor(state, byteClass) === DEAD) continue;
        if (only !== undefined) return undefined;
        only = byteClass;
      }
      if (only === undefined) return undefined;
      const bytes = classes.classOf.reduce((count, byteClass) => count + (byteClass === only ? 1 : 0), 0);
      return bytes === 1 ? classes.representatives[only] : undefined;
    },
    /** No byte can follow. */
    isFinal(state: number): boolean {
      for (let byteClass = 0; byteClass < width; byteClass += 1) if (successor(state, byteClass) !== DEAD) return false;
      return true;
    },
  };
}
