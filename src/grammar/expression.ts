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

export type Arena = ReturnType<typeof createArena>;

/**
 * The expressions of one grammar and its named rules (for recursion; a rule never matches the empty text). Throws
 * RangeError beyond `limit`.
 */
export function createArena(limit: number) {
  const byKey = new Map<string, Expression>();
  const keys: string[] = [];
  const rules = new Map<string, Expression>();
  function intern(key: string, make: (id: number) => Expression): Expression {
    const known = byKey.get(key);
    if (known) return known;
    if (keys.length >= limit) throw new RangeError(`more than ${limit} expressions`);
    const made = make(keys.length);
    keys.push(key);
    byKey.set(key, made);
    return made;
  }
  const empty = intern('0', (id) => ({ kind: 'empty', id, nullable: false }));
  const epsilon = intern('1', (id) => ({ kind: 'epsilon', id, nullable: true }));

  function bytes(set: ByteSet): Expression {
    return intern(`b${set.key}`, (id) => ({ kind: 'bytes', id, nullable: false, set }));
  }
  function sequence(first: Expression, rest: Expression): Expression {
    if (first === empty || rest === empty) return empty;
    if (first === epsilon) return rest;
    if (rest === epsilon) return first;
    const nullable = first.nullable && rest.nullable;
    return intern(`s${first.id},${rest.id}`, (id) => ({
      kind: 'sequence',
      id,
      nullable,
      first,
      rest,
    }));
  }
  function alternatives(options: Iterable<Expression>): Expression {
    const set = new Set<Expression>();
    const sets: ByteSet[] = [];
    for (const option of options) {
      if (option.kind === 'bytes') sets.push(option.set);
      else if (option !== empty) set.add(option);
    }
    if (sets.length > 0) set.add(bytes(sets.length === 1 && sets[0] ? sets[0] : unionOf(sets)));
    const list = [...set].sort((left, right) => left.id - right.id);
    const [only] = list;
    if (!only) return empty;
    if (list.length === 1) return only;
    const nullable = list.some((option) => option.nullable);
    const key = `a${list.map((option) => option.id).join()}`;
    return intern(key, (id) => ({ kind: 'alternatives', id, nullable, options: list }));
  }
  function both(parts: Iterable<Expression>): Expression {
    const set = new Set<Expression>();
    for (const part of parts) {
      if (part === empty) return empty;
      if (part.kind === 'both') for (const inner of part.parts) set.add(inner);
      else if (part.kind !== 'complement' || part.inner !== empty) set.add(part);
    }
    const list = [...set].sort((left, right) => left.id - right.id);
    const [only] = list;
    if (!only) return complement(empty);
    if (list.length === 1) return only;
    const nullable = list.every((part) => part.nullable);
    return intern(`i${list.map((part) => part.id).join()}`, (id) => ({
      kind: 'both',
      id,
      nullable,
      parts: list,
    }));
  }
  function complement(inner: Expression): Expression {
    if (inner.kind === 'complement') return inner.inner;
    return intern(`n${inner.id}`, (id) => ({ kind: 'complement', id, nullable: !inner.nullable, inner }));
  }
  /** `maximum` may be Infinity. */
  function repeat(inner: Expression, minimum: number, maximum: number): Expression {
    if (maximum === 0 || inner === epsilon || (inner === empty && minimum === 0)) return epsilon;
    if (inner === empty || maximum < minimum) return empty;
    if (minimum === 1 && maximum === 1) return inner;
    const least = inner.nullable ? 0 : minimum;
    const nullable = least === 0;
    return intern(`r${inner.id},${least},${maximum}`, (id) => ({
      kind: 'repeat',
      id,
      nullable,
      inner,
      minimum: least,
      maximum,
    }));
  }
  function call(rule: string): Expression {
    return intern(`c${rule}`, (id) => ({ kind: 'call', id, nullable: false, rule }));
  }
  function automaton(of: NumberAutomaton, state: number): Expression {
    const nullable = of.accepts[state] ?? false;
    return intern(`m${of.name}@${state}`, (id) => ({
      kind: 'automaton',
      id,
      nullable,
      automaton: of,
      state,
    }));
  }
  return {
    empty,
    epsilon,
    bytes,
    sequence,
    alternatives,
    both,
    complement,
    repeat,
    call,
    automaton,
    rules,
    size: () => keys.length,
    expressions: () => byKey.values(),
    /** Discards every expression created after the arena had `size` of them. */
    truncate(size: number) {
      for (const key of keys.splice(size)) byKey.delete(key);
    },
  };
}

/** The concatenation of all `parts`. */
export function sequenceOf(arena: Arena, ...parts: readonly Expression[]): Expression {
  return parts.reduceRight((rest, part) => arena.sequence(part, rest), arena.epsilon);
}
