import type { ByteSet } from './byte-set.ts';
import { unionOf } from './byte-set.ts';

type Base = { readonly id: number; readonly nullable: boolean };

/** An explicit automaton in which every state can still reach an accepting one. */
export type NumberAutomaton = {
  readonly name: string;
  readonly accepts: readonly boolean[];
  /** `next[state]` maps a byte to a state. */
  readonly next: ReadonlyArray<ReadonlyMap<number, number>>;
};

/**
 * A language over bytes. Equal expressions are the same object (hash-consed), so a derived expression identifies a
 * state of the automaton that is built during decoding (derivatives: Brzozowski 1964, in Antimirov's partial form,
 * 1996).
 */
export type Expression =
  | (Base & { readonly kind: 'empty' })
  | (Base & { readonly kind: 'epsilon' })
  | (Base & { readonly kind: 'bytes'; readonly set: ByteSet })
  | (Base & { readonly kind: 'sequence'; readonly first: Expression; readonly rest: Expression })
  | (Base & { readonly kind: 'alternatives'; readonly options: readonly Expression[] })
  | (Base & { readonly kind: 'both'; readonly parts: readonly Expression[] })
  | (Base & { readonly kind: 'complement'; readonly inner: Expression })
  | (Base & { readonly kind: 'repeat'; readonly inner: Expression; readonly minimum: number; readonly maximum: number })
  | (Base & { readonly kind: 'call'; readonly rule: string })
  | (Base & { readonly kind: 'automaton'; readonly automaton: NumberAutomaton; readonly state: number });

/**
 * The expressions of one grammar and its named rules (for recursion; a rule never matches the empty text). Throws
 * RangeError beyond `limit`.
 */
export class Arena {
  readonly empty: Expression;
  readonly epsilon: Expression;
  readonly rules = new Map<string, Expression>();
  private readonly byKey = new Map<string, Expression>();
  private readonly keys: string[] = [];
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
    this.empty = this.intern('0', (id) => ({ kind: 'empty', id, nullable: false }));
    this.epsilon = this.intern('1', (id) => ({ kind: 'epsilon', id, nullable: true }));
  }

  bytes(set: ByteSet): Expression {
    return this.intern(`b${set.key}`, (id) => ({ kind: 'bytes', id, nullable: false, set }));
  }

  sequence(first: Expression, rest: Expression): Expression {
    if (first === this.empty || rest === this.empty) return this.empty;
    if (first === this.epsilon) return rest;
    if (rest === this.epsilon) return first;
    const nullable = first.nullable && rest.nullable;
    return this.intern(`s${first.id},${rest.id}`, (id) => ({
      kind: 'sequence',
      id,
      nullable,
      first,
      rest,
    }));
  }

  alternatives(options: Iterable<Expression>): Expression {
    const set = new Set<Expression>();
    const sets: ByteSet[] = [];
    for (const option of options) {
      if (option.kind === 'bytes') sets.push(option.set);
      else if (option !== this.empty) set.add(option);
    }
    if (sets.length > 0) set.add(this.bytes(sets.length === 1 && sets[0] ? sets[0] : unionOf(sets)));
    const list = [...set].sort((left, right) => left.id - right.id);
    const [only] = list;
    if (!only) return this.empty;
    if (list.length === 1) return only;
    const nullable = list.some((option) => option.nullable);
    const key = `a${list.map((option) => option.id).join()}`;
    return this.intern(key, (id) => ({ kind: 'alternatives', id, nullable, options: list }));
  }

  both(parts: Iterable<Expression>): Expression {
    const set = new Set<Expression>();
    for (const part of parts) {
      if (part === this.empty) return this.empty;
      if (part.kind === 'both') for (const inner of part.parts) set.add(inner);
      else if (part.kind !== 'complement' || part.inner !== this.empty) set.add(part);
    }
    const list = [...set].sort((left, right) => left.id - right.id);
    const [only] = list;
    if (!only) return this.complement(this.empty);
    if (list.length === 1) return only;
    const nullable = list.every((part) => part.nullable);
    return this.intern(`i${list.map((part) => part.id).join()}`, (id) => ({
      kind: 'both',
      id,
      nullable,
      parts: list,
    }));
  }

  complement(inner: Expression): Expression {
    if (inner.kind === 'complement') return inner.inner;
    return this.intern(`n${inner.id}`, (id) => ({ kind: 'complement', id, nullable: !inner.nullable, inner }));
  }

  /** `maximum` may be Infinity. */
  repeat(inner: Expression, minimum: number, maximum: number): Expression {
    if (maximum === 0 || inner === this.epsilon || (inner === this.empty && minimum === 0)) return this.epsilon;
    if (inner === this.empty || maximum < minimum) return this.empty;
    if (minimum === 1 && maximum === 1) return inner;
    const least = inner.nullable ? 0 : minimum;
    const nullable = least === 0;
    return this.intern(`r${inner.id},${least},${maximum}`, (id) => ({
      kind: 'repeat',
      id,
      nullable,
      inner,
      minimum: least,
      maximum,
    }));
  }

  call(rule: string): Expression {
    return this.intern(`c${rule}`, (id) => ({ kind: 'call', id, nullable: false, rule }));
  }

  automaton(of: NumberAutomaton, state: number): Expression {
    const nullable = of.accepts[state] ?? false;
    return this.intern(`m${of.name}@${state}`, (id) => ({
      kind: 'automaton',
      id,
      nullable,
      automaton: of,
      state,
    }));
  }

  size(): number {
    return this.keys.length;
  }

  expressions(): Iterable<Expression> {
    return this.byKey.values();
  }

  /** Discards every expression created after the arena had `size` of them. */
  truncate(size: number): void {
    for (const key of this.keys.splice(size)) this.byKey.delete(key);
  }

  private intern(key: string, make: (id: number) => Expression): Expression {
    const known = this.byKey.get(key);
    if (known) return known;
    if (this.keys.length >= this.limit) throw new RangeError(`more than ${this.limit} expressions`);
    const made = make(this.keys.length);
    this.keys.push(key);
    this.byKey.set(key, made);
    return made;
  }
}

/** The concatenation of all `parts`. */
export function sequenceOf(arena: Arena, ...parts: readonly Expression[]): Expression {
  return parts.reduceRight((rest, part) => arena.sequence(part, rest), arena.epsilon);
}
