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

export type Derivatives = ReturnType<typeof createDerivatives>;

/**
 * The rest of a language after one byte. With `classes`, an empty language always becomes `arena.empty`; without, only
 * if that is obvious.
 */
export function createDerivatives(arena: Arena, { fuel, classes }: { fuel: Fuel; classes?: ByteClasses }) {
  const { empty, epsilon } = arena;
  /** Whether a `both` or `complement` contains any text. */
  const alive = new Map<Expression, boolean>();
  const steps = new Map<Expression, Map<number, Expression>>();

  function after(expression: Expression, byte: number): Expression {
    const terms = new Set<Expression>();
    collect(expression, byte, terms);
    return arena.alternatives(terms);
  }

  function collect(expression: Expression, byte: number, terms: Set<Expression>): void {
    fuel.left -= 1;
    if (fuel.left < 0) throw new OutOfFuel('the grammar is too complex');
    switch (expression.kind) {
      case 'empty':
      case 'epsilon':
        return;
      case 'bytes':
        if (expression.set.members[byte] === 1) terms.add(epsilon);
        return;
      case 'sequence': {
        const heads = new Set<Expression>();
        collect(expression.first, byte, heads);
        for (const head of heads) terms.add(followedBy(head, expression.rest));
        if (expression.first.nullable) collect(expression.rest, byte, terms);
        return;
      }
      case 'alternatives':
        if (expression.options.length > MANY) terms.add(step(expression, byte));
        else for (const option of expression.options) collect(option, byte, terms);
        return;
      case 'both':
      case 'complement': {
        const rest = step(expression, byte);
        if (holdsText(rest)) terms.add(rest);
        return;
      }
      case 'repeat': {
        const heads = new Set<Expression>();
        collect(expression.inner, byte, heads);
        if (heads.size === 0) return;
        const rest = arena.repeat(expression.inner, Math.max(0, expression.minimum - 1), expression.maximum - 1);
        for (const head of heads) terms.add(followedBy(head, rest));
        return;
      }
      case 'call': {
        const body = arena.rules.get(expression.rule);
        if (body) collect(body, byte, terms);
        return;
      }
      case 'automaton': {
        const state = expression.automaton.next[expression.state]?.get(byte);
        if (state !== undefined) terms.add(arena.automaton(expression.automaton, state));
        return;
      }
      default:
        expression satisfies never;
    }
  }

  /** The new rest goes on top of the existing one, so that a step costs the same at any nesting depth. */
  function followedBy(head: Expression, rest: Expression): Expression {
    if (head.kind !== 'sequence') return arena.sequence(head, rest);
    return arena.sequence(head.first, arena.sequence(head.rest, rest));
  }

  /** The derivative, without testing whether it is empty; parts of a `both` occur again and again. */
  function step(expression: Expression, byte: number): Expression {
    let known = steps.get(expression);
    if (!known) {
      known = new Map();
      steps.set(expression, known);
    }
    const before = known.get(byte);
    if (before) return before;
    fuel.left -= 1;
    const result = stepOnce(expression, byte);
    known.set(byte, result);
    return result;
  }

  function stepOnce(expression: Expression, byte: number): Expression {
    if (expression.kind === 'alternatives') {
      const terms = new Set<Expression>();
      for (const option of expression.options) collect(option, byte, terms);
      return arena.alternatives(terms);
    }
    if (expression.kind === 'both') return arena.both(expression.parts.map((part) => step(part, byte)));
    if (expression.kind === 'complement') return arena.complement(step(expression.inner, byte));
    return after(expression, byte);
  }

  function holdsText(expression: Expression): boolean {
    if (expression === empty) return false;
    if (!classes || (expression.kind !== 'both' && expression.kind !== 'complement')) return true;
    return alive.get(expression) ?? search(expression, classes.representatives);
  }

  /**
   * Depth-first search for an accepting text. Everything on the path to one is alive; if there is none, everything
   * visited is dead.
   */
  function search(start: Expression, representatives: Uint8Array): boolean {
    const seen = new Set<Expression>([start]);
    const path: Array<{ at: Expression; next: number }> = [{ at: start, next: 0 }];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { at } = top;
      const settled = at.kind === 'both' || at.kind === 'complement' ? alive.get(at) : at !== empty;
      if (at.nullable || settled === true) {
        for (const { at: living } of path) alive.set(living, true);
        return true;
      }
      if (settled === false || top.next >= representatives.length) {
        path.pop();
        continue;
      }
      const child = step(at, representatives[top.next++] ?? 0);
      if (child !== empty && !seen.has(child)) {
        seen.add(child);
        path.push({ at: child, next: 0 });
      }
    }
    for (const dead of seen) alive.set(dead, false);
    return false;
  }

  /** Call this before the arena discards expressions. */
  function forget(): void {
    alive.clear();
    steps.clear();
  }

  return { after, holdsText, forget };
}
