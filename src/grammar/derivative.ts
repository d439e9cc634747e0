import type { ByteClasses } from './byte-set.ts';
import type { Arena, Expression } from './expression.ts';

/** Options from which on their derivative is remembered: a class like \p{L} is hundreds, met in every state. */
const MANY = 8;

/** Work left, counted in visited expressions; what runs out of it is refused, so that no pattern can hang the process. */
export type Fuel = { left: number };

export class OutOfFuel extends Error {
  override readonly name = 'OutOfFuel';
}

export type Derivatives = ReturnType<typeof createDerivatives>;

/**
 * What is left of a language after one byte. With `classes`, a language that holds no text at all comes out as
 * `arena.empty`; without, only where that is plain to see.
 */
export function createDerivatives(arena: Arena, { fuel, classes }: { fuel: Fuel; classes?: ByteClasses }) {
  const { empty, epsilon } = arena;
  /** Whether a `both` or `complement` holds any text. */
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

  /** What is entered goes on top of what is open, so that a step costs the same however deep the nesting is. */
  function followedBy(head: Expression, rest: Expression): Expression {
    if (head.kind !== 'sequence') return arena.sequence(head, rest);
    return arena.sequence(head.first, arena.sequence(head.rest, rest));
  }

  /** The derivative as it is, without asking whether it holds any text; parts of a `both` meet again and again. */
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

  /** Depth first to any accepting text; the path to it is alive, and where there is none, all that was seen is dead. */
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

  /** To be called before the arena forgets expressions. */
  function forget(): void {
    alive.clear();
    steps.clear();
  }

  return { after, holdsText, forget };
}
