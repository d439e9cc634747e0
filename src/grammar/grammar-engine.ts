import { createHash } from 'node:crypto';
import type { Constraint } from '../contracts/responses/constraint.ts';
import { Automaton } from './automaton.ts';
import { byteSet, partition } from './byte-set.ts';
import { constraintLanguage, constraintParams } from './constraint-language.ts';
import { Derivatives, OutOfFuel } from './derivative.ts';
import { Arena, type Expression } from './expression.ts';
import { createGrammarMatcher, type GrammarMatcher } from './grammar-matcher.ts';
import { createTokenTrie, type TokenTrie, type TokenVocabulary } from './token-trie.ts';
import { unsupported } from './unsupported.ts';

/** The same language without its empty parts, so that no path leads to a dead end; this includes the arena's rules. */
function prune(arena: Arena, derivatives: Derivatives, root: Expression): Expression {
  const productive = productiveRules(arena, derivatives);
  const memo = new Map<Expression, Expression>();
  function pruned(expression: Expression): Expression {
    const known = memo.get(expression);
    if (known) return known;
    const result = rebuilt(expression);
    memo.set(expression, result);
    return result;
  }
  function rebuilt(expression: Expression): Expression {
    switch (expression.kind) {
      case 'sequence':
        return arena.sequence(pruned(expression.first), pruned(expression.rest));
      case 'alternatives':
        return arena.alternatives(expression.options.map(pruned));
      case 'repeat':
        return arena.repeat(pruned(expression.inner), expression.minimum, expression.maximum);
      case 'both':
      case 'complement':
        return derivatives.holdsText(expression) ? expression : arena.empty;
      case 'call':
        return productive.has(expression.rule) ? expression : arena.empty;
      case 'empty':
      case 'epsilon':
      case 'bytes':
      case 'automaton':
        return expression;
      default:
        return expression satisfies never;
    }
  }
  for (const [rule, body] of arena.rules) arena.rules.set(rule, pruned(body));
  return pruned(root);
}

/** The rules that some finite text satisfies: the least fixed point. */
function productiveRules(arena: Arena, derivatives: Derivatives): ReadonlySet<string> {
  const productive = new Set<string>();
  for (let before = -1; before < productive.size; ) {
    before = productive.size;
    const memo = new Map<Expression, boolean>();
    const isProductive = (expression: Expression): boolean => {
      const known = memo.get(expression);
      if (known !== undefined) return known;
      const result = judged(expression);
      memo.set(expression, result);
      return result;
    };
    const judged = (expression: Expression): boolean => {
      switch (expression.kind) {
        case 'sequence':
          return isProductive(expression.first) && isProductive(expression.rest);
        case 'alternatives':
          return expression.options.some(isProductive);
        case 'repeat':
          return expression.minimum === 0 || isProductive(expression.inner);
        case 'call':
          return productive.has(expression.rule);
        default:
          return derivatives.holdsText(expression);
      }
    };
    for (const [rule, body] of arena.rules) if (isProductive(body)) productive.add(rule);
  }
  return productive;
}

/** A compiled constraint; any number of answers can follow it at the same time. */
type CompiledGrammar = {
  createMatcher(): GrammarMatcher;
  /** The current number of expressions, as a measure of memory. */
  size(): number;
};

/** Visited expressions: a few hundred ms at most. */
const COMPILE_FUEL = 500_000;
/**
 * The most expressions of the grammar itself, and together with those that one decode step builds (about 200 bytes
 * each).
 */
const MAX_GRAMMAR = 200_000;
const MAX_EXPRESSIONS = 700_000;
/** The bytes that an explicit automaton distinguishes, in addition to the sets of the grammar. */
const numberBytes = [0x2e, ...Array.from({ length: 10 }, (_, digit) => 0x30 + digit)].map((byte) =>
  byteSet([[byte, byte]]),
);

/** @throws ServiceError `unsupported_constraint` */
function compileGrammar(
  constraint: Constraint,
  vocabulary: TokenVocabulary & { endTokenIds: readonly number[]; trie: TokenTrie },
): CompiledGrammar {
  const param = constraintParams[constraint.type];
  const { size, bytesOf, endTokenIds, trie } = vocabulary;
  try {
    const arena = new Arena(MAX_EXPRESSIONS);
    const language = constraintLanguage(arena, constraint);
    if (arena.size() > MAX_GRAMMAR) throw unsupported(param, 'this is too large to be enforced');
    const sets = [...arena.expressions()].flatMap((expression) =>
      expression.kind === 'bytes' ? [expression.set] : [],
    );
    const classes = partition([...sets, ...numberBytes]);
    const derivatives = new Derivatives(arena, { fuel: { left: COMPILE_FUEL }, classes });
    const root = prune(arena, derivatives, language);
    if (root === arena.empty) throw unsupported(param, 'no text can satisfy this');
    if (root === arena.epsilon) throw unsupported(param, 'only the empty text satisfies this');
    const automaton = new Automaton({ arena, root, classes, trie, words: Math.ceil(size / 32) });
    return {
      createMatcher: () => createGrammarMatcher(automaton, { bytesOf, endTokenIds, param }),
      size: () => automaton.size(),
    };
  } catch (error) {
    // The call stack is a second limit: no reasonable schema is nested so deeply.
    if (error instanceof OutOfFuel || error instanceof RangeError)
      throw unsupported(param, 'this is too complex to be enforced', error);
    throw error;
  }
}

/** What the engine needs to know about a tokenizer. */
type GrammarVocabulary = TokenVocabulary & {
  /** The ids of tokens that end an answer. */
  endTokenIds: readonly number[];
};

export type GrammarEngine = {
  /** @throws ServiceError `unsupported_constraint`, with `param` naming what cannot be enforced */
  compile(constraint: Constraint): Promise<CompiledGrammar>;
};

/** How many grammars are kept (the least recently used is removed first), and the most expressions in all of them. */
const DEFAULT_CACHE_SIZE = 32;
const MAX_CACHED_EXPRESSIONS = 250_000;

/**
 * Constrains answers to a JSON Schema, a regular expression or a list of choices, with masks over a model's vocabulary.
 */
export function createGrammarEngine({
  vocabulary,
  cacheSize = DEFAULT_CACHE_SIZE,
}: {
  vocabulary: GrammarVocabulary;
  cacheSize?: number;
}): GrammarEngine {
  // Built for the first constraint: for 150,000 tokens it takes half as long as loading a model of 0.5B.
  let trie: TokenTrie | undefined;
  const cache = new Map<string, CompiledGrammar>();
  return {
    async compile(constraint) {
      const hash = createHash('sha256').update(JSON.stringify(constraint)).digest('base64');
      trie ??= createTokenTrie(vocabulary);
      const grammar = cache.get(hash) ?? compileGrammar(constraint, { ...vocabulary, trie });
      cache.delete(hash);
      cache.set(hash, grammar);
      let held = [...cache.values()].reduce((sum, { size }) => sum + size(), 0);
      for (const [oldest, { size }] of cache) {
        if (oldest === hash || (cache.size <= cacheSize && held <= MAX_CACHED_EXPRESSIONS)) break;
        cache.delete(oldest);
        held -= size();
      }
      return grammar;
    },
  };
}
