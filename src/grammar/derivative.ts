import type { ByteClasses } from './byte-set.ts';
import type { Arena, Expression } from './expression.ts';

/** With at least so many options, a derivative is cached: a class like \p{L} has hundreds, in every state. */
const MANY = 8;

/**
 * Remaining work, counted in visited expressions. A pattern that uses it up is refused, so that none can block the
 * process.
 */
type Fuel = { left: number };

export class OutOfFuel extends Error {
  override readonly name = 'OutOfFuel';
}

/**
 * The rest of a language after one byte. With `classes`, an empty language always becomes `arena.empty`; without, only
 * if that is obvious.
 */
export class Derivatives {
  private readonly arena: Arena;
  private readonly fuel: Fuel;
  private readonly classes: ByteClasses | undefined;
  /** Whether a `both` or `complement` contains any text. */
  private readonly alive = new Map<Expression, boolean>();
  private readonly steps = new Map<Expression, Map<number, Expression>>();

  constructor(arena: Arena, { fuel, classes }: { fuel: Fuel; classes?: ByteClasses }) {
    this.arena = arena;
    this.fuel = fuel;
    this.classes = classes;
  }

  after(expression: Expression, byte: number): Expression {
    const terms = new Set<Expression>();
    this.collect(expression, byte, terms);
    return this.arena.alternatives(terms);
  }

  holdsText(expression: Expression): boolean {
    if (expression === this.arena.empty) return false;
    if (!this.classes || (expression.kind !== 'both' && expression.kind !== 'complement')) return true;
    return this.alive.get(expression) ?? this.search(expression, this.classes.representatives);
  }

  /** Call this before the arena discards expressions. */
  forget(): void {
    this.alive.clear();
    this.steps.clear();
  }

  private collect(expression: Expression, byte: number, terms: Set<Expression>): void {
    this.fuel.left -= 1;
    if (this.fuel.left < 0) throw new OutOfFuel('the grammar is too complex');
    switch (expression.kind) {
      case 'empty':
      case 'epsilon':
        return;
      case 'bytes':
        if (expression.set.members[byte] === 1) terms.add(this.arena.epsilon);
        return;
      case 'sequence': {
        const heads = new Set<Expression>();
        this.collect(expression.first, byte, heads);
        for (const head of heads) terms.add(followedBy(this.arena, head, expression.rest));
        if (expression.first.nullable) this.collect(expression.rest, byte, terms);
        return;
      }
      case 'alternatives':
        if (expression.options.length > MANY) terms.add(this.step(expression, byte));
        else for (const option of expression.options) this.collect(option, byte, terms);
        return;
      case 'both':
      case 'complement': {
        const rest = this.step(expression, byte);
        if (this.holdsText(rest)) terms.add(rest);
        return;
      }
      case 'repeat': {
        const heads = new Set<Expression>();
        this.collect(expression.inner, byte, heads);
        if (heads.size === 0) return;
        const rest = this.arena.repeat(expression.inner, Math.max(0, expression.minimum - 1), expression.maximum - 1);
        for (const head of heads) terms.add(followedBy(this.arena, head, rest));
        return;
      }
      case 'call': {
        const body = this.arena.rules.get(expression.rule);
        if (body) this.collect(body, byte, terms);
        return;
      }
      case 'automaton': {
        const state = expression.automaton.next[expression.state]?.get(byte);
        if (state !== undefined) terms.add(this.arena.automaton(expression.automaton, state));
        return;
      }
      default:
        expression satisfies never;
    }
  }

  /** The derivative, without testing whether it is empty; parts of a `both` occur again and again. */
  private step(expression: Expression, byte: number): Expression {
    let known = this.steps.get(expression);
    if (!known) {
      known = new Map();
      this.steps.set(expression, known);
    }
    const before = known.get(byte);
    if (before) return before;
    this.fuel.left -= 1;
    const result = this.stepOnce(expression, byte);
    known.set(byte, result);
    return result;
  }

  private stepOnce(expression: Expression, byte: number): Expression {
    if (expression.kind === 'alternatives') {
      const terms = new Set<Expression>();
      for (const option of expression.options) this.collect(option, byte, terms);
      return this.arena.alternatives(terms);
    }
    if (expression.kind === 'both') return this.arena.both(expression.parts.map((part) => this.step(part, byte)));
    if (expression.kind === 'complement') return this.arena.complement(this.step(expression.inner, byte));
    return this.after(expression, byte);
  }

  /**
   * Depth-first search for an accepting text. Everything on the path to one is alive; if there is none, everything
   * visited is dead.
   */
  private search(start: Expression, representatives: Uint8Array): boolean {
    const seen = new Set<Expression>([start]);
    const path: Array<{ at: Expression; next: number }> = [{ at: start, next: 0 }];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { at } = top;
      const settled = at.kind === 'both' || at.kind === 'complement' ? this.alive.get(at) : at !== this.arena.empty;
      if (at.nullable || settled === true) {
        for (const { at: living } of path) this.alive.set(living, true);
        return true;
      }
      if (settled === false || top.next >= representatives.length) {
        path.pop();
        continue;
      }
      const child = this.step(at, representatives[top.next++] ?? 0);
      if (child !== this.arena.empty && !seen.has(child)) {
        seen.add(child);
        path.push({ at: child, next: 0 });
      }
    }
    for (const dead of seen) this.alive.set(dead, false);
    return false;
  }
}

/** The new rest goes on top of the existing one, so that a step costs the same at any nesting depth. */
function followedBy(arena: Arena, head: Expression, rest: Expression): Expression {
  if (head.kind !== 'sequence') return arena.sequence(head, rest);
  return arena.sequence(head.first, arena.sequence(head.rest, rest));
}
