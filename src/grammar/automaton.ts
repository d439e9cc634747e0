import type { ByteClasses } from './byte-set.ts';
import { Derivatives } from './derivative.ts';
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

/**
 * The deterministic automaton of a grammar over bytes, built during decoding, with a mask for each state that is
 * reached.
 */
export class Automaton {
  private readonly arena: Arena;
  private readonly root: Expression;
  private readonly classes: ByteClasses;
  private readonly trie: TokenTrie;
  /** Words of a mask, 32 tokens each. */
  private readonly words: number;
  /** Transitions of a state: one for each byte class. */
  private readonly width: number;
  private readonly grammarSize: number;
  private readonly fuel = { left: 0 };
  private readonly derivatives: Derivatives;
  private maxExpressions = MAX_EXPRESSIONS;
  private maxTransitions = MAX_TRANSITIONS;
  private generation = 0;
  private transitions = new Int32Array(0);
  private expressions: Expression[] = [];
  private states = new Map<Expression, number>();
  private clipped = new Map<Expression, Expression>();
  private readonly masks = new Map<number, Uint32Array>();

  constructor(grammar: { arena: Arena; root: Expression; classes: ByteClasses; trie: TokenTrie; words: number }) {
    this.arena = grammar.arena;
    this.root = grammar.root;
    this.classes = grammar.classes;
    this.trie = grammar.trie;
    this.words = grammar.words;
    this.width = grammar.classes.representatives.length;
    this.grammarSize = grammar.arena.size();
    this.derivatives = new Derivatives(grammar.arena, { fuel: this.fuel, classes: grammar.classes });
    this.forget();
  }

  /** Adds to the work that a step may do. */
  refuel(amount: number): void {
    this.fuel.left = amount;
  }

  /** Keeps what is built now: a long text needs its states, which would otherwise be rebuilt at every step. */
  keep(): void {
    this.maxExpressions = Math.max(this.maxExpressions, 2 * (this.arena.size() - this.grammarSize));
    this.maxTransitions = Math.max(this.maxTransitions, 2 * this.expressions.length * this.width);
  }

  /** The remaining work of the step. */
  fuelLeft(): number {
    return Math.max(0, this.fuel.left);
  }

  /** Call this before a step. @returns the generation, which is new if memory was released */
  begin(): number {
    const tooLarge = this.arena.size() - this.grammarSize > this.maxExpressions;
    if (tooLarge || this.expressions.length * this.width > this.maxTransitions) this.forget();
    return this.generation;
  }

  /** The number of expressions, as a measure of memory (about 0.5 kB each with everything attached to them). */
  size(): number {
    return this.arena.size();
  }

  start(): number {
    return this.stateOf(this.root);
  }

  next(state: number, byte: number): number {
    return this.successor(state, this.classes.classOf[byte] ?? 0);
  }

  nullable(state: number): boolean {
    return this.expressionOf(state).nullable;
  }

  /** The tokens that can come next, one bit each; end tokens are not included. Do not modify it. @throws OutOfFuel */
  mask(state: number): Uint32Array {
    const key = this.stateOf(this.clip(this.expressionOf(state)));
    const known = this.masks.get(key);
    if (known) return known;
    const mask = this.walk(key);
    this.masks.set(key, mask);
    const [oldest] = this.masks.keys();
    if (this.masks.size > MAX_MASKS && oldest !== undefined) this.masks.delete(oldest);
    return mask;
  }

  /** The only byte that can follow, or undefined if there are none or several, or the text may end. */
  onlyByte(state: number): number | undefined {
    if (this.expressionOf(state).nullable) return undefined;
    let only: number | undefined;
    for (let byteClass = 0; byteClass < this.width; byteClass += 1) {
      if (this.successor(state, byteClass) === DEAD) continue;
      if (only !== undefined) return undefined;
      only = byteClass;
    }
    if (only === undefined) return undefined;
    const { classOf, representatives } = this.classes;
    const bytes = classOf.reduce((count, byteClass) => count + (byteClass === only ? 1 : 0), 0);
    return bytes === 1 ? representatives[only] : undefined;
  }

  /** No byte can follow. */
  isFinal(state: number): boolean {
    for (let byteClass = 0; byteClass < this.width; byteClass += 1)
      if (this.successor(state, byteClass) !== DEAD) return false;
    return true;
  }

  /**
   * Discards everything but the grammar. States of the previous generation become invalid: matchers read their tokens
   * again.
   */
  private forget(): void {
    this.generation += 1;
    this.arena.truncate(this.grammarSize);
    this.derivatives.forget();
    this.transitions = new Int32Array(64 * this.width).fill(UNKNOWN);
    this.expressions = [this.arena.empty];
    this.states = new Map([[this.arena.empty, DEAD]]);
    this.clipped = new Map();
    this.masks.clear();
    this.transitions.fill(DEAD, 0, this.width);
  }

  private stateOf(expression: Expression): number {
    const known = this.states.get(expression);
    if (known !== undefined) return known;
    const state = this.expressions.push(expression) - 1;
    this.states.set(expression, state);
    if (this.transitions.length < this.expressions.length * this.width) {
      const grown = new Int32Array(this.transitions.length * 2).fill(UNKNOWN);
      grown.set(this.transitions);
      this.transitions = grown;
    }
    return state;
  }

  private expressionOf(state: number): Expression {
    return this.expressions[state] ?? this.arena.empty;
  }

  private successor(state: number, byteClass: number): number {
    const known = this.transitions[state * this.width + byteClass] ?? DEAD;
    if (known !== UNKNOWN) return known;
    const byte = this.classes.representatives[byteClass] ?? 0;
    const next = this.stateOf(this.derivatives.after(this.expressionOf(state), byte));
    this.transitions[state * this.width + byteClass] = next;
    return next;
  }

  /** The mask of a state: one pass over the vocabulary's prefix tree, which leaves out subtrees that cannot follow. */
  private walk(start: number): Uint32Array {
    const mask = new Uint32Array(this.words);
    const { byte, depth, skip, firstToken, nextToken } = this.trie;
    const { classOf } = this.classes;
    const { width } = this;
    let { transitions } = this;
    const path = new Int32Array(MAX_TOKEN_BYTES + 1);
    path[0] = start;
    const end = byte.length;
    for (let node = 0; node < end; ) {
      const level = depth[node] ?? 1;
      const from = path[level - 1] ?? DEAD;
      const byteClass = classOf[byte[node] ?? 0] ?? 0;
      let next = transitions[from * width + byteClass] ?? DEAD;
      if (next === UNKNOWN) {
        next = this.successor(from, byteClass);
        // The table may have grown.
        transitions = this.transitions;
      }
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
  private clip(expression: Expression): Expression {
    if (expression.kind !== 'sequence' && expression.kind !== 'alternatives' && expression.kind !== 'repeat')
      return expression;
    const known = this.clipped.get(expression);
    if (known) return known;
    const result = this.clipOnce(expression);
    this.clipped.set(expression, result);
    return result;
  }

  private clipOnce(expression: Expression): Expression {
    const { arena } = this;
    if (expression.kind === 'alternatives')
      return arena.alternatives(expression.options.map((option) => this.clip(option)));
    if (expression.kind === 'sequence') return arena.sequence(this.clip(expression.first), this.clip(expression.rest));
    if (expression.kind !== 'repeat' || expression.inner.nullable) return expression;
    const { minimum, maximum } = expression;
    const far = MAX_TOKEN_BYTES + 1;
    return arena.repeat(expression.inner, Math.min(minimum, far), maximum > far ? Infinity : maximum);
  }
}
