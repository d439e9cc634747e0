import type { Constraint } from '../contracts/responses/constraint.ts';
import { createAutomaton } from './automaton.ts';
import { byteSet, partition } from './byte-set.ts';
import { constraintLanguage, constraintParams } from './constraint-language.ts';
import { createDerivatives, OutOfFuel } from './derivative.ts';
import { createArena } from './expression.ts';
import type { GrammarMatcher } from './grammar-matcher.ts';
import { createGrammarMatcher } from './grammar-matcher.ts';
import { prune } from './prune.ts';
import type { TokenTrie, TokenVocabulary } from './token-trie.ts';
import { unsupported } from './unsupported.ts';

/** A constraint made ready; any number of answers can follow it at the same time. */
export type CompiledGrammar = {
  createMatcher(): GrammarMatcher;
  /** Expressions held at the moment, the measure of memory. */
  size(): number;
};

/** Visited expressions: some hundreds of ms at most. */
const COMPILE_FUEL = 500_000;
/** Of the grammar itself, and with what decoding builds in one step on top (some 200 bytes each). */
const MAX_GRAMMAR = 200_000;
const MAX_EXPRESSIONS = 700_000;
/** What an explicit automaton tells apart beside the sets of the grammar. */
const numberBytes = [0x2e, ...Array.from({ length: 10 }, (_, digit) => 0x30 + digit)].map((byte) =>
  byteSet([[byte, byte]]),
);

/** @throws ServiceError `unsupported_constraint` */
export function compileGrammar(
  constraint: Constraint,
  vocabulary: TokenVocabulary & { endTokenIds: readonly number[]; trie: TokenTrie },
): CompiledGrammar {
  const param = constraintParams[constraint.type];
  const { size, bytesOf, endTokenIds, trie } = vocabulary;
  try {
    const arena = createArena(MAX_EXPRESSIONS);
    const language = constraintLanguage(arena, constraint);
    if (arena.size() > MAX_GRAMMAR) throw unsupported(param, 'this is too large to be enforced');
    const sets = [...arena.expressions()].flatMap((expression) =>
      expression.kind === 'bytes' ? [expression.set] : [],
    );
    const classes = partition([...sets, ...numberBytes]);
    const derivatives = createDerivatives(arena, { fuel: { left: COMPILE_FUEL }, classes });
    const root = prune(arena, derivatives, language);
    if (root === arena.empty) throw unsupported(param, 'no text can fulfil this');
    if (root === arena.epsilon) throw unsupported(param, 'only the empty text fulfils this');
    const automaton = createAutomaton({ arena, root, classes, trie, words: Math.ceil(size / 32) });
    return {
      createMatcher: () => createGrammarMatcher(automaton, { bytesOf, endTokenIds, param }),
      size: automaton.size,
    };
  } catch (error) {
    // The call stack is the other bound: a language nested that deep is no caller's honest schema.
    if (error instanceof OutOfFuel || error instanceof RangeError)
      throw unsupported(param, 'this is too complex to be enforced', error);
    throw error;
  }
}
